/**
 * The life of a count task: created, assigned, counted, perhaps to be counted again, closed or cancelled.
 *
 * T1. `decideTask` is pure; `evolveTask` never fails, and nothing else changes a task.
 * T2. `version` grows by one with each event.
 * T3. A large difference is believed only when two counts by different people agree, or after {@link RESULTS_MAX} counts.
 * T4. A closed or cancelled task never changes again; a difference is closed with a reason.
 *
 * Counts of one task are compared by their differences from the record as of their own times: what was sold between two counts
 * is not a disagreement.
 */

import type { EpochMs, LocationId, Sku } from "../base/index.ts";
import type { PickCause } from "./list.ts";

export const DISCREPANCY_REASONS = [
  "theft",
  "damage",
  "expired",
  "misplaced",
  "found",
  "receiving-error",
  "picking-error",
  "scan-error",
  "return-not-booked",
  "counting-error",
  "unknown",
] as const;

export type DiscrepancyReason = (typeof DISCREPANCY_REASONS)[number];

/** Most counts of one task; after that many the middle one is believed. */
export const RESULTS_MAX = 3;

export interface CountResult {
  readonly by: string;
  /** Units counted. */
  readonly quantity: number;
  /** Units that the record says for the time of the count. */
  readonly expected: number;
  readonly countedAt: EpochMs;
}

export type TaskStatus = "created" | "assigned" | "recount-asked" | "counted" | "closed" | "cancelled";

export interface CountTask {
  readonly id: string;
  readonly sku: Sku;
  readonly location: LocationId;
  readonly why: PickCause;
  /** Money; decides together with the units what is a large difference. */
  readonly unitCost: number;
  readonly status: TaskStatus;
  readonly version: number;
  readonly updatedAt: EpochMs;
  /** Who is to count; undefined while nobody is. */
  readonly assignee: string | undefined;
  /** At most {@link RESULTS_MAX}. */
  readonly results: readonly CountResult[];
  readonly reason: DiscrepancyReason | undefined;
}

export type TaskCommand =
  | { readonly kind: "assign"; readonly assignee: string }
  | { readonly kind: "report"; readonly result: CountResult }
  | { readonly kind: "close"; readonly reason: DiscrepancyReason }
  | { readonly kind: "cancel" };

export type TaskEvent = { readonly version: number; readonly at: EpochMs } & (
  | { readonly kind: "assigned"; readonly assignee: string }
  | { readonly kind: "counted"; readonly result: CountResult }
  | { readonly kind: "recount-asked" }
  | { readonly kind: "closed"; readonly reason: DiscrepancyReason | undefined }
  | { readonly kind: "cancelled" }
);

export interface TaskRejection {
  readonly kind: "task-ended" | "task-not-assigned" | "task-not-counted" | "task-already-counted" | "recount-by-same-person";
  readonly detail: string;
}

/** From when on a difference is large; see {@link isLarge}. */
export interface RecountRule {
  /** Units, 1 or more. */
  readonly unitsMin: number;
  /** Share of the larger of record and count, 0 to 1. */
  readonly shareMin: number;
  /** Money. */
  readonly costMin: number;
}

export const USUAL_RECOUNT: RecountRule = { unitsMin: 3, shareMin: 0.2, costMin: 100 };

export function createTask(task: Pick<CountTask, "id" | "sku" | "location" | "why" | "unitCost">, at: EpochMs): CountTask {
  return { ...task, status: "created", version: 1, updatedAt: at, assignee: undefined, results: [], reason: undefined };
}

/** A count is large by units and share together, or by what it costs. */
export function isLarge(result: CountResult, unitCost: number, rule: RecountRule): boolean {
  const units = Math.abs(differenceOf(result));
  const share = units / Math.max(1, result.expected, result.quantity);
  return (units >= rule.unitsMin && share >= rule.shareMin) || (units > 0 && units * unitCost >= rule.costMin);
}

/** Units found beyond the record; negative when units are missing. */
export function differenceOf({ quantity, expected }: CountResult): number {
  return quantity - expected;
}

/**
 * The count that is believed: the last one when it was not large or agrees with an earlier one, after {@link RESULTS_MAX} counts
 * the one with the middle difference; undefined while there is none.
 */
