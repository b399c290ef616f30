/**
 * Signals in the stream STOCK_SIGNALS: JSON arrays, many signals a message.
 *
 * G1. One message is on its way at a time; what comes meanwhile makes the next. A flush to disk is then shared by all that wait for one.
 */

import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { KeptSignal, Signals } from "../ports/index.ts";
import { KeptStream } from "./kept-stream.ts";

export const SIGNAL_STREAM = "STOCK_SIGNALS";
const SUBJECT = "stock.signals";
const AGE_MS_MAX = 7 * 24 * 3_600_000;
/** Of one message, so that it stays below the least `max_payload` that servers have, 1 MiB. */
const MESSAGE_BYTES_MAX = 800_000;

interface Waiting {
  /** Each as JSON. */
  readonly texts: readonly string[];
  readonly bytes: number;
  resolve(): void;
  reject(error: unknown): void;
}

const encoder = new TextEncoder();

export class SignalStream implements Signals {
  readonly #connection: NatsConnection;
  readonly #stream: KeptStream;
  readonly #queue: Waiting[] = [];
  #isSending = false;

  /** It is made with the first signal. Borrows the connection. */
  constructor(connection: NatsConnection, replicas: number) {
    this.#connection = connection;
    this.#stream = new KeptStream(connection, { name: SIGNAL_STREAM, subject: SUBJECT, ageMsMax: AGE_MS_MAX, replicas });
  }

  put(signals: readonly KeptSignal[]): Promise<void> {
    const texts = signals.map((signal) => JSON.stringify(signal));
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 2);
    return new Promise((resolve, reject) => {
      this.#queue.push({ texts, bytes, resolve, reject });
      if (!this.#isSending) void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    // What else comes in this turn goes along.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#next();
      try {
        await this.#stream.manager();
        for (const message of messagesOf(batch)) await jetstream(this.#connection).publish(SUBJECT, message);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isSending = false;
  }

  #next(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      bytes += waiting.bytes;
      if (count > 0 && bytes > MESSAGE_BYTES_MAX) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }
}

/** One message, or several for an event whose signals alone are too many for one. */
function messagesOf(batch: readonly Waiting[]): Uint8Array[] {
  const messages: Uint8Array[] = [];
  let texts: string[] = [];
  let bytes = 2;
  const flush = (): void => {
    if (texts.length > 0) messages.push(encoder.encode(`[${texts.join(",")}]`));
    [texts, bytes] = [[], 2];
  };
  for (const text of batch.flatMap((waiting) => waiting.texts)) {
    const more = Buffer.byteLength(text) + 1;
    if (bytes + more > MESSAGE_BYTES_MAX) flush();
    texts.push(text);
    bytes += more;
  }
  flush();
  return messages;
}
