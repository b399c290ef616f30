/** What a client of the grid can do, in types. */

import type { AvailabilityWatchOptions, WatchedAvailability } from "./availability-watch.ts";
import type {
  Availability,
  AvailabilityQuery,
  Line,
  Location,
  LocationBody,
  Locations,
  Movement,
  Reservation,
  Reserve,
  Stock,
  StockRecord,
} from "./bodies.ts";
import type { EventOptions } from "./event-feed.ts";
import type { StockGridFault } from "./fault.ts";
import type { FeedEvent } from "./feed-event.ts";
import type { Answer, Problem } from "./problem.ts";
import type { ShardMap } from "./shard-map.ts";

export interface CallOptions {
  /** Milliseconds for the call, retries included; the client's `deadlineMs` when absent. */
  readonly deadlineMs?: number | undefined;
  /** Ends the call at once; it rejects with the signal's reason. What was sent may have been done. */
  readonly signal?: AbortSignal | undefined;
}

export interface CommandOptions extends CallOptions {
  /** 1 to 255 characters; one is made when absent. A later call with the same key and body gets the first answer. */
  readonly idempotencyKey?: string | undefined;
}

export interface TransitionOptions extends CommandOptions {
  /** A part; absent: all of it. */
  readonly lines?: readonly Line[] | undefined;
}

export type KeyedReserve = Reserve & { readonly idempotencyKey?: string | undefined };

/** Answer to one of many: none of the others depends on it. */
export type ItemAnswer<T> = Answer<T> | { readonly ok: false; readonly reason: "fault"; readonly fault: StockGridFault };

export interface MovementResult {
  /** null when the item has no readable id. */
  readonly id: string | null;
  readonly status: "applied" | "duplicate" | "pending" | "rejected";
  /** Version of the record after it. */
  readonly version?: number;
  readonly problem?: Problem;
}

export interface LocationsPage extends CallOptions {
  /** `next` of the page before. */
  readonly after?: string | undefined;
  /** 1 to 1,000; 100 when absent. */
  readonly limit?: number | undefined;
}

/**
 * Every call resolves to the answer of the grid, refusals included, and rejects with a {@link StockGridFault} when there is none inside the
 * deadline. Retries happen inside, under one key.
 */
export interface StockGridClient extends AsyncDisposable {
  reserve(body: Reserve, options?: CommandOptions): Promise<Answer<Reservation>>;
  /**
   * Independent of each other, answered in order. Over NATS as few messages as there are owners, at most 1,000 items each; over HTTP one
   * request each, 16 at once. Never rejects for a fault: it is the answer of the items it met.
   */
  reserveMany(bodies: readonly KeyedReserve[], options?: CallOptions): Promise<readonly ItemAnswer<Reservation>[]>;
  get(id: string, options?: CallOptions): Promise<Answer<Reservation>>;
  confirm(id: string, options?: TransitionOptions): Promise<Answer<Reservation>>;
  release(id: string, options?: TransitionOptions): Promise<Answer<Reservation>>;
  /** `ttlSeconds` from now, 1 to 604,800. */
  extend(id: string, ttlSeconds: number, options?: CommandOptions): Promise<Answer<Reservation>>;
  fulfill(id: string, options?: TransitionOptions): Promise<Answer<Reservation>>;
  /**
   * Results in the order given. Any number: sent in chunks of 10,000, one after another, each with a deadline of its own. A movement whose
   * answer was lost is `duplicate` when it is sent again. When it rejects, part of the list may be applied: to repeat it all is harmless.
   * Movements of one SKU may change places when one is retried: give `occurredAt` where order matters.
   */
  applyMovements(movements: Movement | readonly Movement[], options?: CallOptions): Promise<readonly MovementResult[]>;
  /** Every record of a SKU; no records for one never seen. */
  stock(sku: string, options?: CallOptions): Promise<Answer<Stock>>;
  record(sku: string, location: string, options?: CallOptions): Promise<Answer<StockRecord>>;
  /** Any number of SKUs: asked 1,000 at a time. */
  availability(query: AvailabilityQuery, options?: CallOptions): Promise<Answer<Availability>>;

  /** HTTP only. */
  putLocation(id: string, body: LocationBody, options?: CallOptions): Promise<Answer<Location>>;
  /** HTTP only. */
  location(id: string, options?: CallOptions): Promise<Answer<Location>>;
  /** HTTP only. */
  locations(page?: LocationsPage): Promise<Answer<Locations>>;
  /** Whether the node serves. HTTP only. Rejects when it cannot be asked. */
  ready(options?: CallOptions): Promise<boolean>;
  /** Who owns which shard, read now. NATS only. */
  clusterMap(options?: CallOptions): Promise<ShardMap>;

  /** Changes of stock, from the next one on or after a position. Leave the loop or abort the signal to end it. */
  events(options?: EventOptions): AsyncIterableIterator<FeedEvent>;
  /** The last availability of every record that fits, then each change. NATS only. */
  watchAvailability(options?: AvailabilityWatchOptions): AsyncIterableIterator<WatchedAvailability>;

  /** Calls under way reject; feeds end. */
  close(): Promise<void>;
}
