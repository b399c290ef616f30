/**
 * What shard actors ask of shard actors of other members: the parts of a reservation that lie in other shards than its own, and the registry of movement ids.
 * The router carries the calls to the owner; a member answers them through the same interface. All of them are idempotent, so that a caller may ask again for
 * as long as it does not know.
 */

import type { EpochMs, Fault, ReservationId, ShardId, Sku } from "../base/index.ts";
import type { LinePart, ReservationLine, ReservationMode } from "../reservation/index.ts";
import type { ReservationStockKind } from "../stock/index.ts";
import type { Shortage } from "./grid.ts";

/** Hold these lines, all in one shard, for a reservation that is being opened elsewhere. */
export interface HoldAsk {
  readonly id: ReservationId;
  readonly mode: ReservationMode;
  readonly expiresAt: EpochMs;
  readonly lines: readonly LinePart[];
}

export type HoldAnswer =
  /** Units held, line by line as asked; in mode `partial` possibly fewer, or 0. */
  | { readonly kind: "granted"; readonly quantities: readonly number[] }
  /** Mode `all` and not enough: nothing is held. */
  | { readonly kind: "refused"; readonly shortages: readonly Shortage[] }
  /** A later word of the reservation was here first: nothing was done. */
  | { readonly kind: "overtaken" };

/** The lines of the shard are so now, as of this version of the reservation: take over what differs. Never refused. */
export interface FollowAsk {
  readonly id: ReservationId;
  readonly version: number;
  /** Name of the stock events that result. */
  readonly kind: ReservationStockKind;
  readonly lines: readonly Pick<ReservationLine, "sku" | "location" | "held" | "allocated" | "fulfilled">[];
}

export type FollowAnswer = { readonly kind: "followed" };

/** May this SKU spend the movement id? Asked of the shard of the id's own hash. */
export interface MovementClaimAsk {
  readonly id: string;
  readonly sku: Sku;
  /** Differs from claim to claim, so that a late word to free one does not free the next. */
  readonly attempt: number;
}

export type MovementClaimAnswer = { readonly kind: "claimed" } | { readonly kind: "duplicate"; readonly version: number };

export interface Peers {
  hold(shard: ShardId, ask: HoldAsk, done: (answer: HoldAnswer | Fault) => void): void;
  follow(shard: ShardId, ask: FollowAsk, done: (answer: FollowAnswer | Fault) => void): void;
  claimMovement(shard: ShardId, ask: MovementClaimAsk, done: (answer: MovementClaimAnswer | Fault) => void): void;
  /** The movement was refused after all: its id is free again. */
  freeMovement(shard: ShardId, ask: MovementClaimAsk, done: (answer: FollowAnswer | Fault) => void): void;
}
