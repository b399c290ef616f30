/**
 * The locations of the grid, known to every member: values of a shared bucket, all of them in memory by a watch.
 *
 * L1. What was put at any member is found by `look` at every other once the put was answered; `has` and `get` follow within a moment.
 * L2. Versions of a location grow by one with each put: a put is a compare-and-set, tried again when another was first.
 * L3. A location never goes back: what is older than what is known is passed over.
 */

import { type Fault, type FaultCode, firstAfter, keyToken, type LocationId } from "../base/index.ts";
import { decodeLocation, encodeLocation } from "../codec/index.ts";
import type { Clock, KeyValue, KeyValueEntry } from "../ports/index.ts";
import type { Location } from "../shard/index.ts";

const KEY_PREFIX = "location.";
const PUT_TRIES_MAX = 10;
/** Ids asked of the leader at a time; bounds what a flood of unknown ids costs. */
const LOOKS_MAX = 256;
const RETRY_MS = 1_000;

export type NewLocation = Omit<Location, "version" | "updatedAt">;
export type PutLocation = { readonly kind: "created" | "replaced"; readonly location: Location } | Fault;

interface Known {
  readonly location: Location;
  readonly revision: number;
}

export class LocationBook {
  readonly #bucket: KeyValue;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  readonly #looks = new Map<string, Promise<Location | undefined>>();
  readonly #settled = Promise.withResolvers<void>();
  readonly #stop: () => void;
  #isSettled = false;
  /** Ids in order, undefined when one was added since. */
  #order: LocationId[] | undefined;

  /** Begins to watch at once. */
  constructor(bucket: KeyValue, clock: Clock) {
    this.#bucket = bucket;
    this.#clock = clock;
    this.#stop = bucket.watch(
      (key, entry) => this.#onChange(key, entry),
      () => {
        this.#isSettled = true;
        this.#settled.resolve();
      },
    );
  }

  /** Resolves once all locations that existed at the start are known. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  get size(): number {
    return this.#known.size;
  }

  close(): void {
    this.#stop();
  }

  has(id: LocationId): boolean {
    return this.#known.has(keyOf(id));
  }

  get(id: LocationId): Location | undefined {
    return this.#known.get(keyOf(id))?.location;
  }

  /** In id order (code units), after `after` when given, at most `limit`. O(log n + limit), O(n log n) after a new one. */
  list(after: string | undefined, limit: number): Location[] {
    this.#order ??= [...this.#known.values()].map(({ location }) => location.id).sort();
    const from = after === undefined ? 0 : firstAfter(this.#order, after);
    return this.#order.slice(from, from + limit).map((id) => this.get(id) as Location);
  }

  /** The location as known here, else as the leader of the bucket has it. Rejects when it cannot be asked, or too many are asked for. */
  look(id: LocationId): Promise<Location | undefined> {
    const known = this.get(id);
    if (known !== undefined) return Promise.resolve(known);
    const key = keyOf(id);
    let look = this.#looks.get(key);
    if (look === undefined) {
      if (this.#looks.size >= LOOKS_MAX) return Promise.reject(new Error(`${LOOKS_MAX} unknown locations are being looked for`));
      look = this.#ask(key).finally(() => this.#looks.delete(key));
      this.#looks.set(key, look);
    }
    return look;
  }

  /** Never rejects: `outcome-unknown` when the bucket did not answer, `not-ready` when others were first too often and nothing was put. */
  async put(given: NewLocation): Promise<PutLocation> {
    const key = keyOf(given.id);
    try {
      let before = this.#known.get(key);
      for (let tries = 0; tries < PUT_TRIES_MAX; tries++) {
        const location: Location = { ...given, version: (before?.location.version ?? 0) + 1, updatedAt: this.#clock.now() };
        const revision = await this.#bucket.put(key, encodeLocation(location), before?.revision ?? 0);
        if (revision !== undefined) return this.#stored(key, { location, revision }, before === undefined);
        before = this.#keep(key, await this.#bucket.get(key));
      }
      return fault("not-ready", `location ${given.id} is being put by many at once; nothing was done; retry shortly`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return fault("outcome-unknown", `the bucket of locations did not answer (${reason}); putting the location again is safe`);
    }
  }

  #stored(key: string, known: Known, created: boolean): PutLocation {
    this.#learn(key, known);
    return { kind: created ? "created" : "replaced", location: known.location };
  }

  async #ask(key: string): Promise<Location | undefined> {
    return this.#keep(key, await this.#bucket.get(key))?.location;
  }

  #keep(key: string, entry: KeyValueEntry | undefined): Known | undefined {
    if (entry === undefined) return undefined;
    const known = { location: decodeLocation(entry.value, `key ${key}`), revision: entry.revision };
    this.#learn(key, known);
    return known;
  }

  #onChange(key: string, entry: KeyValueEntry | undefined): void {
    if (!key.startsWith(KEY_PREFIX)) return;
    if (entry !== undefined) this.#keep(key, entry);
    else if (this.#known.delete(key)) this.#order = undefined;
  }

  #learn(key: string, known: Known): void {
    const before = this.#known.get(key);
    if (before !== undefined && before.revision >= known.revision) return;
    if (before === undefined) this.#order = undefined;
    this.#known.set(key, known);
  }
}

function keyOf(id: LocationId): string {
  return KEY_PREFIX + keyToken(id);
}

function fault(code: FaultCode, detail: string): Fault {
  return { kind: "fault", code, retryAfterMs: RETRY_MS, detail };
}
