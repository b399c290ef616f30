/** An operation: what one endpoint does with one item of a body. The table of them is in operations.ts. */

import type { Grid } from "../../member/index.ts";
import type { Answer } from "./answer.ts";

export interface Operation {
  /** Name of the endpoint in INFO and STATS. */
  readonly name: string;
  readonly subject: string;
  /** Most items of an array; 0: the body must be one object. */
  readonly itemsMax: number;
  /** Parses the item and asks the grid. `done` is called once, possibly before this returns. */
  run(grid: Grid, item: unknown, done: (answer: Answer) => void): void;
  /** How the bodies of all items are sent, one or many. Absent: one as it is, many as an array. */
  readonly wrap?: ((bodies: readonly unknown[]) => unknown) | undefined;
}
