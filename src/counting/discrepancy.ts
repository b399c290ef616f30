/** Discrepancies: what closed count tasks found, and their sums by reason. */

import type { EpochMs, LocationId, Sku } from "../base/index.ts";
import type { PickCause } from "./list.ts";
import { believedResult, type CountTask, type DiscrepancyReason, differenceOf, type RecountRule } from "./task.ts";

export interface Discrepancy {
  readonly task: string;
  readonly sku: Sku;
  readonly location: LocationId;
  readonly why: PickCause;
  readonly quantity: number;
  readonly expected: number;
  /** Units beyond the record, negative for missing ones; never 0. */
  readonly difference: number;
  /** Money, signed as the difference. */
  readonly cost: number;
  readonly reason: DiscrepancyReason;
  /** When the believed count was taken. */
  readonly countedAt: EpochMs;
}

/** Undefined for a task that is not closed or found nothing. */
export function discrepancyOf(task: CountTask, rule: RecountRule): Discrepancy | undefined {
  const result = believedResult(task, rule);
  if (task.status !== "closed" || result === undefined || differenceOf(result) === 0) return undefined;
  const { id, sku, location, why, unitCost } = task;
  const difference = differenceOf(result);
  return {
    task: id,
    sku,
    location,
    why,
    quantity: result.quantity,
    expected: result.expected,
    difference,
    cost: difference * unitCost,
    reason: task.reason ?? "unknown",
    countedAt: result.countedAt,
  };
}

export interface ReasonSum {
  readonly reason: DiscrepancyReason;
  readonly tasks: number;
  readonly missingUnits: number;
  readonly foundUnits: number;
  readonly cost: number;
}

/** By reason, those that cost most first. */
export function sumByReason(discrepancies: Iterable<Discrepancy>): readonly ReasonSum[] {
  const sums = new Map<DiscrepancyReason, ReasonSum>();
  for (const { reason, difference, cost } of discrepancies) {
    const before = sums.get(reason) ?? { reason, tasks: 0, missingUnits: 0, foundUnits: 0, cost: 0 };
    sums.set(reason, {
      reason,
      tasks: before.tasks + 1,
      missingUnits: before.missingUnits + Math.max(0, -difference),
      foundUnits: before.foundUnits + Math.max(0, difference),
      cost: before.cost + cost,
    });
  }
  return [...sums.values()].sort((a, b) => a.cost - b.cost || (a.reason < b.reason ? -1 : 1));
}
