/** One turn of a member: what a command decides with, and where its entries go. */

import type { EpochMs, ReservationId } from "../base/index.ts";
import type { Entry } from "../shard/index.ts";
import type { MemberState } from "./member-state.ts";

export interface Turn {
  readonly state: MemberState;
  readonly now: EpochMs;
  /** Entries of the batch that is open. */
  readonly entries: Entry[];
  newReservationId(skuHash: number): ReservationId;
  /** How long an idempotency key is remembered, ms. */
  readonly keyRetentionMs: number;
  readonly movementRetentionMs: number;
}
