/**
 * Entries: what one committed journal record says, in order. The whole state of a member is the fold of its entries.
 */

import type { EpochMs, ReservationId, ShardId, ShardOrigin, Sku } from "../base/index.ts";
import type { Participation, ReservationEvent } from "../reservation/index.ts";
import type { MovementEffect, StockEvent, StockRecord } from "../stock/index.ts";
import type { Location } from "./location.ts";

/** A stock event with the record it led to, so that a reader of the journal needs no state of its own. */
export interface StockEntry {
  readonly entry: "stock";
  readonly event: StockEvent;
  /** Levels after the event: what the feed shows and replay checks against. */
  readonly after: Levels;
}

export type Levels = Pick<
  StockRecord,
  "onHand" | "held" | "allocated" | "unavailable" | "inbound" | "safetyStock" | "version" | "updatedAt"
>;

export interface ReservationEntry {
  readonly entry: "reservation";
  readonly event: ReservationEvent;
}

/** An idempotency key was used: the scope is the first SKU of the reservation in sorted order. */
export interface KeyEntry {
  readonly entry: "key";
  readonly sku: Sku;
  readonly key: string;
  /** Digest of the request that used it. */
  readonly fingerprint: string;
  readonly reservation: ReservationId;
  readonly at: EpochMs;
}

/** What a shard knows of a reservation of another shard, as a whole. */
export interface ParticipationEntry extends Participation {
  readonly entry: "participation";
  readonly shard: ShardId;
}

/** What a shard knows of the id of a movement; see {@link MovementUse} for the meaning of `version`. */
export interface MovementEntry {
  readonly entry: "movement";
  readonly id: string;
  readonly version: number;
  readonly at: EpochMs;
  /** Undefined in journals of the first release: the shard of the id's hash. */
  readonly shard?: ShardId | undefined;
  readonly sku?: Sku | undefined;
  readonly attempt?: number | undefined;
  readonly effect?: MovementEffect | undefined;
}

export interface LocationEntry {
  readonly entry: "location";
  readonly location: Location;
}

/** From here on the shard is in this lane; its state continues at `origin`. */
export interface AdoptedEntry {
  readonly entry: "adopted";
  readonly shard: ShardId;
  readonly epoch: number;
  readonly origin: ShardOrigin;
}

/** From here on nothing of the shard is in this lane, until it is adopted again. */
export interface ReleasedEntry {
  readonly entry: "released";
  readonly shard: ShardId;
  /** The epoch that ends. */
  readonly epoch: number;
  /** Lane of the member that is to continue; nobody in particular when empty. */
  readonly to: string;
}

/** Says nothing; its commit proves that its writer was still the writer. */
export interface BarrierEntry {
  readonly entry: "barrier";
}

export type Entry =
  | StockEntry
  | ReservationEntry
  | ParticipationEntry
  | KeyEntry
  | MovementEntry
  | LocationEntry
  | AdoptedEntry
  | ReleasedEntry
  | BarrierEntry;
