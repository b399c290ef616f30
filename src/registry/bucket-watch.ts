/**
 * Watches a bucket: an ephemeral consumer that is made again, with the newest value of every key, whenever it may have missed something.
 *
 * V1. What is shown of a key has growing revisions, over any number of consumers, for as long as the bucket is the same.
 * V2. A hole in the consumer's numbers, silence beyond {@link SILENCE_MS}, a lost connection: a new consumer, until `stop`.
 * V3. A bucket that was lost and made again (memory storage) begins with new revisions: its keys are shown anew, and those that are gone
 *     as deleted.
 */

import { AckPolicy, DeliverPolicy, type JetStreamManager, ReplayPolicy } from "@nats-io/jetstream";
import { createInbox, type Msg, type NatsConnection, nanos, type Subscription } from "@nats-io/nats-core";
import type { KeyValueEntry } from "../ports/index.ts";
import { parseDelivery } from "./ack-subject.ts";
import { type Bucket, bucketPrefix, bucketStream, ensureBucket } from "./bucket-stream.ts";
import { OPERATION_HEADER } from "./bucket-writer.ts";

const HEARTBEAT_MS = 1_000;
const SILENCE_MS = 3_500;
const RETRY_MS = 100;
const RETRY_MS_MAX = 1_000;
/** The consumer outlives its watcher by this when the watcher dies. */
const CONSUMER_LIFE_MS = 30_000;

export type OnChange = (key: string, entry: KeyValueEntry | undefined) => void;

export interface WatchedBucket {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly bucket: Bucket;
}

export class BucketWatch {
  readonly #watched: WatchedBucket;
  readonly #prefix: string;
  readonly #onChange: OnChange;
  readonly #onSettled: () => void;
  /** Newest revision shown of each key, deleted ones too. */
  readonly #shown = new Map<string, number>();
  /** When the bucket that is watched was made. */
  #made = "";
  #settled = false;
  #stopped = false;
  #retryMs = RETRY_MS;
  #retry: NodeJS.Timeout | undefined;
  #view: View | undefined;

  constructor(watched: WatchedBucket, onChange: OnChange, onSettled: () => void) {
    this.#watched = watched;
    this.#prefix = bucketPrefix(watched.bucket.name);
    this.#onChange = onChange;
    this.#onSettled = onSettled;
    void this.#watchConnection();
    void this.#open();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#view?.close();
  }

