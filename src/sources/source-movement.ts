/** A movement as interpreters of sources give it: more than the grid takes today, see today.ts. */

import { MOVEMENT_TYPES, type Movement } from "../stock/index.ts";

export const SOURCE_MOVEMENT_TYPES = [...MOVEMENT_TYPES, "void", "ship", "pick", "pack", "putaway"] as const;
export type SourceMovementType = (typeof SOURCE_MOVEMENT_TYPES)[number];

export interface SourceMovement extends Omit<Movement, "type"> {
  readonly type: SourceMovementType;
  /** Id of the movement that this one undoes (`void`) or follows from. */
  readonly reverses?: string | undefined;
  /** For `void`: what the movement was that it undoes. */
  readonly undoes?: Undone | undefined;
  readonly lot?: string | undefined;
  /** `YYYY-MM-DD`. */
  readonly expiry?: string | undefined;
  readonly serials?: readonly string[] | undefined;
}

export interface Undone {
  readonly type: Exclude<SourceMovementType, "void">;
  readonly reason?: string | undefined;
}
