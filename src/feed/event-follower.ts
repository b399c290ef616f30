/**
 * Publishes every stock entry of a lane to STOCK_EVENTS: each exactly once, in the order of the journal, across crashes of
 * this thread and of the server. The protocol is docs/spec/feed.md.
 *
 * E1. Message n of the stream is the n-th stock entry of the lane (one lane writes).
 * E2. The cursor is the tail of the stream itself; a session begins by reading it, and nothing else is trusted.
 */

import type { StockEntry } from "../shard/index.ts";
import { type ChainMessage, ChainPublisher, ID_HEADER } from "./chain-publisher.ts";
import { cloudEventJson, sourceJson } from "./cloud-event.ts";
import { type EventStart, eventStart, type Progress } from "./cursor.ts";
import { eventId, placeOfEventId } from "./event-id.ts";
import { type FollowerWorld, keepFollowing } from "./follower.ts";
import { Lag } from "./lag.ts";
import { LaneReader, type LaneRecord } from "./lane-reader.ts";
import { RateCap } from "./rate-cap.ts";
import { EVENTS_STREAM, readTail } from "./streams.ts";
import { eventSubject } from "./tokens.ts";

/** Messages per acknowledged run. */
export const RUN_MAX = 512;

export class EventFollower {
  readonly #world: FollowerWorld;
  readonly #publisher: ChainPublisher;
  readonly #source: string;
  readonly #cap: RateCap;
  readonly #lag = new Lag();
  #reader: LaneReader | undefined;
  #run: ChainMessage[] = [];
  #last = 0;
  #skipEvents = 0;
  #progress: Progress | undefined;
  #published = 0;
  #resyncs = 0;

  constructor(world: FollowerWorld, cluster: string, eventsPerSecondMax: number) {
    this.#world = world;
    this.#publisher = new ChainPublisher(world.connection);
    this.#source = sourceJson(cluster);
    this.#cap = new RateCap(eventsPerSecondMax);
  }

  get published(): number {
    return this.#published;
  }

  get resyncs(): number {
    return this.#resyncs;
  }

  /** As of the last record that is published whole; undefined before the first of a session. */
  get progress(): Progress | undefined {
    return this.#progress;
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
      "events",
      this.#world,
      () => this.#session(),
      () => this.#broken(),
      signal,
    );
  }

  #broken(): void {
    this.#resyncs++;
    this.#lag.waiting(Date.now());
  }

  async #session(): Promise<void> {
    const start = await this.#start();
    const reader = new LaneReader(this.#world.connection, this.#world.stream, start.from);
    this.#reader = reader;
    try {
      for await (const record of reader.records()) await this.#take(record, start);
    } finally {
      reader.close();
    }
  }

  async #start(): Promise<EventStart> {
    const { jsm, stream, lane } = this.#world;
    const mine = (id: string): boolean => placeOfEventId(lane, id) !== undefined;
    const tail = await readTail(jsm, EVENTS_STREAM, (message) => mine(message.header.get(ID_HEADER)));
    const place = tail.message === undefined ? undefined : placeOfEventId(lane, tail.message.header.get(ID_HEADER));
    const { state } = await jsm.streams.info(stream);
    const start = eventStart(place, tail.lastSeq, (await this.#world.storedCursor())?.events, state.first_seq || 1);
    this.#world.resynced();
    this.#run = [];
    this.#last = start.last;
    this.#skipEvents = start.skipEvents;
    this.#progress = undefined;
    return start;
  }

  async #take({ seq, record, newest }: LaneRecord, start: EventStart): Promise<void> {
    if (record.entries.length > 0) this.#lag.waiting(record.at);
    for (let index = seq === start.from ? start.skipThrough + 1 : 0; index < record.entries.length; index++) {
      const entry = record.entries[index];
      if (entry?.entry !== "stock") continue;
      if (this.#skipEvents > 0) this.#skipEvents--;
      else this.#run.push(this.#message(entry, seq, index));
      if (this.#run.length === RUN_MAX) await this.#flush();
    }
    if (newest) await this.#flush();
    if (this.#run.length > 0) return;
    this.#progress = { record: seq, streamSeq: this.#last - this.#skipEvents };
    this.#lag.published(record.at, newest);
  }

  #message(entry: StockEntry, seq: number, index: number): ChainMessage {
    const id = eventId(this.#world.lane, seq, index);
    const { location, sku, kind } = entry.event;
    return {
      subject: eventSubject(location, sku, kind),
      id,
      headerLines: "",
      body: cloudEventJson(id, this.#source, entry),
    };
  }

  async #flush(): Promise<void> {
    const run = this.#run;
    if (run.length === 0) return;
    this.#run = [];
    this.#last = await this.#publisher.append(run, this.#last);
    this.#published += run.length;
    await this.#cap.spend(run.length);
  }
}