  async #open(): Promise<void> {
    const { connection, manager, bucket } = this.#watched;
    const view = new View(connection, {
      onMessage: (message, revision) => this.#onMessage(message, revision),
      onComplete: (keys) => this.#onComplete(keys),
      onLost: () => this.#reopen(view),
    });
    this.#view = view;
    try {
      const { created } = await ensureBucket(manager, bucket);
      if (this.#stopped) return view.close();
      if (created !== this.#made) this.#forget(created);
      await view.open(manager, bucketStream(bucket.name), `${this.#prefix}>`);
      this.#retryMs = RETRY_MS;
    } catch {
      // Without a server, or between two leaders; whatever it is, the remedy is the same.
      this.#reopen(view);
    }
  }

  #reopen(view: View): void {
    if (this.#stopped || view !== this.#view) return;
    view.close();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#open(), this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS_MAX);
  }

  #forget(made: string): void {
    this.#made = made;
    for (const key of this.#shown.keys()) this.#shown.set(key, 0);
  }

  #onMessage(message: Msg, revision: number): void {
    const key = message.subject.slice(this.#prefix.length);
    if (this.#stopped || revision <= (this.#shown.get(key) ?? 0)) return;
    this.#shown.set(key, revision);
    const deleted = (message.headers?.get(OPERATION_HEADER) ?? "") !== "";
    this.#onChange(key, deleted ? undefined : { key, value: message.data.slice(), revision });
  }

  /** All that existed has been shown: what was known and did not come again is gone. */
  #onComplete(subjects: ReadonlySet<string>): void {
    if (this.#stopped) return;
    for (const key of [...this.#shown.keys()]) {
      if (subjects.has(this.#prefix + key)) continue;
      this.#shown.delete(key);
      this.#onChange(key, undefined);
    }
    if (this.#settled) return;
    this.#settled = true;
    this.#onSettled();
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#watched.connection.status()) {
      if (this.#stopped) return;
      if (status.type === "reconnect") this.#retryMs = RETRY_MS;
      if ((status.type === "reconnect" || status.type === "disconnect") && this.#view !== undefined) this.#reopen(this.#view);
    }
    this.stop();
  }
}

interface ViewListener {
  onMessage(message: Msg, revision: number): void;
  /** Every value that existed when the view was opened has been given; the subjects seen until now. Called once at most. */
  onComplete(subjects: ReadonlySet<string>): void;
  /** Called once at most; the view is of no use any more. */
  onLost(): void;
}

/** One consumer, from its making to the first doubt. */
class View {
  readonly #connection: NatsConnection;
  readonly #listener: ViewListener;
  readonly #inbox = createInbox();
  readonly #subjects = new Set<string>();
  #subscription: Subscription | undefined;
  #silence: NodeJS.Timeout | undefined;
  #seen = 0;
  #complete = false;
  #closed = false;
  #remove: (() => void) | undefined;

  constructor(connection: NatsConnection, listener: ViewListener) {
    this.#connection = connection;
    this.#listener = listener;
  }

  async open(manager: JetStreamManager, stream: string, filter: string): Promise<void> {
    if (this.#closed) return;
    this.#subscription = this.#connection.subscribe(this.#inbox, { callback: (error, message) => this.#receive(error, message) });
    this.#silence = setTimeout(() => this.#lose(), SILENCE_MS);
    const { name, num_pending } = await manager.consumers.add(stream, {
      deliver_subject: this.#inbox,
      deliver_policy: DeliverPolicy.LastPerSubject,
      filter_subject: filter,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      flow_control: true,
      idle_heartbeat: nanos(HEARTBEAT_MS),
      inactive_threshold: nanos(CONSUMER_LIFE_MS),
      mem_storage: true,
      num_replicas: 1,
    });
    this.#remove = () => void manager.consumers.delete(stream, name).catch(() => false);
    if (this.#closed) this.#remove();
    else if (num_pending === 0 && this.#seen === 0) this.#completeOnce();
  }

  /** A consumer that cannot be removed now ends by itself after CONSUMER_LIFE_MS. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#silence);
    if (this.#connection.isClosed()) return;
    this.#subscription?.unsubscribe();
    this.#remove?.();
  }

  #receive(error: Error | null, message: Msg): void {
    if (this.#closed) return;
    if (error !== null) return this.#lose();
    this.#silence?.refresh();
    if (message.headers !== undefined && message.headers.code !== 0) return this.#onStatus(message);
    const { streamSeq, consumerSeq, pending } = parseDelivery(message.reply ?? "");
    if (consumerSeq !== this.#seen + 1) return this.#lose();
    this.#seen = consumerSeq;
    if (!this.#complete) this.#subjects.add(message.subject);
    this.#listener.onMessage(message, streamSeq);
    if (pending === 0) this.#completeOnce();
  }

  /** A heartbeat says what should have come until now, and comes only when there is nothing else to send. */
  #onStatus(message: Msg): void {
    if (message.reply !== undefined && message.reply !== "") message.respond();
    const last = message.headers?.get("Nats-Last-Consumer") ?? "";
    if (last === "") return;
    if (Number(last) !== this.#seen) return this.#lose();
    this.#completeOnce();
  }

  #completeOnce(): void {
    if (this.#complete) return;
    this.#complete = true;
    this.#listener.onComplete(this.#subjects);
    this.#subjects.clear();
  }

  #lose(): void {
    if (!this.#closed) this.#listener.onLost();
  }
}
