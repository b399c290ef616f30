/** `npm run drill -- --only "Scale out"`: the procedures of the runbook, carried out as they are written. */

import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { columns, paint, processTerminal } from "../../src/cli/terminal.ts";
import type { Procedure } from "./procedure.ts";
import { PROCEDURES } from "./procedures/index.ts";
import { type ProcedureReport, runProcedure } from "./run-procedure.ts";
import { endSessions } from "./session.ts";

const [EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED] = [0, 1, 2, 130];

const HELP = `Usage: npm run drill -- [--only <heading>]... [--list] [--json <file>]

Carries out the procedures of docs/ops/runbook.md: reads the commands from its code blocks and runs exactly those, in order, against a cluster
of this machine (\`npm run cluster\`, three NATS servers and three nodes, in a temporary folder), while clients shop; and checks after each what the
text promises: every shard is served and followed, no request failed, and stock, reservations and events are what the clients were told.
Each procedure has a fresh cluster. Addresses, key files and folders that a person fills in are filled in as test/drill/placeholders.ts says.

  --only <heading>   this procedure, as often as needed; a part of the heading that no other has will do
  --list             names the procedures and what is checked
  --json <file>      writes the report there
  --help             this text

Exit status: 0 everything is as the runbook says, 1 something is not, 2 wrong usage, 130 interrupted. NO_COLOR is honoured.
Ctrl-C ends it, and leaves no process and no file behind.
`;

const OPTIONS = {
  only: { type: "string", multiple: true },
  list: { type: "boolean", default: false },
  json: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

const terminal = processTerminal(process.env);

async function main(argv: readonly string[]): Promise<number> {
  let chosen: readonly Procedure[];
  let values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];
  try {
    values = parseArgs({ args: [...argv], options: OPTIONS }).values;
    chosen = choose(values.only);
  } catch (error) {
    terminal.error(
      `npm run drill: ${error instanceof Error ? error.message : String(error)}\nnpm run drill -- --help explains it.\n`,
    );
    return EXIT_USAGE;
  }
  if (values.help) terminal.out(HELP);
  else if (values.list) terminal.out(columns(chosen.map(({ heading, checks }) => [heading, checks])));
  else return await drill(chosen, values.json);
  return EXIT_DONE;
}

function choose(only: readonly string[] | undefined): readonly Procedure[] {
  if (only === undefined) return PROCEDURES;
  return PROCEDURES.filter((procedure) => only.some((words) => named(words) === procedure));
}

function named(words: string): Procedure {
  const wanted = words.toLowerCase();
  const whole = PROCEDURES.find(({ heading }) => heading.toLowerCase() === wanted);
  const [first, ...others] = PROCEDURES.filter(({ heading }) => heading.toLowerCase().includes(wanted));
  if (whole !== undefined) return whole;
  if (first !== undefined && others.length === 0) return first;
  const which = (first === undefined ? PROCEDURES : [first, ...others]).map(({ heading }) => heading).join(", ");
  throw new RangeError(
    `--only ${JSON.stringify(words)} ${first === undefined ? "is no procedure" : "is not one"}; there are: ${which}`,
  );
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
    const result = error === undefined ? paint(terminal, "green", "as written") : paint(terminal, "red", "failed");
    return [procedure, String(commands.length), seconds(tookMs), books.length === 0 ? "" : seconds(slowest), result];
  });
  return columns([["procedure", "commands", "took", "slowest request", "result"], ...rows]);
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
