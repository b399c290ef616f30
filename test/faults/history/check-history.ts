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

/**
 * What happened sooner than it had to is allowed as well, and the search for it is far smaller: so each record is tried with parts of the
 * time allowed first. Only the whole of it can refuse.
 */
const PARTS_OF_TIME = [1 / 16, 1 / 4, 1];

export function checkHistory(calls: readonly RecordedCall[], options: Partial<SplitOptions> = {}): HistoryReport {
  const whole = { ...SPLIT_DEFAULTS, ...options };
  const violations: string[] = staleReads(calls);
  const undecided: string[] = [];
  let operations = 0;
  let configurationsMax = 0;
  const all = splitByRecord(calls, whole);
  for (const each of all.values()) operations += each.length;
  let open = [...all.keys()];
  for (const part of partsOf(whole)) {
    const histories = splitByRecord(calls, inPart(whole, part));
    const left: string[] = [];
    for (const record of open) {
      const history = histories.get(record) ?? [];
      const verdict = linearize(stockModel(history), history);
      if (verdict.kind === "linearizable") configurationsMax = Math.max(configurationsMax, verdict.configurationsMax);
      else if (part < 1) left.push(record);
      else if (verdict.kind === "violation") violations.push(describeViolation(record, history, verdict));
      else undecided.push(record);
    }
    open = left;
  }
  return { records: all.size, operations, configurationsMax, violations, undecided };
}

function partsOf({ followMs, passingMs }: SplitOptions): readonly number[] {
  return followMs === 0 && passingMs === undefined ? [1] : PARTS_OF_TIME;
}

function inPart(whole: SplitOptions, part: number): SplitOptions {
  const { followMs, passingMs } = whole;
  return { ...whole, followMs: followMs * part, passingMs: passingMs === undefined ? undefined : passingMs * part };
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
