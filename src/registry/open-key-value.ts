/** Opens a bucket: the KeyValue port on one JetStream stream, history 1. Owns what it subscribes to, not the connection. */

import { type JetStreamManager, jetstreamManager, type StoredMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { KeyValue, KeyValueEntry } from "../ports/index.ts";
import { type Bucket, bucketPrefix, bucketStream, ensureBucket } from "./bucket-stream.ts";
import { BucketWatch, type OnChange } from "./bucket-watch.ts";
import { BucketWriter, OPERATION_HEADER } from "./bucket-writer.ts";

const TIMEOUT_MS = 5_000;
/** A key that is deleted again and again while it is to be made. */
const CREATE_TRIES_MAX = 10;

export interface OpenKeyValue {
  readonly connection: NatsConnection;
  /** Letters, digits, `_` and `-`. */
  readonly bucket: string;
  readonly storage: "file" | "memory";
  /** Copies, 1 to 5; only for a bucket that is made now. Default 1. */
  readonly replicas?: number;
  /** How long an answer is waited for, ms. */
  readonly timeoutMs?: number;
}

/**
 * Makes the bucket if it is missing. Rejects with UnsuitableBucket, or when the server cannot be asked. Keys are the caller's to escape: tokens of
 * `A-Z a-z 0-9 _ - =` with dots between.
 */
export async function openKeyValue(options: OpenKeyValue): Promise<KeyValue> {
  const { connection, storage, replicas = 1, timeoutMs = TIMEOUT_MS } = options;
  const bucket: Bucket = { name: options.bucket, storage, replicas };
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: timeoutMs });
  await ensureBucket(manager, bucket);
  return new JetStreamKeyValue(connection, manager, bucket, new BucketWriter(connection, timeoutMs));
}

class JetStreamKeyValue implements KeyValue {
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #bucket: Bucket;
  readonly #prefix: string;
  readonly #writer: BucketWriter;

  constructor(connection: NatsConnection, manager: JetStreamManager, bucket: Bucket, writer: BucketWriter) {
    this.#connection = connection;
    this.#manager = manager;
    this.#bucket = bucket;
    this.#prefix = bucketPrefix(bucket.name);
    this.#writer = writer;
  }

  async get(key: string): Promise<KeyValueEntry | undefined> {
    const message = await this.#newest(key);
    if (message === undefined || isDeletion(message)) return undefined;
    return { key, value: message.data, revision: message.seq };
  }

  /** A deleted key leaves a mark with a revision of its own, behind which the next value is made. */
  async put(key: string, value: Uint8Array, expected: number): Promise<number | undefined> {
    const stored = await this.#writer.put(this.#prefix + key, value, expected);
    if (stored !== undefined || expected !== 0) return stored;
    for (let tries = 0; tries < CREATE_TRIES_MAX; tries++) {
      const newest = await this.#newest(key);
      if (newest !== undefined && !isDeletion(newest)) return undefined;
      const made = await this.#writer.put(this.#prefix + key, value, newest?.seq ?? 0);
      if (made !== undefined) return made;
    }
    return undefined;
  }

  overwrite(key: string, value: Uint8Array): Promise<number> {
    return this.#writer.overwrite(this.#prefix + key, value);
  }

  delete(key: string): Promise<void> {
    return this.#writer.delete(this.#prefix + key);
  }

  watch(onChange: OnChange, onSettled: () => void): () => void {
    const watched = { connection: this.#connection, manager: this.#manager, bucket: this.#bucket };
    const watch = new BucketWatch(watched, onChange, onSettled);
    return () => watch.stop();
  }

  /** As the leader of the stream has it. */
  async #newest(key: string): Promise<StoredMsg | undefined> {
    const message = await this.#manager.streams.getMessage(bucketStream(this.#bucket.name), { last_by_subj: this.#prefix + key });
    return message ?? undefined;
  }
}

function isDeletion(message: StoredMsg): boolean {
  return (message.header?.get(OPERATION_HEADER) ?? "") !== "";
}
