/** Checks what clients saw: every record's history has an order that explains it, and strict reads never go back in versions. */

import { describeViolation } from "./counterexample.ts";
import { pairOf } from "./line.ts";
import { linearize } from "./linearize.ts";
import type { RecordedCall } from "./recorder.ts";
import { SPLIT_DEFAULTS, type SplitOptions, splitByRecord } from "./split.ts";
import { stockModel } from "./stock-model.ts";

export interface HistoryReport {
  readonly records: number;
  readonly operations: number;
  /** The largest number of explanations that had to be kept side by side. */
  readonly configurationsMax: number;
  /** One text for each record whose history has no explanation; empty: linearizable. */
  readonly violations: readonly string[];
  /** Records whose search grew too large to decide. */
  readonly undecided: readonly string[];
}

export function checkHistory(calls: readonly RecordedCall[], options: Partial<SplitOptions> = {}): HistoryReport {
  const histories = splitByRecord(calls, { ...SPLIT_DEFAULTS, ...options });
  const violations: string[] = staleReads(calls);
  const undecided: string[] = [];
  let operations = 0;
  let configurationsMax = 0;
  for (const [record, all] of histories) {
    operations += all.length;
    const verdict = linearize(stockModel(all), all);
    if (verdict.kind === "violation") violations.push(describeViolation(record, all, verdict));
    else if (verdict.kind === "undecided") undecided.push(record);
    else configurationsMax = Math.max(configurationsMax, verdict.configurationsMax);
  }
  return { records: histories.size, operations, configurationsMax, violations, undecided };
}

/** Throws the first counterexample. What could not be decided is in the report. */
export function mustBeLinearizable(calls: readonly RecordedCall[], options: Partial<SplitOptions> = {}): HistoryReport {
  const report = checkHistory(calls, options);
  const [first] = report.violations;
  if (first !== undefined) throw new Error(first);
  return report;
}

/** Strict reads that began after another had ended, and yet saw an older version. */
function staleReads(calls: readonly RecordedCall[]): string[] {
  const found: string[] = [];
  const newest = new Map<string, { at: number; version: number }[]>();
  const reads = calls.filter(({ call }) => call.kind === "read" && call.isStrict);
  for (const { call, answer, returnedAt } of reads.toSorted((a, b) => a.returnedAt - b.returnedAt)) {
    if (call.kind !== "read" || answer.kind !== "levels") continue;
    const steps = newest.get(pairOf(call)) ?? [];
    const { version } = answer.levels;
    if (version > (steps.at(-1)?.version ?? -1)) steps.push({ at: returnedAt, version });
    newest.set(pairOf(call), steps);
  }
  for (const { call, answer, invokedAt, client } of reads) {
    if (call.kind !== "read" || answer.kind !== "levels") continue;
    const before = (newest.get(pairOf(call)) ?? []).findLast(({ at }) => at < invokedAt);
    if (before === undefined || before.version <= answer.levels.version) continue;
    found.push(
      `${pairOf(call)}: a strict read by ${client} saw version ${answer.levels.version}, and one that had ended ` +
        `${(invokedAt - before.at).toFixed(1)} ms before it began saw ${before.version}`,
    );
  }
  return found;
}
