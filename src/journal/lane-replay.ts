/**
 * Replay of a lane: an unfiltered ephemeral consumer read by pulls, one in flight.
 *
 * R1. Every record arrives as the direct successor of the one before; anything else is CorruptData with lane and sequence.
 * R2. Never hangs: silence for `idleMs`, or a pull that ends without a record, rejects.
 *
 * Pulls are bounded in records and bytes, since a server drops a client that cannot keep up with what it asked for.
 */

import { AckPolicy, DeliverPolicy, type JetStreamManager, ReplayPolicy } from "@nats-io/jetstream";
import { createInbox, type Msg, type NatsConnection, nanos, type Subscription } from "@nats-io/nats-core";
import { CorruptData, type LaneSeq } from "../base/index.ts";

const PULL_RECORDS_MAX = 2_000;
const PULL_BYTES_MAX = 16 * 1024 * 1024;
/** The consumer outlives its reader by this when the reader dies. */
const CONSUMER_LIFE_MS = 60_000;
const HEARTBEAT = 100;
const REPLY_TOKENS_SHORT = 9;

export type OnRecord = (seq: LaneSeq, record: Uint8Array) => void;

export interface LaneReader {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  /** Silence after which the journal counts as gone, ms. */
  readonly idleMs: number;
}

/** See Journal.replay. O(records). */
export async function replayLane(reader: LaneReader, from: LaneSeq, to: LaneSeq, onRecord: OnRecord): Promise<void> {
  if (from > to) return;
  await checkRange(reader, from, to);
  const consumer = await addConsumer(reader, from);
  try {
    await new Pulls(reader, consumer, from, to, onRecord).run();
  } finally {
    await removeConsumer(reader, consumer);
  }
}

async function checkRange({ manager, stream }: LaneReader, from: LaneSeq, to: LaneSeq): Promise<void> {
  const { state } = await manager.streams.info(stream, { deleted_details: true });
  if (from < state.first_seq) throw new CorruptData("record was trimmed", at(stream, from));
  if (to > state.last_seq) throw new CorruptData(`lane ends at ${state.last_seq}, before the record`, at(stream, to));
  const hole = state.deleted?.find((seq) => seq >= from && seq <= to);
  if (hole !== undefined) throw new CorruptData("record is missing", at(stream, hole));
}

async function addConsumer({ manager, stream }: LaneReader, from: LaneSeq): Promise<string> {
  const info = await manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
    replay_policy: ReplayPolicy.Instant,
    inactive_threshold: nanos(CONSUMER_LIFE_MS),
    mem_storage: true,
    num_replicas: 1,
  });
  return info.name;
}

/** A consumer that cannot be removed now ends by itself after CONSUMER_LIFE_MS; that is not worth failing a replay. */
async function removeConsumer({ manager, stream }: LaneReader, consumer: string): Promise<void> {
  await manager.consumers.delete(stream, consumer).catch(() => false);
}

function at(stream: string, seq: number): string {
  return `lane ${stream}, sequence ${seq}`;
}

class Pulls {
  readonly #reader: LaneReader;
  readonly #pullSubject: string;
  readonly #to: LaneSeq;
  readonly #onRecord: OnRecord;
  /** Each pull has a subject of its own behind it: the end of one that is used up may come after the next was asked for. */
  readonly #inbox = createInbox();
  #pulls = 0;
  #pullInbox = "";
  readonly #ended = Promise.withResolvers<void>();
  #next: number;
  #leftInPull = 0;
  #arrivedInPull = 0;
  #watch: NodeJS.Timeout | undefined;

  constructor(reader: LaneReader, consumer: string, from: LaneSeq, to: LaneSeq, onRecord: OnRecord) {
    this.#reader = reader;
    this.#pullSubject = `$JS.API.CONSUMER.MSG.NEXT.${reader.stream}.${consumer}`;
    this.#to = to;
    this.#onRecord = onRecord;
    this.#next = from;
  }

  async run(): Promise<void> {
    const { connection, idleMs } = this.#reader;
    const subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => this.#onMessage(error, message),
    });
    this.#watch = setTimeout(() => this.#fail(this.#stopped(`no record within ${idleMs} ms`)), idleMs);
    try {
      this.#pull();
      await this.#ended.promise;
    } finally {
      clearTimeout(this.#watch);
      endSubscription(connection, subscription);
    }
  }

  #pull(): void {
    const { connection, idleMs } = this.#reader;
    this.#pullInbox = `${this.#inbox}.${++this.#pulls}`;
    this.#leftInPull = Math.min(PULL_RECORDS_MAX, this.#to - this.#next + 1);
    this.#arrivedInPull = 0;
    const bytesMax = Math.max(PULL_BYTES_MAX, 2 * (connection.info?.max_payload ?? 0));
    const request = { batch: this.#leftInPull, max_bytes: bytesMax, expires: nanos(idleMs) };
    connection.publish(this.#pullSubject, JSON.stringify(request), { reply: this.#pullInbox });
  }

  #onMessage(error: Error | null, message: Msg): void {
    if (this.#next > this.#to) return;
    try {
      if (error !== null) throw error;
      const code = message.headers?.code ?? 0;
      if (code === 0) this.#onRecordMessage(message);
      else if (code !== HEARTBEAT && message.subject === this.#pullInbox)
        this.#onPullEnd(code, message.headers?.description ?? "");
    } catch (failure) {
      this.#fail(failure);
    }
  }

  #onRecordMessage(message: Msg): void {
    const seq = streamSequence(message.reply ?? "");
    if (seq !== this.#next) throw new CorruptData(`record is missing, ${seq} came instead`, at(this.#reader.stream, this.#next));
    this.#onRecord(seq as LaneSeq, message.data);
    this.#watch?.refresh();
    this.#next++;
    this.#arrivedInPull++;
    this.#leftInPull--;
    if (this.#next > this.#to) this.#ended.resolve();
    else if (this.#leftInPull === 0) this.#pull();
  }

  /** The server ends a pull early at its limit of bytes, which is fine, or because something is wrong. */
  #onPullEnd(code: number, description: string): void {
    if (this.#arrivedInPull === 0) throw this.#stopped(`the journal ended the read with ${code} ${description}`);
    this.#pull();
  }

  #stopped(why: string): Error {
    return new Error(`replay stopped: ${why} (${at(this.#reader.stream, this.#next)})`);
  }

  #fail(cause: unknown): void {
    this.#next = Number.POSITIVE_INFINITY;
    this.#ended.reject(cause);
  }
}

/**
 * Stream sequence in the reply subject of a delivered message, NaN when it is not such a subject:
 * `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>...`, or with domain and account after `ACK` (ADR-15 of NATS).
 */
export function streamSequence(reply: string): number {
  const tokens = reply.split(".");
  return Number(tokens.length === REPLY_TOKENS_SHORT ? tokens[5] : tokens[7]);
}

/** Records behind the delivered one when the server sent it, from the same reply subject. */
export function deliveryPending(reply: string): number {
  const tokens = reply.split(".");
  return Number(tokens.length === REPLY_TOKENS_SHORT ? tokens[8] : tokens[10]);
}

function endSubscription(connection: NatsConnection, subscription: Subscription): void {
  if (!connection.isClosed()) subscription.unsubscribe();
}
