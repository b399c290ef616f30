/**
 * Publishes every stock entry of all lanes to STOCK_EVENTS: each exactly once, each record's in the order of its versions, across
 * crashes of this thread and of the server and next to other followers of the same lanes. The protocol is docs/spec/feed.md.
 *
 * E1. The messages of a journal record are neighbours and in its order; the records of a lane are in its order; lanes are merged by the
 *     rule of {@link LaneMerge}.
 * E2. Which event is message n of the stream is settled durably before it is published ({@link OrderLog}); what is settled and not there
 *     comes first in a session.
 * E3. The cursor is the tail of the stream itself; a session begins by reading it, and nothing else is trusted.
 * E4. At least every {@link VECTOR_EVERY} messages and one run, one says how far all lanes were published before it.
 */

import { CorruptData } from "../base/index.ts";
import { decodeJournalRecord, type JournalRecord } from "../codec/index.ts";
import type { StockEntry } from "../shard/index.ts";
import type { ChainMessage, RunPublisher } from "./chain-publisher.ts";
import { cloudEventJson, sourceJson } from "./cloud-event.ts";
import { type EventsEnd, eventStart, LANES_HEADER, type Progress } from "./cursor.ts";
import { type EventPlace, eventId } from "./event-id.ts";
import { type FollowerWorld, keepFollowing, mergeWorld, toldPositions } from "./follower.ts";
import { LaneLags } from "./lane-lags.ts";
import { LaneMerge, type MergedRecord } from "./lane-merge.ts";
import { vectorText } from "./lane-vector.ts";
import { endOf, OrderLog, type Plan, type Segment } from "./order-log.ts";
import { RateCap } from "./rate-cap.ts";
import { runPublisher } from "./run-publisher.ts";
import { EVENTS_STREAM } from "./streams.ts";
import { readEventsEnd } from "./tail.ts";
import { eventSubject } from "./tokens.ts";

/** Messages per acknowledged run. */
export const RUN_MAX = 512;
/** Messages after which the next run begins with a vector, and time after which it does: what a session has to read at its start. */
export const VECTOR_EVERY = 1_024;
const VECTOR_MS = 250;
/** A run that waits for more is published after this. */
const IDLE_MS = 20;
/** How often the progress is noted while records come without a pause. */
const PROGRESS_MS = 100;

interface Session {
  readonly merge: LaneMerge;
  readonly publisher: RunPublisher;
  readonly order: OrderLog;
  readonly created: string;
}

type MutableSegment = { -readonly [K in keyof Segment]: Segment[K] };

export class EventFollower {
  readonly #world: FollowerWorld;
  readonly #source: string;
  readonly #cap: RateCap;
  readonly #lags = new LaneLags();
  #session: Session | undefined;
  #run: ChainMessage[] = [];
  /** Where the messages of the run come from. */
  #segments: MutableSegment[] = [];
  /** Records taken since the last run: their lanes, when the newest was committed, and whether it was the newest of its lane. */
  readonly #taken = new Map<string, { readonly at: number; readonly newest: boolean }>();
  #last = 0;
  #sinceVector = VECTOR_EVERY;
  #vectorAt = 0;
  #progress: Progress | undefined;
  #progressAt = 0;
  #published = 0;
  #resyncs = 0;

  constructor(world: FollowerWorld, cluster: string, eventsPerSecondMax: number) {
    this.#world = world;
    this.#source = sourceJson(cluster);
    this.#cap = new RateCap(eventsPerSecondMax);
  }

  get published(): number {
    return this.#published;
  }

  get resyncs(): number {
    return this.#resyncs;
  }

