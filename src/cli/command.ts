/** What every subcommand is: a function from its words to an exit status. */

import { type ParseArgsConfig, parseArgs } from "node:util";
import { nearest } from "../config/index.ts";
import type { Terminal } from "./terminal.ts";

/** Done as asked. */
export const EXIT_DONE = 0;
/** It did not work, or the grid refused it. */
export const EXIT_FAILED = 1;
/** The words of the command make no sense. */
export const EXIT_USAGE = 2;

export interface CommandContext {
  /** The words after the name of the subcommand. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly terminal: Terminal;
  /** Aborted by the first Ctrl-C or SIGTERM; a second one ends the process at once. */
  readonly interrupted: AbortSignal;
}

export type Command = (context: CommandContext) => Promise<number>;

/** Answered with the text and the way to the help; exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Answered with the text alone; exit status 1. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

type Options = NonNullable<ParseArgsConfig["options"]>;

const HELP = { help: { type: "boolean", short: "h" } } as const;

type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ options: T & typeof HELP; allowPositionals: true; strict: true; args: string[] }>
>;

/** Options and positional words of a command, `--help` among them. Throws UsageError, with the nearest option that there is. */
export function readOptions<const T extends Options>(argv: readonly string[], options: T): Parsed<T> {
  const all = { ...options, ...HELP };
  try {
    return parseArgs({ args: [...argv], options: all, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(usageText(error, Object.keys(all)));
  }
}

function usageText(error: unknown, known: readonly string[]): string {
  const text = error instanceof Error ? error.message : String(error);
  const option = /Unknown option '--([^']+)'/.exec(text)?.[1];
  if (option === undefined) return text;
  const near = nearest(option, known);
  return `there is no option --${option}${near === undefined ? "" : `; did you mean --${near}?`}`;
}

/** A whole number in bounds, from an option or a positional word. Throws UsageError. */
export function wholeNumberOf(text: string, what: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`${what} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message || String(error.cause)}` : "";
  return `${error.message}${cause}`;
}
