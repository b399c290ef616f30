/**
 * A section of the benchmark: one question, answered by one command with a JSON result. Sections know nothing of each
 * other; bench/index.ts runs them in turn and bench/lib/report.ts makes the page.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { type Machine, machine } from "./machine.ts";

export interface BenchRun {
  /** A short look: fewer rounds, shorter, smaller. Not for publication. */
  readonly quick: boolean;
  log(line: string): void;
}

/** One line of the table "Numbers to reach". */
export interface Verdict {
  readonly what: string;
  readonly reach: string;
  readonly measured: string;
  /** Undefined for what is measured without a number to reach. */
  readonly reached: boolean | undefined;
}

export interface Section<Result> {
  readonly name: string;
  readonly title: string;
  run(run: BenchRun): Promise<Result>;
  verdicts(result: Result): readonly Verdict[];
}

export interface SectionFile<Result> {
  readonly section: string;
  readonly title: string;
  readonly command: string;
  readonly quick: boolean;
  readonly date: string;
  readonly machine: Machine;
  readonly verdicts: readonly Verdict[];
  readonly result: Result;
}

export const RESULTS = new URL("../results/", import.meta.url);

/** Runs a section and writes `bench/results/<name>.json`; a quick run writes `<name>.quick.json`, which is not kept. */
export async function runSection<Result>(section: Section<Result>, run: BenchRun): Promise<SectionFile<Result>> {
  run.log(`== ${section.title}`);
  const date = new Date().toISOString();
  const result = await section.run(run);
  const verdicts = section.verdicts(result);
  const command = `npm run bench -- --only ${section.name}${run.quick ? " --quick" : ""}`;
  const file = {
    section: section.name,
    title: section.title,
    command,
    quick: run.quick,
    date,
    machine: await machine(),
    verdicts,
    result,
  };
  mkdirSync(RESULTS, { recursive: true });
  const name = `${section.name}${run.quick ? ".quick" : ""}.json`;
  writeFileSync(new URL(name, RESULTS), `${JSON.stringify(file, undefined, 2)}\n`);
  for (const { what, reach, measured, reached } of verdicts)
    run.log(`   ${markOf(reached)} ${what}: ${measured} (to reach: ${reach})`);
  return file;
}

export function markOf(reached: boolean | undefined): string {
  return reached === undefined ? "-" : reached ? "yes" : "NO";
}

/** Runs the section when its file is the program: `node bench/core.ts [--quick]`. */
export async function runWhenMain(section: Section<unknown>, isMain: boolean): Promise<void> {
  if (!isMain) return;
  const quick = process.argv.includes("--quick");
  const file = await runSection(section, { quick, log: (line) => process.stderr.write(`${line}\n`) });
  process.stdout.write(`${JSON.stringify(file, undefined, 2)}\n`);
  process.exit(0);
}
