/**
 * The grid as a front end sees it: commands and reads, answered by callback once what they rest on is committed.
 *
 * Callbacks, not promises, because thousands of answers come back with one commit. Each is called exactly once, never
 * before the call returns, and must not throw.
 */

import type { Fault, LocationId, ReservationId, Sku } from "../base/index.ts";
import type { LinePart, Reservation, ReservationMode, TransitionRejection } from "../reservation/index.ts";
import type { Location } from "../shard/index.ts";
import type { LevelOutOfRange, Movement, StockRecord } from "../stock/index.ts";

/** A client's key for one command; the fingerprint is a digest of the parsed body, equal for equal JSON. */
export interface IdempotencyKey {
  /** 1 to 255 characters. */
  readonly key: string;
  readonly fingerprint: string;
}

export interface Reserve {
  /** 1 to 500; quantities 1 to 2^31-1. Lines of one SKU and location are summed. */
  readonly lines: readonly LinePart[];
  readonly mode: ReservationMode;
  /** 1,000 to 604,800,000 ms. */
  readonly ttlMs: number;
  readonly reference?: string | undefined;
  readonly channel?: string | undefined;
  readonly idempotency?: IdempotencyKey | undefined;
}

export interface Shortage {
  readonly sku: Sku;
  readonly location: LocationId;
  readonly requested: number;
  readonly available: number;
}

export type KeyReused = { readonly kind: "idempotency-key-reused"; readonly detail: string };
export type NotFound = { readonly kind: "not-found"; readonly detail: string };
export type InsufficientStock = { readonly kind: "insufficient-stock"; readonly shortages: readonly Shortage[] };

export type ReserveResult =
  | {
      readonly kind: "reserved";
      readonly reservation: Reservation;
      /** The key was used before. */
      readonly repeated: boolean;
    }
  | InsufficientStock
  | KeyReused
  | Fault;

export interface Transit {
  readonly id: ReservationId;
  readonly transition: "confirm" | "release" | "extend" | "fulfill";
  /** A part, for all but `extend`; 1 to 500, quantities at least 1. */
  readonly lines?: readonly LinePart[] | undefined;
  /** For `extend`. */
  readonly ttlMs?: number | undefined;
  readonly idempotency?: IdempotencyKey | undefined;
}

export type TransitResult =
  | { readonly kind: "reservation"; readonly reservation: Reservation }
  | TransitionRejection
  | KeyReused
  | NotFound
  | Fault;

export type MovementResult =
  /** `pending`: it waits for the movement that it reverses. `version` of the record after it; 0 when another SKU has the id and its version is not known here. */
  { readonly kind: "applied" | "duplicate" | "pending"; readonly version: number } | NotFound | LevelOutOfRange | Fault;

export type Read<T> = { readonly kind: "read"; readonly value: T } | Fault;

/** How fresh a read has to be. */
export interface ReadOptions {
  /**
   * True: whoever answers proves by a commit of its own that it is still the owner, so that everything answered before the read was asked is seen.
   * Otherwise an owner that was cut off may answer with what it had.
   */
  readonly strict?: boolean | undefined;
}

export interface Grid {
  reserve(command: Reserve, done: (result: ReserveResult) => void): void;
  transit(command: Transit, done: (result: TransitResult) => void): void;
  /** One movement. Of a list, call once each in order; the commits are shared. */
  move(movement: Movement, done: (result: MovementResult) => void): void;
  putLocation(
    location: Omit<Location, "version" | "updatedAt">,
    done: (result: { readonly kind: "created" | "replaced"; readonly location: Location } | Fault) => void,
  ): void;

  reservation(id: ReservationId, done: (result: Read<Reservation | undefined>) => void): void;
  /** Every record of a SKU, by location; empty for one never seen. */
  stock(sku: Sku, done: (result: Read<readonly StockRecord[]>) => void, options?: ReadOptions): void;
  record(sku: Sku, location: LocationId, done: (result: Read<StockRecord | undefined>) => void, options?: ReadOptions): void;
  /** Records of the SKUs, all locations or only those named; a record never seen is left out. */
  availability(
    skus: readonly Sku[],
    locations: readonly LocationId[] | undefined,
    done: (result: Read<readonly StockRecord[]>) => void,
  ): void;
  location(id: LocationId, done: (result: Read<Location | undefined>) => void): void;
  /** In id order, after `after` when given, at most `limit`. */
  locations(after: string | undefined, limit: number, done: (result: Read<readonly Location[]>) => void): void;
}

/** The grid without the locations, which are no shard's: what a member serves for its shards. */
export type ShardGrid = Omit<Grid, "putLocation" | "location" | "locations">;

/** What the edges may ask of the health of a member. */
export type MemberPhase = "recovering" | "serving" | "stopping" | "stopped";
