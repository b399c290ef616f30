/**
 * Keeps the last availability of every record in the bucket STOCK_AVAILABILITY, conflated: many changes of a key between two
 * flushes are one write.
 *
 * A1. A key's version never goes back: records come in an order that respects versions (LaneMerge M1), and after a break nothing is written
 *     before every lane is read as far as the broken flush may have got.
 * A2. What a flush leaves unfinished is found again: its messages lead to the positions up to which all was in the bucket before it.
 */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { StockEntry } from "../shard/index.ts";
import type { ChainMessage, RunPublisher } from "./chain-publisher.ts";
import { availabilityJson } from "./cloud-event.ts";
import { availabilityStart, FLUSH_HEADER, flushMarkText, flushPointerText, type Progress } from "./cursor.ts";
import { type FollowerWorld, keepFollowing, mergeWorld, toldPositions } from "./follower.ts";
import { LaneLags } from "./lane-lags.ts";
import { LaneMerge, type MergedRecord } from "./lane-merge.ts";
import type { Positions } from "./lane-vector.ts";
import { runPublisher } from "./run-publisher.ts";
import { AVAILABILITY_PREFIX, AVAILABILITY_STREAM } from "./streams.ts";
import { readBucketEnd } from "./tail.ts";
import { availabilityKey } from "./tokens.ts";

const RUN_MAX = 512;
const FLUSH_MS_MIN = 200;
const FLUSH_MS_MAX = 700;
/** Dirty keys at which the wait between flushes is longest. */
const DIRTY_SLOWEST = 5_000;
/** Dirty keys at which reading waits for a flush: bounds memory. */
const DIRTY_MAX = 100_000;
/** How often it is looked whether a lane that is waited for is gone. */
const HOLD_CHECK_MS = 1_000;

interface Session {
  readonly merge: LaneMerge;
  readonly publisher: RunPublisher;
  readonly created: string;
}

export class AvailabilityFollower {
  readonly #world: FollowerWorld;
  readonly #lags = new LaneLags();
  #session: Session | undefined;
  #dirty = new Map<string, StockEntry>();
  /** Lanes that have changes in the dirty keys: when the newest was committed, and whether it is the newest of the lane. */
  #changed = new Map<string, { readonly at: number; readonly newest: boolean }>();
  #wake = Promise.withResolvers<void>();
  /** Message ids are this follower's alone: they tell its writes from those of another. */
  readonly #idPrefix = randomUUID();
  #idsGiven = 0;
  #last = 0;
  /** What is to be read before anything is written. */
  #hold = new Map<string, number>();
  /** All up to here is in the bucket. */
  #flushed = new Map<string, number>();
  /** Last sequence of the stream at the end of a whole flush. */
  #flushedLast = 0;
  #flushing: Promise<void> | undefined;

  constructor(world: FollowerWorld) {
    this.#world = world;
  }

