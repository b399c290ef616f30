/** A movement as interpreters of sources give it: with the batch and the pieces that it is about, which the grid does not keep yet. */

import type { Movement } from "../stock/index.ts";

export interface SourceMovement extends Movement {
  readonly lot?: string | undefined;
  /** `YYYY-MM-DD`. */
  readonly expiry?: string | undefined;
  readonly serials?: readonly string[] | undefined;
}

/** What the grid takes of it. */
export function movementOf({ lot: _lot, expiry: _expiry, serials: _serials, ...movement }: SourceMovement): Movement {
  return movement;
}
