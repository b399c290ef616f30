/** An operation: what one endpoint does with a body. The table of them is in operations.ts. */

import type { Grid } from "../../member/index.ts";
import { type Answer, type Done, problemAnswer } from "./answer.ts";
import { tooManyItemsProblem } from "./refusals.ts";

export interface Operation {
  /** Name of the endpoint in INFO and STATS. */
  readonly name: string;
  readonly subject: string;
  /** Whatever the message holds is not read. */
  readonly bodiless?: true;
  /** Parses the body and asks the grid. `done` is called once, possibly before this returns. */
  run(grid: Grid, body: unknown, done: Done): void;
}

/** Runs one item of a body that may be an array. */
export type RunItem = (grid: Grid, item: unknown, done: Done) => void;

/** Items that a body stands for: what it counts for in the bound of what is in flight. */
export function itemsIn(body: unknown): number {
  return Array.isArray(body) ? body.length : 1;
}

/** One object, or an array of at most `itemsMax` that is answered item by item once all are. */
export function oneOrMany(itemsMax: number, runItem: RunItem): RunItem {
  return (grid, body, done) => {
    if (!Array.isArray(body)) runItem(grid, body, done);
    else if (body.length > itemsMax) done(problemAnswer(tooManyItemsProblem(body.length, itemsMax)));
    else runMany(grid, body, runItem, done);
  };
}

function runMany(grid: Grid, items: readonly unknown[], runItem: RunItem, done: Done): void {
  const answers = new Array<Answer>(items.length);
  let left = items.length;
  if (left === 0) done({ kind: "list", items: answers });
  for (let index = 0; index < items.length; index++) {
    runItem(grid, items[index], (answer) => {
      answers[index] = answer;
      left--;
      if (left === 0) done({ kind: "list", items: answers });
    });
  }
}