  /** Undefined while no session runs. */
  get progress(): Progress | undefined {
    if (this.#session === undefined) return undefined;
    const { created, merge } = this.#session;
    return { lanes: Object.fromEntries(this.#flushed), anew: merge.anew, streamSeq: this.#flushedLast, created };
  }

  lagSeconds(nowMs: number): number {
    return this.#lags.seconds(nowMs);
  }

  /** Ends the session that runs, so that the next one starts from the tail. */
  connectionLost(): void {
    this.#session?.merge.lost();
    this.#session?.publisher.lost();
  }

  /** Resolves after the signal. */
  async follow(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#session?.merge.close(), { once: true });
    await keepFollowing(
      "availability",
      this.#world,
      () => this.#follow(signal),
      () => this.#lags.broken(Date.now()),
      signal,
    );
    this.#lags.clear();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const session = await this.#start();
    const { merge } = session;
    const ended = new AbortController();
    let flushes: Promise<unknown> | undefined;
    try {
      if (signal.aborted) return;
      await merge.begin();
      this.#lags.begun();
      flushes = this.#flushLoop(session, ended.signal).catch((error: unknown) => {
        merge.close();
        return error;
      });
      await this.#takeAll(session);
    } finally {
      merge.close();
      ended.abort();
      this.#wake.resolve();
      await flushes;
      this.#session = undefined;
    }
    const failure = await flushes;
    if (failure !== undefined) throw failure;
  }

  async #start(): Promise<Session> {
    const { connection, jsm, directory } = this.#world;
    const { config } = await jsm.streams.info(AVAILABILITY_STREAM);
    const end = await readBucketEnd(jsm);
    const start = availabilityStart(end.mark, end, (await this.#world.storedCursor())?.availability);
    this.#world.resynced();
    await directory.refresh();
    this.#hold = new Map(start.hold === "end" ? await this.#ends() : start.hold);
    this.#dirty = new Map();
    this.#changed = new Map();
    this.#wake = Promise.withResolvers();
    this.#last = start.last;
    this.#flushedLast = start.hold === "end" || start.hold.size > 0 ? 0 : start.last;
    this.#flushed = new Map(start.positions);
    const merge = new LaneMerge(mergeWorld(this.#world, this.#lags), start);
    const session = { merge, publisher: runPublisher(connection, config), created: end.created };
    this.#session = session;
    return session;
  }

  async #ends(): Promise<[string, number][]> {
    const { directory } = this.#world;
    const ends = [...directory.lanes].map(
      async (lane): Promise<[string, number]> => [lane, (await directory.bounds(lane))?.last ?? 0],
    );
    return await Promise.all(ends);
  }

  async #takeAll({ merge }: Session): Promise<void> {
    this.#wakeFlushes(merge.positions);
    while (!merge.closed) {
      const record = await merge.next(this.#hold.size > 0 ? HOLD_CHECK_MS : undefined);
      if (merge.closed) return;
      if (record !== undefined) this.#take(merge, record);
      this.#wakeFlushes(merge.positions);
      if (this.#dirty.size >= DIRTY_MAX) await this.#flushing;
    }
  }

  /** At once, so that dirty keys and positions always belong together. */
  #take(merge: LaneMerge, { lane, seq, record, newest }: MergedRecord): void {
    for (const entry of record.entries) {
      if (entry.entry === "stock") this.#dirty.set(availabilityKey(entry.event.location, entry.event.sku), entry);
    }
    merge.pass();
    if (this.#dirty.size > 0 || this.#flushing !== undefined) this.#changed.set(lane, { at: record.at, newest });
    else {
      this.#flushed.set(lane, seq);
      this.#lags.published(lane, record.at, newest);
    }
  }

  #wakeFlushes(positions: Positions): void {
    for (const [lane, upTo] of this.#hold) {
      if ((positions.get(lane) ?? 0) >= upTo || !this.#world.directory.lanes.has(lane)) this.#hold.delete(lane);
    }
    if (this.#hold.size === 0 && this.#changed.size > 0) this.#wake.resolve();
  }

  async #flushLoop(session: Session, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#wake.promise;
      if (!signal.aborted) await delay(flushDelayMs(this.#dirty.size));
      this.#wake = Promise.withResolvers();
      if (signal.aborted) return;
      this.#flushing = this.#flush(session);
      await this.#flushing;
      this.#flushing = undefined;
    }
  }

  #nextId(): string {
    return `${this.#idPrefix}-${++this.#idsGiven}`;
  }

  async #flush(session: Session): Promise<void> {
    const [taken, changed, upTo] = [this.#dirty, this.#changed, new Map(session.merge.positions)];
    this.#dirty = new Map();
    this.#changed = new Map();
    await this.#write(session, taken, upTo);
    this.#flushed = upTo;
    this.#flushedLast = this.#last;
    for (const [lane, { at, newest }] of changed) this.#lags.published(lane, at, newest && !this.#changed.has(lane));
    if (this.#changed.size > 0) this.#wake.resolve();
  }

  async #write(session: Session, taken: ReadonlyMap<string, StockEntry>, upTo: Positions): Promise<void> {
    let headerLines = this.#markLine(session, upTo);
    const pointer = `${FLUSH_HEADER}: ${flushPointerText(this.#last + 1)}\r\n`;
    let run: ChainMessage[] = [];
    for (const [key, entry] of taken) {
      run.push({ subject: AVAILABILITY_PREFIX + key, id: this.#nextId(), headerLines, body: availabilityJson(entry.after) });
      headerLines = pointer;
      if (run.length < RUN_MAX) continue;
      this.#last = await session.publisher.append(run, this.#last);
      run = [];
    }
    if (run.length > 0) this.#last = await session.publisher.append(run, this.#last);
  }

  #markLine({ merge }: Session, upTo: Positions): string {
    const before = { positions: toldPositions(this.#world, this.#flushed, "availability"), anew: merge.anew };
    const further = new Map([...upTo].filter(([lane, record]) => record > (this.#flushed.get(lane) ?? 0)));
    return `${FLUSH_HEADER}: ${flushMarkText({ before, upTo: further })}\r\n`;
  }
}

function flushDelayMs(dirty: number): number {
  return FLUSH_MS_MIN + (FLUSH_MS_MAX - FLUSH_MS_MIN) * Math.min(1, dirty / DIRTY_SLOWEST);
}
