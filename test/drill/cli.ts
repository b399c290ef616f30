/** `npm run drill -- --only "Scale out"`: the procedures of the runbook, carried out as they are written. */

import { writeFile } from "node:fs/promises";
import { columns, paint, processTerminal } from "../../src/cli/terminal.ts";
import type { Procedure } from "./procedure.ts";
import { type ProcedureReport, runProcedure } from "./run-procedure.ts";
import { endSessions } from "./session.ts";
import { HELP, readDrillWords } from "./words.ts";

const [EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED] = [0, 1, 2, 130];

const terminal = processTerminal(process.env);

async function main(argv: readonly string[]): Promise<number> {
  const words = readDrillWords(argv);
  if ("wrong" in words) {
    terminal.error(`npm run drill: ${words.wrong}\nnpm run drill -- --help explains it.\n`);
    return EXIT_USAGE;
  }
  const { procedures, help, list, json } = words;
  if (!help && !list) return drill(procedures, json);
  terminal.out(help ? HELP : columns(procedures.map(({ heading, checks }) => [heading, checks])));
  return EXIT_DONE;
}

async function drill(procedures: readonly Procedure[], json: string | undefined): Promise<number> {
  const reports: ProcedureReport[] = [];
  for (const [index, procedure] of procedures.entries()) {
    terminal.error(`${paint(terminal, "bold", procedure.heading)} (${index + 1} of ${procedures.length})\n`);
    const begun = performance.now();
    const say = (line: string): void => terminal.error(`  ${seconds(performance.now() - begun).padStart(6)}  ${line}\n`);
    const report = await runProcedure(procedure, say);
    reports.push(report);
    if (report.error !== undefined) terminal.error(`${paint(terminal, "red", "failed")}: ${report.error}\n`);
    if (json !== undefined) await writeFile(json, `${JSON.stringify(reports, undefined, 2)}\n`);
  }
  terminal.out(tableOf(reports));
  return reports.every(({ error }) => error === undefined) ? EXIT_DONE : EXIT_FAILED;
}

function tableOf(reports: readonly ProcedureReport[]): string {
  const rows = reports.map(({ procedure, tookMs, commands, books, error }) => {
    const slowest = Math.max(0, ...books.map(({ slowestMs }) => slowestMs));
    const undecided = books.reduce((total, { history }) => total + history.undecided.length, 0);
    const result = error === undefined ? paint(terminal, "green", "as written") : paint(terminal, "red", "failed");
    return [
      procedure,
      String(commands.length),
      seconds(tookMs),
      books.length === 0 ? "" : seconds(slowest),
      String(undecided),
      result,
    ];
  });
  return columns([["procedure", "commands", "took", "slowest request", "undecided histories", "result"], ...rows]);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** The first ends everything in order; at the second this process ends at once, and kills what is left. */
let isInterrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (isInterrupted) process.exit(EXIT_INTERRUPTED);
    isInterrupted = true;
    terminal.error("ending what was started; Ctrl-C again does not wait for it\n");
    void endSessions().finally(() => process.exit(EXIT_INTERRUPTED));
  });
}

process.exitCode = await main(process.argv.slice(2));
