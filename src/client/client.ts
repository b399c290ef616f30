/**
 * The client over whatever ways it has: commands and reads over NATS where there is NATS, the rest over HTTP.
 *
 * C1. Every command carries a key, the caller's or one made here, the same in every attempt.
 */

import { randomUUID } from "node:crypto";
import { type AvailabilityWatchOptions, type WatchedAvailability, watchAvailability } from "./availability-watch.ts";
import type {
  Availability,
  AvailabilityQuery,
  Location,
  LocationBody,
  Locations,
  Movement,
  Reservation,
  Reserve,
  Stock,
  StockRecord,
} from "./bodies.ts";
import {
  availabilityCall,
  type Call,
  getCall,
  locationCall,
  locationsCall,
  putLocationCall,
  readyCall,
  reserveCall,
  stockCall,
  type Transition,
  transitionCall,
} from "./call.ts";
import { type EventOptions, eventFeed } from "./event-feed.ts";
import { StockGridFault } from "./fault.ts";
import type { EventSource, FeedEvent } from "./feed-event.ts";
import type { EventFilter } from "./feed-names.ts";
import type {
  CallOptions,
  CommandOptions,
  ItemAnswer,
  KeyedReserve,
  LocationsPage,
  MovementResult,
  StockGridClient,
  TransitionOptions,
} from "./grid-client.ts";
import { movementPlan, reservePlan } from "./plans.ts";
import { type Answer, answered } from "./problem.ts";
import { type Patience, withRetries } from "./retry.ts";
import { settleAll } from "./settle-all.ts";
import type { ShardMap } from "./shard-map.ts";
import { judge, notSupported, type Transport } from "./transport.ts";

const MOVEMENTS_AT_ONCE = 10_000;
const SKUS_AT_ONCE = 1_000;

/** What a client is made of. */
export interface Ways {
  /** For commands and reads. */
  readonly main: Transport;
  /** For what only HTTP has. */
  readonly http: Transport | undefined;
  readonly nats: NatsWays | undefined;
  readonly events: (filter: EventFilter) => EventSource;
  readonly deadlineMs: number;
  readonly attemptMs: number;
  /** Lets go of all of it. */
  close(): Promise<void>;
}

export interface NatsWays {
  readonly readMap: () => Promise<ShardMap>;
  readonly connection: Parameters<typeof watchAvailability>[0];
}

export class GridClient implements StockGridClient {
  readonly #ways: Ways;
  readonly #closed = new AbortController();

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  reserve(body: Reserve, options: CommandOptions = {}): Promise<Answer<Reservation>> {
    return this.#ask(reserveCall(body, keyOf(options)), options);
  }