  /** As of a moment when everything taken was published; undefined before the first of a session. */
  get progress(): Progress | undefined {
    return this.#progress;
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
      "events",
      this.#world,
      () => this.#follow(signal),
      () => this.#broken(),
      signal,
    );
    this.#lags.clear();
    this.#progress = undefined;
  }

  #broken(): void {
    this.#resyncs++;
    this.#lags.broken(Date.now());
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { session, partial, redo } = await this.#start();
    this.#session = session;
    try {
      if (signal.aborted) return;
      for (const step of redo) await this.#redo(session, step);
      if (partial !== undefined) await this.#finish(session, partial);
      await session.merge.begin();
      this.#lags.begun();
      this.#noteProgress(session);
      await this.#takeAll(session);
    } finally {
      session.merge.close();
      this.#session = undefined;
    }
  }

  async #start(): Promise<{
    readonly session: Session;
    readonly partial: EventPlace | undefined;
    readonly redo: readonly Redo[];
  }> {
    const { connection, jsm } = this.#world;
    const { config } = await jsm.streams.info(EVENTS_STREAM);
    const end = await readEventsEnd(connection, jsm);
    const { log: order, ahead } = await OrderLog.open(connection, jsm, end);
    const cursor = (await this.#world.storedCursor())?.events;
    const start = eventStart(withPlanned(end, ahead), cursor);
    this.#world.resynced();
    this.#run = [];
    this.#segments = [];
    this.#taken.clear();
    this.#last = end.last;
    this.#sinceVector = VECTOR_EVERY;
    this.#progress = undefined;
    const merge = new LaneMerge(mergeWorld(this.#world, this.#lags), start);
    const session = { merge, publisher: runPublisher(connection, config), order, created: end.created };
    return { session, partial: start.partial, redo: redoSteps(end, ahead, cursor) };
  }

  /** Publishes what of a run is settled and not in the stream: E2. */
  async #redo({ publisher, merge }: Session, { plan, vector }: Redo): Promise<void> {
    const run: ChainMessage[] = [];
    for (const { lane, record, from, to } of plan.segments) {
      const { entries } = await this.#record(lane, record);
      for (let index = from; index <= to; index++) {
        const entry = entries[index];
        const headerLines = plan.first + run.length === this.#last + 1 ? vector : "";
        if (entry?.entry === "stock") run.push(this.#message(entry, lane, record, index, headerLines));
      }
    }
    if (plan.first - 1 + run.length !== endOf(plan))
      throw new CorruptData("a plan and the lanes differ", `message ${plan.first}`);
    const missing = run.slice(this.#last + 1 - plan.first);
    if (missing.length === 0 || merge.closed) return;
    this.#last = await publisher.append(missing, this.#last);
    this.#published += missing.length;
  }

  /** The record that was being published comes first: E1. */
  async #finish(session: Session, { lane, seq, index }: EventPlace): Promise<void> {
    await this.#takeEntries(session, lane, seq, await this.#record(lane, seq), index + 1);
    await this.#flush(session);
    session.merge.advance(lane, seq);
  }

  async #record(lane: string, seq: number): Promise<JournalRecord> {
    const stream = this.#world.directory.streamOf(lane);
    const where = `lane ${stream}, sequence ${seq}`;
    const message = await this.#world.jsm.streams.getMessage(stream, { seq });
    if (message === null) throw new CorruptData("the record of an event is gone", where);
    return decodeJournalRecord(message.data, where);
  }

  async #takeAll(session: Session): Promise<void> {
    const { merge } = session;
    while (!merge.closed) {
      const record = await merge.next(this.#run.length > 0 ? IDLE_MS : undefined);
      if (merge.closed) return;
      if (record !== undefined) await this.#take(session, record);
      else await this.#settle(session, true);
    }
  }

  async #take(session: Session, { lane, seq, record, newest, final }: MergedRecord): Promise<void> {
    await this.#takeEntries(session, lane, seq, record, 0);
    session.merge.pass();
    this.#taken.set(lane, { at: record.at, newest });
    if (final || this.#run.length === 0) await this.#settle(session, final);
  }

  async #takeEntries(session: Session, lane: string, seq: number, record: JournalRecord, from: number): Promise<void> {
    for (let index = from; index < record.entries.length; index++) {
      const entry = record.entries[index];
      if (entry?.entry !== "stock") continue;
      const headerLines = this.#run.length === 0 ? this.#vectorLine(session) : "";
      this.#run.push(this.#message(entry, lane, seq, index, headerLines));
      this.#note(lane, seq, index);
      if (this.#run.length === RUN_MAX) await this.#flush(session);
    }
  }

  #message(entry: StockEntry, lane: string, seq: number, index: number, headerLines: string): ChainMessage {
    const id = eventId(lane, seq, index);
    const { location, sku, kind } = entry.event;
    return { subject: eventSubject(location, sku, kind), id, headerLines, body: cloudEventJson(id, this.#source, entry) };
  }

  #note(lane: string, record: number, index: number): void {
    const newest = this.#segments.at(-1);
    if (newest === undefined || newest.record !== record || newest.lane !== lane) {
      this.#segments.push({ lane, record, from: index, to: index, count: 1 });
      return;
    }
    newest.to = index;
    newest.count++;
  }

  /** E4. The positions before this run: records passed are whole in the stream, the one being taken follows by its ids. */
  #vectorLine({ merge }: Session): string {
    const now = performance.now();
    if (this.#sinceVector < VECTOR_EVERY && now - this.#vectorAt < VECTOR_MS) return "";
    this.#sinceVector = 0;
    this.#vectorAt = now;
    const positions = toldPositions(this.#world, merge.positions, "events");
    return `${LANES_HEADER}: ${vectorText({ positions, anew: merge.anew })}\r\n`;
  }

  /** Between records: publishes what waits, and all that was taken is published. */
  async #settle(session: Session, note: boolean): Promise<void> {
    await this.#flush(session);
    for (const [lane, { at, newest }] of this.#taken) this.#lags.published(lane, at, newest);
    this.#taken.clear();
    if (note || performance.now() - this.#progressAt > PROGRESS_MS) this.#noteProgress(session);
  }

  #noteProgress({ merge, created }: Session): void {
    this.#progressAt = performance.now();
    this.#progress = { lanes: Object.fromEntries(merge.positions), anew: merge.anew, streamSeq: this.#last, created };
  }

  async #flush({ publisher, order }: Session): Promise<void> {
    const [run, segments] = [this.#run, this.#segments];
    if (run.length === 0) return;
    this.#run = [];
    this.#segments = [];
    await order.append(this.#last + 1, segments);
    this.#last = await publisher.append(run, this.#last);
    this.#sinceVector += run.length;
    this.#published += run.length;
    await this.#cap.spend(run.length);
  }
}

/** A plan to publish again, and the header of the first message of it that is missing. */
interface Redo {
  readonly plan: Plan;
  readonly vector: string;
}

/** Plans between two vectors: with what is in the stream before them they are fewer messages than are read back. */
const REDO_VECTOR_EVERY = 3;

function redoSteps(end: EventsEnd, plans: readonly Plan[], cursor: Progress | undefined): Redo[] {
  return plans.map((plan, index) => {
    if (index % REDO_VECTOR_EVERY !== 0) return { plan, vector: "" };
    const { positions, anew, partial } = eventStart(withPlanned(end, plans.slice(0, index)), cursor);
    const [next] = plan.first > end.last ? plan.segments : [];
    if (partial !== undefined && next !== undefined && (next.lane !== partial.lane || next.record !== partial.seq)) {
      positions.set(partial.lane, partial.seq);
    }
    const complete = partial === undefined || next !== undefined;
    return { plan, vector: complete ? `${LANES_HEADER}: ${vectorText({ positions, anew })}\r\n` : "" };
  });
}

/** The end as it will be when all plans are published. */
function withPlanned(end: EventsEnd, plans: readonly Plan[]): EventsEnd {
  if (plans.length === 0) return end;
  const marks = [...end.marks];
  for (const plan of plans) {
    let seq = plan.first - 1;
    for (const { lane, record, to, count } of plan.segments) {
      seq += count;
      if (seq > end.last) marks.push({ seq, id: eventId(lane, record, to), vector: "" });
    }
  }
  return { ...end, marks, last: marks.at(-1)?.seq ?? end.last };
}
