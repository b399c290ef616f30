/** Where a command writes, and how: results on standard output, everything else on standard error. */

import { styleText } from "node:util";

export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** A person watches standard error: progress bars make sense. */
  readonly interactive: boolean;
  /** Standard output takes colours: it is a terminal, and NO_COLOR is not set. */
  readonly colors: boolean;
}

export type Style = "bold" | "dim" | "green" | "red" | "yellow" | "cyan";

export function processTerminal(env: Readonly<Record<string, string | undefined>>): Terminal {
  return {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
    interactive: process.stderr.isTTY === true,
    colors: process.stdout.isTTY === true && (env["NO_COLOR"] ?? "") === "",
  };
}

export function paint(terminal: Terminal, style: Style, text: string): string {
  return terminal.colors ? styleText(style, text, { validateStream: false }) : text;
}

/** Rows of cells as aligned columns, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
