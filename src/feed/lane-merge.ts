/**
 * All lanes of a cluster as one sequence of records, each lane in its order.
 *
 * M1. A record with an entry `adopted` that continues at (F, p) comes after lane F's records up to p. Waits are never circular, since an
 *     adoption is committed after what it names.
 * M2. A lane that is gone satisfies that only as far as it is known to have been passed, or when the output was made anew without it.
 * M3. A damaged lane stops alone, with those that wait for it; it is tried again every half minute. Any other failure ends the merge.
 *
 * Memory: one fetch a lane.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import { CorruptData } from "../base/index.ts";
import type { Log } from "../ports/index.ts";
import type { FollowerStart } from "./cursor.ts";
import type { LaneDirectory } from "./lane-directory.ts";
import { LaneReader, type LaneRecord } from "./lane-reader.ts";

export interface MergedRecord extends LaneRecord {
  readonly lane: string;
  /** Nothing of any lane is known to be behind it. */
  readonly final: boolean;
}

export interface MergeWorld {
  readonly connection: NatsConnection;
  readonly directory: LaneDirectory;
  readonly log: Log;
  /** A record of the lane, committed at `at`, is not passed yet. */
  readonly waiting: (lane: string, at: number) => void;
  /** All of the lane is passed. */
  readonly idle: (lane: string) => void;
  /** The lane is gone, and was passed as far as it was read. */
  readonly gone: (lane: string) => void;
}

const CORRUPT_RETRY_MS = 30_000;
/** Records that all lanes together may have in memory, roughly. */
const FETCHED_RECORDS = 512;
const FETCH_RECORDS_MIN = 8;
const FETCH_RECORDS_MAX = 64;

interface Offer {
  readonly lane: string;
  readonly record: LaneRecord;
  readonly passed: PromiseWithResolvers<void>;
}

interface Waiter {
  readonly seq: number;
  /** The record that waits, for what is reported. */
  readonly where: string;
  readonly ended: PromiseWithResolvers<void>;
}

export class LaneMerge {
  readonly #world: MergeWorld;
  readonly #positions: Map<string, number>;
  readonly #fresh: boolean;
  #anew: boolean;
  readonly #readers = new Map<string, LaneReader | undefined>();
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #ready: Offer[] = [];
  readonly #stop = new AbortController();
  #taken: Offer | undefined;
  #wake = Promise.withResolvers<void>();
  #failure: unknown;
  #unlisten: () => void = () => undefined;

  constructor(world: MergeWorld, start: FollowerStart) {
    this.#world = world;
    this.#positions = start.positions;
    this.#fresh = start.fresh;
    this.#anew = start.anew;
  }

  /** Last passed record of every lane; grows as records are passed. */
  get positions(): ReadonlyMap<string, number> {
    return this.#positions;
  }

  get anew(): boolean {
    return this.#anew;
  }

