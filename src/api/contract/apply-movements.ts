/**
 * Applies movements to the grid, and collects what became of each in the order given.
 *
 * A list that met nothing but a fault of the world (a full queue, a member that recovers) is that fault as a whole, so that
 * the caller gets its status and its `Retry-After`. Otherwise faults stay with their items.
 */

import type { Grid, MovementResult } from "../../member/index.ts";
import { problemOf } from "./outcomes.ts";
import { parseMovement, readableMovementId } from "./parse-movement.ts";
import { type Problem, slugOf } from "./problems.ts";

export interface MovementResultView {
  readonly id: string | null;
  readonly status: "applied" | "duplicate" | "pending" | "rejected";
  /** Version of the record after it. */
  readonly version?: number;
  readonly problem?: Problem;
}

export interface MovementResultsView {
  readonly results: readonly MovementResultView[];
}

/** `done` is called once, at once when nothing of the list reaches the grid. */
export function applyMovements(
  grid: Grid,
  items: readonly unknown[],
  done: (outcome: MovementResultsView | Problem) => void,
): void {
  const results = new Array<MovementResultView>(items.length);
  let left = items.length;
  if (left === 0) done({ results });
  const settle = (index: number, result: MovementResultView): void => {
    results[index] = result;
    left--;
    if (left === 0) done(faultOfAll(results) ?? { results });
  };
  for (let index = 0; index < items.length; index++) {
    applyMovement(grid, items[index], (result) => settle(index, result));
  }
}

/** One item, whatever it is. `done` may be called before this returns. */
export function applyMovement(grid: Grid, item: unknown, done: (result: MovementResultView) => void): void {
  const movement = parseMovement(item);
  if (!movement.ok) {
    done({ id: readableMovementId(item), status: "rejected", problem: movement.problem });
    return;
  }
  const { id } = movement.value;
  grid.move(movement.value, (result) => done(movementResultView(id, result)));
}

export function movementResultView(id: string, result: MovementResult): MovementResultView {
  if ("version" in result)
    return result.version > 0 ? { id, status: result.kind, version: result.version } : { id, status: result.kind };
  return { id, status: "rejected", problem: problemOf(result) };
}

const FAULTS: ReadonlySet<string> = new Set(["too-many-requests", "not-ready", "outcome-unknown"]);

function faultOfAll(results: readonly MovementResultView[]): Problem | undefined {
  const all = results.every((result) => result.problem !== undefined && FAULTS.has(slugOf(result.problem)));
  return all ? results[0]?.problem : undefined;
}