export function believedResult(task: CountTask, rule: RecountRule): CountResult | undefined {
  const { results } = task;
  const last = results.at(-1);
  if (last === undefined) return undefined;
  const agrees = results.slice(0, -1).some((earlier) => differenceOf(earlier) === differenceOf(last));
  if (agrees || (results.length === 1 && !isLarge(last, task.unitCost, rule))) return last;
  if (results.length < RESULTS_MAX) return undefined;
  return results.toSorted((a, b) => differenceOf(a) - differenceOf(b))[results.length >> 1];
}

/** Refuses in this order: an ended task, then what the command asks for. A repeat of what is so has no events. */
export function decideTask(
  task: CountTask,
  command: TaskCommand,
  at: EpochMs,
  rule: RecountRule,
): readonly TaskEvent[] | TaskRejection {
  if (task.status === "closed" || task.status === "cancelled") return decideEnded(task, command);
  switch (command.kind) {
    case "assign":
      return decideAssign(task, command.assignee, at);
    case "report":
      return decideReport(task, command.result, at, rule);
    case "close":
      return decideClose(task, command.reason, at);
    case "cancel":
      return [{ kind: "cancelled", version: task.version + 1, at }];
  }
}

/** Names the one repeat that a task which has ended still answers: the same end, or a result that it has. */
function decideEnded(task: CountTask, command: TaskCommand): readonly TaskEvent[] | TaskRejection {
  if (command.kind === "cancel" && task.status === "cancelled") return [];
  if (command.kind === "close" && task.status === "closed" && task.reason === command.reason) return [];
  if (command.kind === "report" && hasResult(task, command.result)) return [];
  return { kind: "task-ended", detail: `count task ${task.id} is ${task.status}; create a new one` };
}

function decideAssign(task: CountTask, assignee: string, at: EpochMs): readonly TaskEvent[] | TaskRejection {
  if (task.status === "counted") return alreadyCounted(task);
  if (task.assignee === assignee) return [];
  if (task.results.some((result) => result.by === assignee)) {
    return {
      kind: "recount-by-same-person",
      detail: `assignee ${assignee} has counted task ${task.id} already; a recount is for somebody else`,
    };
  }
  return [{ kind: "assigned", version: task.version + 1, at, assignee }];
}

function decideReport(
  task: CountTask,
  result: CountResult,
  at: EpochMs,
  rule: RecountRule,
): readonly TaskEvent[] | TaskRejection {
  if (hasResult(task, result)) return [];
  if (task.status === "counted") return alreadyCounted(task);
  if (task.status !== "assigned" || task.assignee !== result.by) {
    return { kind: "task-not-assigned", detail: `count task ${task.id} is not assigned to ${result.by}; assign it first` };
  }
  const counted: TaskEvent = { kind: "counted", version: task.version + 1, at, result };
  const after = evolveTask(task, counted);
  const believed = believedResult(after, rule);
  if (believed === undefined) return [counted, { kind: "recount-asked", version: after.version + 1, at }];
  if (differenceOf(believed) !== 0) return [counted];
  return [counted, { kind: "closed", version: after.version + 1, at, reason: undefined }];
}

function decideClose(task: CountTask, reason: DiscrepancyReason, at: EpochMs): readonly TaskEvent[] | TaskRejection {
  if (task.status !== "counted") {
    return { kind: "task-not-counted", detail: `count task ${task.id} is ${task.status}; report a count, or cancel it` };
  }
  return [{ kind: "closed", version: task.version + 1, at, reason }];
}

function hasResult(task: CountTask, { by, quantity, countedAt }: CountResult): boolean {
  return task.results.some((known) => known.by === by && known.quantity === quantity && known.countedAt === countedAt);
}

function alreadyCounted(task: CountTask): TaskRejection {
  return { kind: "task-already-counted", detail: `count task ${task.id} is counted; close it with a reason, or cancel it` };
}

/** The task after the event. Never fails. */
export function evolveTask(task: CountTask, event: TaskEvent): CountTask {
  const next = { ...task, version: task.version + 1, updatedAt: event.at };
  switch (event.kind) {
    case "assigned":
      return { ...next, status: "assigned", assignee: event.assignee };
    case "counted":
      return { ...next, status: "counted", assignee: undefined, results: [...task.results, event.result] };
    case "recount-asked":
      return { ...next, status: "recount-asked" };
    case "closed":
      return { ...next, status: "closed", reason: event.reason };
    case "cancelled":
      return { ...next, status: "cancelled", assignee: undefined };
  }
}
