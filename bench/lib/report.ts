/** Makes bench/RESULTS.md and its charts from the results that are there. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { HttpResult } from "../http.ts";
import type { OpenLoopResult } from "../open-loop.ts";
import type { OverloadResult } from "../overload.ts";
import { openLoopChart, overloadChart, throughputChart } from "./charts.ts";
import { markOf, RESULTS, type SectionFile } from "./section.ts";
import { formatSpread, spreadOf } from "./statistics.ts";

type AnyFile = SectionFile<unknown>;

interface Chart {
  readonly file: string;
  readonly caption: string;
  readonly svg: string;
}

/** Writes the page for the sections named, in this order; those never run are listed as missing. */
export function writeReport(sections: readonly string[]): void {
  const files = sections.map((name) => [name, readResult(name)] as const);
  const there = files.flatMap(([, file]) => (file === undefined ? [] : [file]));
  const charts = chartsOf(new Map(there.map((file) => [file.section, file])));
  for (const { file, svg } of charts) writeFileSync(new URL(file, RESULTS), svg);
  const missing = files.flatMap(([name, file]) => (file === undefined ? [name] : []));
  writeFileSync(new URL("../RESULTS.md", RESULTS), page(there, charts, missing));
}

function readResult(name: string): AnyFile | undefined {
  const path = new URL(`${name}.json`, RESULTS);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as AnyFile) : undefined;
}

function page(files: readonly AnyFile[], charts: readonly Chart[], missing: readonly string[]): string {
  const parts = [
    "# Benchmark results",
    "Written by `npm run bench`; do not edit. What is measured and how to read it: [docs/ops/benchmarking.md](../docs/ops/benchmarking.md).",
    machines(files),
    "Numbers are medians of interleaved rounds with their range in parentheses; ratios are taken round by round. The load generator shares the machine with the servers.",
    "## Numbers to reach",
    table(["what", "reach", "measured", "reached"], files.flatMap(verdictRows)),
    ...charts.flatMap(({ file, caption }) => [`### ${caption}`, `![${caption}](results/${file})`]),
    ...files.flatMap((file) => (file.section === "http" ? ["## HTTP in full", httpTable(file.result as HttpResult)] : [])),
    "## How each was made",
    table(
      ["section", "command", "date", "data"],
      files.map((file) => [
        file.title,
        `\`${file.command}\``,
        file.date.slice(0, 10),
        `[${file.section}.json](results/${file.section}.json)`,
      ]),
    ),
  ];
  if (missing.length > 0) parts.push(`Not measured yet: ${missing.join(", ")}.`);
  return `${parts.join("\n\n")}\n`;
}

function machines(files: readonly AnyFile[]): string {
  const lines = new Set(
    files.map(({ machine }) => {
      const { cpu, cores, memoryGb, kernel, node, natsServer } = machine;
      return `Machine: ${cpu}, ${cores} cores, ${memoryGb} GB, ${kernel}; Node ${node}; nats-server ${natsServer}.`;
    }),
  );
  return [...lines].join("\n\n");
}

function verdictRows({ verdicts }: AnyFile): string[][] {
  return verdicts.map(({ what, reach, measured, reached }) => [what, reach, measured, markOf(reached)]);
}

function httpTable({ cases, skipped }: HttpResult): string {
  const rows = cases.flatMap(({ connections, skus, rounds }) =>
    Object.entries(rounds).map(([name, samples]) => [
      String(connections),
      String(skus),
      name,
      formatSpread(spreadOf(samples.map((sample) => sample.perSecond))),
      formatSpread(spreadOf(samples.map((sample) => sample.latency.p50Ms)), 2),
      formatSpread(spreadOf(samples.map((sample) => sample.latency.p99Ms)), 2),
      formatSpread(spreadOf(samples.map((sample) => sample.cpuUs)), 1),
    ]),
  );
  const heads = ["connections", "SKUs", "server", "reservations/s", "p50 ms", "p99 ms", "CPU us, all server processes"];
  return [table(heads, rows), ...skipped.map((line) => `Skipped: ${line}.`)].join("\n\n");
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

function chartsOf(files: ReadonlyMap<string, AnyFile>): Chart[] {
  const charts: Chart[] = [];
  const add = <Result>(section: string, caption: string, draw: (result: Result) => string): void => {
    const file = files.get(section);
    if (file !== undefined) charts.push({ file: `${section}.svg`, caption, svg: draw(file.result as Result) });
  };
  add<HttpResult>("http", "Reservations a second over HTTP, closed loop", throughputChart);
  add<OpenLoopResult>("open-loop", "Latency from the time a request was due", openLoopChart);
  add<OverloadResult>("overload", "Twice the capacity for a minute", overloadChart);
  return charts;
}