  async reserveMany(bodies: readonly KeyedReserve[], options: CallOptions = {}): Promise<readonly ItemAnswer<Reservation>[]> {
    const keyed = bodies.map((body) => ({ ...body, idempotencyKey: keyOf(body) }));
    const settled = await settleAll(keyed, reservePlan(this.#ways.main), this.#patience(options));
    return settled.map((item, index) =>
      item instanceof StockGridFault ? { ok: false, reason: "fault", fault: item.withKey(keyed[index]?.idempotencyKey) } : item,
    );
  }

  get(id: string, options: CallOptions = {}): Promise<Answer<Reservation>> {
    return this.#ask(getCall(id), options);
  }

  confirm(id: string, options: TransitionOptions = {}): Promise<Answer<Reservation>> {
    return this.#transit("confirm", id, options);
  }

  release(id: string, options: TransitionOptions = {}): Promise<Answer<Reservation>> {
    return this.#transit("release", id, options);
  }

  extend(id: string, ttlSeconds: number, options: CommandOptions = {}): Promise<Answer<Reservation>> {
    return this.#ask(transitionCall("extend", id, { ttlSeconds }, keyOf(options)), options);
  }

  fulfill(id: string, options: TransitionOptions = {}): Promise<Answer<Reservation>> {
    return this.#transit("fulfill", id, options);
  }

  async applyMovements(movements: Movement | readonly Movement[], options: CallOptions = {}): Promise<readonly MovementResult[]> {
    const all: readonly Movement[] = "id" in movements ? [movements] : movements;
    const results: MovementResult[] = [];
    for (let at = 0; at < all.length; at += MOVEMENTS_AT_ONCE) {
      const chunk = all.slice(at, at + MOVEMENTS_AT_ONCE);
      for (const result of await settleAll(chunk, movementPlan(this.#ways.main), this.#patience(options))) {
        if (result instanceof StockGridFault) throw result;
        results.push(result);
      }
    }
    return results;
  }

  stock(sku: string, options: CallOptions = {}): Promise<Answer<Stock>> {
    return this.#ask(stockCall(sku, undefined), options);
  }

  record(sku: string, location: string, options: CallOptions = {}): Promise<Answer<StockRecord>> {
    return this.#ask(stockCall(sku, location), options);
  }

  async availability(query: AvailabilityQuery, options: CallOptions = {}): Promise<Answer<Availability>> {
    const skus = [...new Set(query.skus)];
    if (skus.length <= SKUS_AT_ONCE) return this.#ask(availabilityCall({ ...query, skus }), options);
    const items: Availability["items"][] = [];
    for (let at = 0; at < skus.length; at += SKUS_AT_ONCE) {
      const part = { ...query, skus: skus.slice(at, at + SKUS_AT_ONCE) };
      const answer = await this.#ask<Availability>(availabilityCall(part), options);
      if (!answer.ok) return answer;
      items.push(answer.value.items);
    }
    return answered({ items: items.flat() });
  }

  putLocation(id: string, body: LocationBody, options: CallOptions = {}): Promise<Answer<Location>> {
    return this.#ask(putLocationCall(id, body), options);
  }

  location(id: string, options: CallOptions = {}): Promise<Answer<Location>> {
    return this.#ask(locationCall(id), options);
  }

  locations({ after, limit, ...options }: LocationsPage = {}): Promise<Answer<Locations>> {
    return this.#ask(locationsCall(after, limit), options);
  }

  async ready(options: CallOptions = {}): Promise<boolean> {
    const call = readyCall();
    const { signal, deadlineMs } = this.#patience(options);
    const reply = await this.#wayFor(call).send(call, { signal, timeoutMs: deadlineMs });
    return reply.kind === "body";
  }

  clusterMap(options: CallOptions = {}): Promise<ShardMap> {
    const { nats } = this.#ways;
    if (nats === undefined) return Promise.reject(notSupported({ name: "clusterMap", http: undefined, nats: undefined }, "HTTP"));
    return withRetries(() => nats.readMap(), this.#patience(options));
  }

  events(options: EventOptions = {}): AsyncIterableIterator<FeedEvent> {
    const readRecord = async (sku: string, location: string, signal: AbortSignal): Promise<StockRecord | undefined> => {
      const answer = await this.record(sku, location, { signal }).catch(() => undefined);
      return answer?.ok === true ? answer.value : undefined;
    };
    return eventFeed(this.#ways.events(options), readRecord, options, this.#closed.signal);
  }

  watchAvailability(options: AvailabilityWatchOptions = {}): AsyncIterableIterator<WatchedAvailability> {
    const { nats } = this.#ways;
    if (nats === undefined) throw notSupported({ name: "watchAvailability", http: undefined, nats: undefined }, "HTTP");
    return watchAvailability(nats.connection, options, this.#closed.signal);
  }

  async close(): Promise<void> {
    this.#closed.abort(new StockGridFault({ code: "closed", message: "the client was closed" }));
    await this.#ways.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #transit(transition: Transition, id: string, options: TransitionOptions): Promise<Answer<Reservation>> {
    return this.#ask(transitionCall(transition, id, { lines: options.lines }, keyOf(options)), options);
  }

  async #ask<T>(call: Call, options: CallOptions): Promise<Answer<T>> {
    const way = this.#wayFor(call);
    try {
      return await withRetries(async (attempt) => judge<T>(await way.send(call, attempt)), this.#patience(options));
    } catch (error) {
      throw error instanceof StockGridFault ? error.withKey(call.idempotencyKey) : error;
    }
  }

  #wayFor(call: Call): Transport {
    const { main, http } = this.#ways;
    return call.nats === undefined ? (http ?? main) : main;
  }

  #patience({ deadlineMs, signal }: CallOptions): Patience {
    return {
      deadlineMs: deadlineMs ?? this.#ways.deadlineMs,
      attemptMs: this.#ways.attemptMs,
      signal: signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]),
    };
  }
}

function keyOf({ idempotencyKey }: { readonly idempotencyKey?: string | undefined }): string {
  return idempotencyKey ?? randomUUID();
}