  get closed(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Looks up the lanes and begins to read. Rejects when they cannot be looked up. */
  async begin(): Promise<void> {
    const { directory } = this.#world;
    await directory.refresh();
    await Promise.all([...directory.lanes].map((lane) => this.#from(lane).catch(damageOnly)));
    if (this.closed) return;
    this.#unlisten = directory.onChange(() => this.#sync());
    this.#sync();
  }

  /** The next record, or undefined after `idleMs` without one and after `close`. One call at a time. Rejects when a lane cannot be read. */
  async next(idleMs?: number): Promise<MergedRecord | undefined> {
    while (!this.closed) {
      if (this.#failure !== undefined) throw this.#failure;
      const offer = this.#ready.shift();
      if (offer !== undefined) {
        this.#taken = offer;
        return { ...offer.record, lane: offer.lane, final: offer.record.newest && this.#ready.length === 0 };
      }
      this.#wake = Promise.withResolvers();
      if (!(await wokenWithin(this.#wake.promise, idleMs))) return undefined;
    }
    return undefined;
  }

  /** The record that `next` gave last is done with: its lane goes on, and those that wait for it. */
  pass(): void {
    const offer = this.#taken;
    if (offer === undefined) return;
    this.#taken = undefined;
    this.advance(offer.lane, offer.record.seq);
    offer.passed.resolve();
  }

  /** Everything of the lane up to `seq` is passed. */
  advance(lane: string, seq: number): void {
    this.#positions.set(lane, seq);
    const waiters = this.#waiters.get(lane);
    if (waiters === undefined) return;
    for (const waiter of waiters) if (waiter.seq <= seq) waiter.ended.resolve();
  }

  /** The connection was lost: `next` rejects. */
  lost(): void {
    for (const reader of this.#readers.values()) reader?.lost();
    this.#fail(new Error("the connection was lost"));
  }

  close(): void {
    this.#stop.abort();
    this.#unlisten();
    for (const reader of this.#readers.values()) reader?.close();
    for (const { passed } of this.#ready) passed.resolve();
    this.#taken?.passed.resolve();
    for (const waiters of this.#waiters.values()) for (const { ended } of waiters) ended.resolve();
    this.#wake.resolve();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake.resolve();
  }

  /** Starts on lanes that are new, lets go of those that are gone, and has those that wait for one of them look again. */
  #sync(): void {
    const { lanes } = this.#world.directory;
    for (const lane of lanes) if (!this.#readers.has(lane)) void this.#follow(lane);
    for (const [lane, reader] of this.#readers) if (!lanes.has(lane)) reader?.close();
    for (const [lane, waiters] of this.#waiters) {
      if (!lanes.has(lane)) for (const { seq, where, ended } of waiters) ended.reject(this.#goneTooEarly(lane, seq, where));
    }
  }

  async #follow(lane: string): Promise<void> {
    const { directory, log } = this.#world;
    this.#readers.set(lane, undefined);
    while (!this.closed && directory.lanes.has(lane)) {
      try {
        await this.#read(lane);
      } catch (error) {
        if (!(await this.#bearable(lane, error))) return this.#fail(error);
      }
    }
    this.#readers.delete(lane);
    if (this.closed) return;
    log.info({ lane, record: this.#positions.get(lane) ?? 0 }, "the feed lets go of a lane that is gone");
    this.#world.gone(lane);
  }

  /** Whether the merge goes on after this failure of one lane (M3). */
  async #bearable(lane: string, error: unknown): Promise<boolean> {
    if (this.closed) return true;
    if (error instanceof CorruptData) {
      this.#world.waiting(lane, Date.now());
      this.#world.log.error({ lane, reason: error.message }, "the feed cannot go on in a lane: the journal is damaged");
      await delay(CORRUPT_RETRY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      return true;
    }
    return await this.#isGone(lane);
  }

  async #isGone(lane: string): Promise<boolean> {
    try {
      await this.#world.directory.refresh();
      return !this.#world.directory.lanes.has(lane);
    } catch {
      return false;
    }
  }

  async #read(lane: string): Promise<void> {
    const from = await this.#from(lane);
    if (from === undefined || this.closed) return;
    const { connection, directory } = this.#world;
    const fetch = Math.floor(FETCHED_RECORDS / Math.max(1, directory.lanes.size));
    const fetchRecords = Math.min(FETCH_RECORDS_MAX, Math.max(FETCH_RECORDS_MIN, fetch));
    const reader = new LaneReader(connection, directory.streamOf(lane), from, fetchRecords);
    this.#readers.set(lane, reader);
    for await (const record of reader.records()) {
      if (record.record.entries.length > 0) this.#world.waiting(lane, record.record.at);
      await this.#barriers(lane, record);
      if (this.closed) return;
      await this.#offer(lane, record);
    }
  }

  /** First record to read, having noted where the lane begins. Undefined when it is gone. Rejects with CorruptData when it ends too early. */
  async #from(lane: string): Promise<number | undefined> {
    const { directory, waiting, idle } = this.#world;
    const bounds = await directory.bounds(lane);
    if (bounds === undefined) {
      if (!this.closed) await directory.refresh();
      return undefined;
    }
    if (!this.#positions.has(lane) && bounds.first > 1 && (this.#anew || this.#fresh)) {
      this.#anew = true;
      this.advance(lane, bounds.first - 1);
    }
    const position = this.#positions.get(lane) ?? 0;
    if (bounds.last < position) throw new CorruptData(`the lane ends at ${bounds.last}`, `lane ${lane}, sequence ${position}`);
    if (bounds.last > position) waiting(lane, Date.now());
    else idle(lane);
    return position + 1;
  }

  /** Resolves when the record may come (M1). */
  async #barriers(lane: string, { seq, record }: LaneRecord): Promise<void> {
    for (const entry of record.entries) {
      if (entry.entry !== "adopted" || entry.origin.kind !== "place" || entry.origin.lane === lane) continue;
      await this.#through(entry.origin.lane, entry.origin.seq, `lane ${lane}, sequence ${seq}`);
    }
  }

  async #through(lane: string, seq: number, where: string): Promise<void> {
    if (this.#passed(lane, seq)) return;
    const { directory } = this.#world;
    if (!directory.lanes.has(lane)) await directory.refresh();
    if (!directory.lanes.has(lane) && this.#anew && !this.#positions.has(lane)) this.advance(lane, seq);
    if (this.closed || this.#passed(lane, seq)) return;
    if (!directory.lanes.has(lane)) throw this.#goneTooEarly(lane, seq, where);
    await this.#wait(lane, seq, where);
  }

  async #wait(lane: string, seq: number, where: string): Promise<void> {
    const waiter: Waiter = { seq, where, ended: Promise.withResolvers<void>() };
    const waiters = this.#waiters.get(lane) ?? new Set();
    this.#waiters.set(lane, waiters.add(waiter));
    try {
      await waiter.ended.promise;
    } finally {
      waiters.delete(waiter);
    }
  }

  #passed(lane: string, seq: number): boolean {
    return (this.#positions.get(lane) ?? 0) >= seq;
  }

  #goneTooEarly(lane: string, seq: number, where: string): CorruptData {
    const passed = this.#positions.get(lane) ?? 0;
    return new CorruptData(`it continues lane ${lane} at ${seq}, which is gone and was passed through ${passed} only`, where);
  }

  #offer(lane: string, record: LaneRecord): Promise<void> {
    const passed = Promise.withResolvers<void>();
    this.#ready.push({ lane, record, passed });
    this.#wake.resolve();
    return passed.promise;
  }
}

/** What is wrong with one lane is found again, and told, when it is followed. */
function damageOnly(error: unknown): void {
  if (!(error instanceof CorruptData)) throw error;
}

/** False when the time was over first; undefined is no limit. */
async function wokenWithin(woken: Promise<void>, ms: number | undefined): Promise<boolean> {
  if (ms === undefined) return woken.then(() => true);
  const timeout = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => timeout.resolve(false), ms);
  try {
    return await Promise.race([woken.then(() => true), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
