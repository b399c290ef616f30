/**
 * Follows a lane record by record: an ephemeral consumer with one pull open at a time, so that the server sends a record the moment it
 * is committed.
 *
 * F1. Records come as direct successors from `from` on; a hole, a trimmed start or a `from` beyond the end is CorruptData.
 * F2. Never hangs: a lost connection, a consumer or server that is gone, silence beyond {@link SILENCE_MS} reject. A follow that rejected is over.
 * F3. What waits here is bounded by one pull: {@link PULL_RECORDS} records and the bytes of the pull. The next is asked for when half is taken.
 */

import { AckPolicy, DeliverPolicy, type JetStreamManager, jetstreamManager, ReplayPolicy } from "@nats-io/jetstream";
import { createInbox, type Msg, type NatsConnection, nanos, type Subscription } from "@nats-io/nats-core";
import { CorruptData, type LaneSeq } from "../base/index.ts";
import type { FollowedRecord, LaneFollow } from "../ports/index.ts";
import { deliveryPending, streamSequence } from "./lane-replay.ts";

const PULL_RECORDS = 256;
const PULL_BYTES = 16 * 1024 * 1024;
const PULL_MS = 30_000;
const HEARTBEAT_MS = 2_000;
const SILENCE_MS = 7_000;
/** The consumer outlives its follower by this when the follower dies. */
const CONSUMER_LIFE_MS = 60_000;
const REQUEST_MS = 5_000;
const HEARTBEAT = 100;
const PULL_EXPIRED = 408;
const BATCH_COMPLETED = "Batch Completed";

interface Arrived {
  readonly seq: LaneSeq;
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

interface Waiter {
  resolve(record: FollowedRecord | undefined): void;
  reject(error: Error): void;
}

export class JetStreamFollow implements LaneFollow {
  readonly #connection: NatsConnection;
  readonly #stream: string;
  /** Each pull has a subject of its own behind it: the end of one that is used up may come after the next was asked for. */
  readonly #inbox = createInbox();
  #pulls = 0;
  #pullInbox = "";
  #queue: Arrived[] = [];
  #taken = 0;
  #next: number;
  #leftInPull = 0;
  #arrivedInPull = 0;
  #pullSubject = "";
  #waiter: Waiter | undefined;
  #failure: Error | undefined;
  #closed = false;
  #silence: NodeJS.Timeout | undefined;
  #subscription: Subscription | undefined;
  #removeConsumer: (() => void) | undefined;

  constructor(connection: NatsConnection, stream: string, from: LaneSeq) {
    this.#connection = connection;
    this.#stream = stream;
    this.#next = Math.max(from, 1);
    void this.#watchConnection();
    this.#open().catch((error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))));
  }

  next(): Promise<FollowedRecord | undefined> {
    const record = this.#take();
    if (record !== undefined) return Promise.resolve(record);
    if (this.#closed) return Promise.resolve(undefined);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#letGo();
    this.#queue = [];
    this.#taken = 0;
    this.#waiter?.resolve(undefined);
    this.#waiter = undefined;
  }

  async #open(): Promise<void> {
    const manager = await jetstreamManager(this.#connection, { checkAPI: false, timeout: REQUEST_MS });
    await this.#checkStart(manager);
    if (this.#over) return;
    this.#subscription = this.#connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => this.#receive(error, message),
    });
    const { name } = await manager.consumers.add(this.#stream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#next,
      replay_policy: ReplayPolicy.Instant,
      inactive_threshold: nanos(CONSUMER_LIFE_MS),
      mem_storage: true,
      num_replicas: 1,
    });
    this.#removeConsumer = () => void manager.consumers.delete(this.#stream, name).catch(() => false);
    if (this.#over) return this.#letGo();
    this.#pullSubject = `$JS.API.CONSUMER.MSG.NEXT.${this.#stream}.${name}`;
    this.#silence = setTimeout(() => this.#fail(this.#stopped(`nothing heard for ${SILENCE_MS} ms`)), SILENCE_MS);
    this.#pull();
  }

