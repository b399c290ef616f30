/**
 * Keeps the last availability of every record in the bucket STOCK_AVAILABILITY, conflated: many changes of a key between two
 * flushes are one write.
 *
 * A1. A key's version never goes back: after a break nothing is written before the journal is read as far as the broken
 *     flush may have got.
 * A2. What a flush leaves unfinished is found again: each message says up to which record all was in the bucket before it.
 */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { StockEntry } from "../shard/index.ts";
import { type ChainMessage, ChainPublisher } from "./chain-publisher.ts";
import { availabilityJson } from "./cloud-event.ts";
import {
  type AvailabilityStart,
  availabilityStart,
  FLUSH_HEADER,
  flushMarkText,
  type Progress,
  parseFlushMark,
} from "./cursor.ts";
import { type FollowerWorld, keepFollowing } from "./follower.ts";
import { Lag } from "./lag.ts";
import { LaneReader, type LaneRecord } from "./lane-reader.ts";
import { AVAILABILITY_PREFIX, AVAILABILITY_STREAM, readTail } from "./streams.ts";
import { availabilityKey } from "./tokens.ts";

const RUN_MAX = 512;
const FLUSH_MS_MIN = 200;
const FLUSH_MS_MAX = 700;
/** Dirty keys at which the wait between flushes is longest. */
const DIRTY_SLOWEST = 5_000;
/** Dirty keys at which reading waits for a flush: bounds memory. */
const DIRTY_MAX = 100_000;

export class AvailabilityFollower {
  readonly #world: FollowerWorld;
  readonly #publisher: ChainPublisher;
  readonly #lag = new Lag();
  #reader: LaneReader | undefined;
  #dirty = new Map<string, StockEntry>();
  #wake = Promise.withResolvers<void>();
  /** Message ids are this follower's alone: they tell its writes from those of another. */
  readonly #idPrefix = randomUUID();
  #idsGiven = 0;
  #last = 0;
  #holdUntil = 0;
  #read = 0;
  #readAt = 0;
  #flushed = 0;
  #flushing: Promise<void> | undefined;

  constructor(world: FollowerWorld) {
    this.#world = world;
    this.#publisher = new ChainPublisher(world.connection);
  }

  get progress(): Progress {
    return { record: this.#flushed, streamSeq: this.#last };
  }

  lagSeconds(nowMs: number): number {
    return this.#lag.seconds(nowMs);
  }

  /** Ends the session that runs, so that the next one starts from the tail. */
  connectionLost(): void {
    this.#reader?.lost();
    this.#publisher.lost();
  }

  /** Resolves after the signal. */
  async follow(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#reader?.close(), { once: true });
    await keepFollowing(
      "availability",
      this.#world,
      () => this.#session(),
      () => this.#lag.waiting(Date.now()),
      signal,
    );
  }

  async #session(): Promise<void> {
    const start = await this.#start();
    const reader = new LaneReader(this.#world.connection, this.#world.stream, start.from);
    this.#reader = reader;
    const ended = new AbortController();
    const flushes = this.#flushLoop(ended.signal).catch((error: unknown) => {
      reader.close();
      return error;
    });
    try {
      for await (const record of reader.records()) await this.#take(record);
    } finally {
      reader.close();
      ended.abort();
      this.#wake.resolve();
      await flushes;
    }
    const failure = await flushes;
    if (failure !== undefined) throw failure;
  }

  async #start(): Promise<AvailabilityStart> {
    const { jsm, stream, lane } = this.#world;
    const markOf = (text: string) => parseFlushMark(lane, text);
    const tail = await readTail(jsm, AVAILABILITY_STREAM, (message) => markOf(message.header.get(FLUSH_HEADER)) !== undefined);
    const mark = tail.message === undefined ? undefined : markOf(tail.message.header.get(FLUSH_HEADER));
    const { state } = await jsm.streams.info(stream);
    const bounds = { first: state.first_seq || 1, last: state.last_seq };
    const start = availabilityStart(mark, tail.lastSeq, (await this.#world.storedCursor())?.availability, bounds);
    this.#world.resynced();
    this.#dirty = new Map();
    this.#wake = Promise.withResolvers();
    this.#last = start.last;
    this.#holdUntil = start.holdUntil;
    this.#read = start.from - 1;
    this.#flushed = start.from - 1;
    return start;
  }

  async #take({ seq, record, newest }: LaneRecord): Promise<void> {
    for (const entry of record.entries) {
      if (entry.entry === "stock") this.#dirty.set(availabilityKey(entry.event.location, entry.event.sku), entry);
    }
    this.#read = seq;
    this.#readAt = record.at;
    if (this.#dirty.size === 0) this.#nothingToFlush(newest);
    else this.#lag.waiting(record.at);
    if (this.#dirty.size > 0 && seq >= this.#holdUntil) this.#wake.resolve();
    if (this.#dirty.size >= DIRTY_MAX) await this.#flushing;
  }

  #nothingToFlush(newest: boolean): void {
    if (this.#flushing !== undefined) return;
    this.#flushed = this.#read;
    this.#lag.published(this.#readAt, newest);
  }

  async #flushLoop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#wake.promise;
      if (!signal.aborted) await delay(flushDelayMs(this.#dirty.size));
      this.#wake = Promise.withResolvers();
      if (signal.aborted) return;
      this.#flushing = this.#flush();
      await this.#flushing;
      this.#flushing = undefined;
    }
  }

  #nextId(): string {
    return `${this.#idPrefix}-${++this.#idsGiven}`;
  }

  async #flush(): Promise<void> {
    const taken = this.#dirty;
    this.#dirty = new Map();
    const mark = { before: this.#flushed, upTo: this.#read };
    const at = this.#readAt;
    const headerLines = `${FLUSH_HEADER}: ${flushMarkText(this.#world.lane, mark)}\r\n`;
    let run: ChainMessage[] = [];
    for (const [key, entry] of taken) {
      run.push({ subject: AVAILABILITY_PREFIX + key, id: this.#nextId(), headerLines, body: availabilityJson(entry.after) });
      if (run.length < RUN_MAX) continue;
      this.#last = await this.#publisher.append(run, this.#last);
      run = [];
    }
    if (run.length > 0) this.#last = await this.#publisher.append(run, this.#last);
    this.#flushed = this.#dirty.size === 0 ? this.#read : mark.upTo;
    this.#lag.published(at, this.#dirty.size === 0);
  }
}

function flushDelayMs(dirty: number): number {
  return FLUSH_MS_MIN + (FLUSH_MS_MAX - FLUSH_MS_MIN) * Math.min(1, dirty / DIRTY_SLOWEST);
}
