/** One turn of a member: what a command decides with, and where its entries go. */

import type { EpochMs, LocationId, ReservationId } from "../base/index.ts";
import type { Reservation } from "../reservation/index.ts";
import type { Entry } from "../shard/index.ts";
import type { MemberState } from "./member-state.ts";

export interface Turn {
  readonly state: MemberState;
  readonly now: EpochMs;
  /** Entries of the batch that is open. */
  readonly entries: Entry[];
  /** Locations that movements may name. */
  readonly locations: { has(id: LocationId): boolean };
  newReservationId(skuHash: number): ReservationId;
  /** The reservation was changed in this turn, and shards of other members have yet to follow. */
  onUnsettled(reservation: Reservation): void;
  /** How long an idempotency key is remembered, ms. */
  readonly keyRetentionMs: number;
  readonly movementRetentionMs: number;
}
