/** What many runs of scenarios measured, as percentiles and as a short text. */

import type { RunReport } from "./run-scenario.ts";

export interface Spread {
  readonly runs: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export interface ScenarioSummary {
  readonly scenario: string;
  readonly runs: number;
  readonly acknowledged: number;
  readonly gaveUp: number;
  /** Histories of records that were too entangled to decide. */
  readonly undecided: number;
  readonly measured: Readonly<Record<string, Spread>>;
}

export function summarize(reports: readonly RunReport[]): readonly ScenarioSummary[] {
  const names = [...new Set(reports.map(({ scenario }) => scenario))];
  return names.map((scenario) => {
    const own = reports.filter((report) => report.scenario === scenario);
    const figures = [...new Set(own.flatMap(({ measured }) => Object.keys(measured)))];
    const values = (figure: string): number[] => own.flatMap(({ measured }) => measured[figure] ?? []);
    return {
      scenario,
      runs: own.length,
      acknowledged: own.reduce((sum, { books }) => sum + (books?.acknowledged ?? 0), 0),
      gaveUp: own.reduce((sum, { books }) => sum + (books?.gaveUp ?? 0), 0),
      undecided: own.reduce((sum, { books }) => sum + (books?.history.undecided.length ?? 0), 0),
      measured: Object.fromEntries(figures.map((figure) => [figure, spreadOf(values(figure))])),
    };
  });
}

/** By nearest rank; `values` has at least one. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
  return { runs: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

export function describeRuns(summaries: readonly ScenarioSummary[]): string {
  return summaries.map(describeOne).join("\n");
}

function describeOne({ scenario, runs, acknowledged, gaveUp, undecided, measured }: ScenarioSummary): string {
  const rows = Object.entries(measured).map(([figure, { p50, p90, p99, max }]) => {
    const numbers = { p50, p90, p99, max };
    return `  ${figure.padEnd(28)} ${Object.entries(numbers)
      .map(([name, value]) => `${name} ${Math.round(value)}`)
      .join("  ")}`;
  });
  return [
    `${scenario}: ${runs} runs, ${acknowledged} reservations acknowledged, ${gaveUp} requests given up, ${undecided} histories undecided`,
    ...rows,
  ].join("\n");
}