  async #checkStart(manager: JetStreamManager): Promise<void> {
    const { state } = await manager.streams.info(this.#stream);
    if (this.#next < state.first_seq) throw new CorruptData("record was trimmed", this.#where);
    if (this.#next > state.last_seq + 1) throw new CorruptData(`lane ends at ${state.last_seq}, before the record`, this.#where);
  }

  #pull(): void {
    this.#pullInbox = `${this.#inbox}.${++this.#pulls}`;
    this.#leftInPull = PULL_RECORDS;
    this.#arrivedInPull = 0;
    const bytesMax = Math.max(PULL_BYTES, 2 * (this.#connection.info?.max_payload ?? 0));
    const request = { batch: PULL_RECORDS, max_bytes: bytesMax, expires: nanos(PULL_MS), idle_heartbeat: nanos(HEARTBEAT_MS) };
    this.#connection.publish(this.#pullSubject, JSON.stringify(request), { reply: this.#pullInbox });
  }

  /** The next pull, once the one before is used up and half of what it brought is taken. */
  #pullWhenDue(): void {
    if (this.#leftInPull > 0 || this.#over || this.#queue.length - this.#taken > PULL_RECORDS / 2) return;
    this.#pull();
  }

  #receive(error: Error | null, message: Msg): void {
    if (this.#over) return;
    if (error !== null) return this.#fail(error);
    this.#silence?.refresh();
    const code = message.headers?.code ?? 0;
    if (code === 0) this.#onRecord(message);
    else if (code !== HEARTBEAT && message.subject === this.#pullInbox) this.#onPullEnd(code, message.headers?.description ?? "");
  }

  #onRecord(message: Msg): void {
    const reply = message.reply ?? "";
    const seq = streamSequence(reply);
    if (seq !== this.#next) return this.#fail(new CorruptData(`record is missing, ${seq} came instead`, this.#where));
    this.#next++;
    this.#leftInPull--;
    this.#arrivedInPull++;
    this.#queue.push({ seq: seq as LaneSeq, bytes: message.data.slice(), last: deliveryPending(reply) === 0 });
    const waiter = this.#waiter;
    if (waiter === undefined) return this.#pullWhenDue();
    this.#waiter = undefined;
    waiter.resolve(this.#take());
  }

  /** A pull ends by its time, or early at its limit of bytes; one that ends for anything else has brought nothing. */
  #onPullEnd(code: number, description: string): void {
    // Of a pull that brought all it was asked for, which was counted: the next may be under way. The server says it in words alone.
    if (description === BATCH_COMPLETED) return;
    if (code !== PULL_EXPIRED && this.#arrivedInPull === 0) {
      return this.#fail(this.#stopped(`the journal ended the read with ${code} ${description}`));
    }
    this.#leftInPull = 0;
    this.#pullWhenDue();
  }

  #take(): FollowedRecord | undefined {
    const arrived = this.#queue[this.#taken];
    if (arrived === undefined) return undefined;
    this.#taken++;
    const left = this.#queue.length - this.#taken;
    if (left === 0) {
      this.#queue = [];
      this.#taken = 0;
    }
    this.#pullWhenDue();
    return { seq: arrived.seq, bytes: arrived.bytes, newest: arrived.last && left === 0 };
  }

  get #over(): boolean {
    return this.#closed || this.#failure !== undefined;
  }

  get #where(): string {
    return `lane ${this.#stream}, sequence ${this.#next}`;
  }

  #stopped(why: string): Error {
    return new Error(`following stopped: ${why} (${this.#where})`);
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.#failure = error;
    this.#letGo();
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }

  /** A consumer that cannot be removed now ends by itself after CONSUMER_LIFE_MS. */
  #letGo(): void {
    clearTimeout(this.#silence);
    if (this.#connection.isClosed()) return;
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#removeConsumer?.();
    this.#removeConsumer = undefined;
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (this.#over) return;
      if (status.type === "disconnect" || status.type === "close") this.#fail(this.#stopped("the connection was lost"));
    }
    this.#fail(this.#stopped("the connection is closed"));
  }
}
