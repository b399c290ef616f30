/** Movements: what already happened to physical stock, as it is told. What that does to a record is in decide-movement.ts. */

import type { EpochMs, LocationId, Sku } from "../base/index.ts";

export const MOVEMENT_TYPES = [
  "receipt",
  "sale",
  "return",
  "adjustment",
  "count",
  "damage",
  "transfer-out",
  "transfer-in",
  "void",
  "ship",
  "pick",
  "pack",
  "putaway",
] as const;

export type MovementType = (typeof MOVEMENT_TYPES)[number];

export interface Movement {
  readonly id: string;
  readonly type: MovementType;
  readonly sku: Sku;
  readonly location: LocationId;
  /** Signed for `adjustment`, else 0 or more; at most 2^31 - 1 in size. Of a `void` it is not looked at. */
  readonly quantity: number;
  /** When it happened, as the source says; absent: when it arrived. */
  readonly occurredAt?: EpochMs | undefined;
  readonly reason?: string | undefined;
  readonly reference?: string | undefined;
  readonly toLocation?: LocationId | undefined;
  /** Id of the movement of the same SKU that it undoes or follows from. A `void` or `return` waits for it. */
  readonly reverses?: string | undefined;
}

/** A `damage` with this reason stays on hand and becomes unavailable. */
export const QUARANTINE_REASON = "quarantine";

export interface LevelOutOfRange {
  readonly kind: "level-out-of-range";
  readonly detail: string;
}
