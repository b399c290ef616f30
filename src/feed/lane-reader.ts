/**
 * Follows the committed records of a journal lane. Memory is bounded by one fetch; waiting costs one idle pull a half minute.
 *
 * R1. Records come in sequence order without holes; a hole, a trimmed start or a broken chain of checksums is CorruptData.
 */

import { setTimeout as delay } from "node:timers/promises";
import { type Consumer, type ConsumerMessages, type JetStreamClient, type JsMsg, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { CorruptData } from "../base/index.ts";
import { checksumOf, decodeJournalRecord, type JournalRecord } from "../codec/index.ts";

export interface LaneRecord {
  readonly seq: number;
  readonly record: JournalRecord;
  /** Nothing was committed after it when the server sent it. */
  readonly newest: boolean;
}

/**
 * Pause after the newest record: what is committed meanwhile then comes in one go, which costs the server and us a fraction
 * of taking record by record. Small beside the second that the feed may lag.
 */
const LINGER_MS = 40;
const FETCH_MS = 30_000;
const INACTIVE_NANOS = 60_000 * 1_000_000;

export class LaneReader {
  readonly #js: JetStreamClient;
  readonly #stream: string;
  readonly #fetchRecords: number;
  #next: number;
  #previous: number | undefined;
  /** Records behind the last one when it was sent: a fetch asks for what is there, and so ends at once. */
  #pending = 0;
  #messages: ConsumerMessages | undefined;
  #closed = false;
  #lost = false;

  /**
   * `from` is the first sequence wanted, at least 1. `fetchRecords` bounds what waits in memory (a record has at most the server's
   * `max_payload`).
   */
  constructor(connection: NatsConnection, stream: string, from: number, fetchRecords: number) {
    this.#fetchRecords = fetchRecords;
    this.#js = jetstream(connection);
    this.#stream = stream;
    this.#next = from;
  }

  /** Every record from `from` on, as it is committed, until `close`. Rejects with CorruptData, or when the server stays away. */
  async *records(): AsyncGenerator<LaneRecord, void> {
    const consumer = await this.#js.consumers.get(this.#stream, {
      opt_start_seq: this.#next,
      inactive_threshold: INACTIVE_NANOS,
    });
    while (!this.#closed) {
      yield* this.#fetch(consumer);
      if (this.#pending === 0 && !this.#closed && !this.#lost) await delay(LINGER_MS);
    }
  }

  /**
   * The connection was lost: `records` rejects at once. Left alone, a pull of nats.js that meets a server not quite ready after
   * its restart waits for half a minute.
   */
  lost(): void {
    this.#lost = true;
    this.#messages?.stop();
  }

  close(): void {
    this.#closed = true;
    this.#messages?.stop();
  }

  async *#fetch(consumer: Consumer): AsyncGenerator<LaneRecord, void> {
    const wanted = Math.min(Math.max(this.#pending, 1), this.#fetchRecords);
    this.#messages = await consumer.fetch({ max_messages: wanted, expires: FETCH_MS });
    if (this.#closed || this.#lost) this.#messages.stop();
    for await (const message of this.#messages) {
      if (this.#closed) return;
      yield this.#accept(message);
    }
    if (this.#lost) throw new Error("the connection was lost");
  }

  #accept(message: JsMsg): LaneRecord {
    const { seq } = message;
    const where = `lane ${this.#stream}, sequence ${seq}`;
    if (seq !== this.#next) throw new CorruptData(`records ${this.#next} to ${seq - 1} are missing`, where);
    const record = decodeJournalRecord(message.data, where);
    if (this.#previous !== undefined && record.previous !== this.#previous) {
      throw new CorruptData("the record does not follow the one before it", where);
    }
    this.#previous = checksumOf(message.data);
    this.#next = seq + 1;
    this.#pending = message.info.pending;
    return { seq, record, newest: this.#pending === 0 };
  }
}
