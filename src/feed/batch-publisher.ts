/**
 * Runs as atomic batches (nats-server 2.12 and newer, streams with `allow_atomic`): the first message expects the last sequence, the
 * last one commits. The server stores all of a batch or nothing, in one go, so the answer to the last proves the run.
 */

import { randomUUID } from "node:crypto";
import type { NatsConnection } from "@nats-io/nats-core";
import {
  ChainBroken,
  type ChainMessage,
  EncodedHeaders,
  ID_HEADER,
  type PubAck,
  type RunPublisher,
  reasonOf,
} from "./chain-publisher.ts";

const ACK_MS_MAX = 5_000;

export class BatchPublisher implements RunPublisher {
  readonly #connection: NatsConnection;
  readonly #idPrefix = randomUUID().slice(0, 18);
  #batches = 0;
  #waiting: PromiseWithResolvers<never> | undefined;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  async append(run: readonly ChainMessage[], last: number): Promise<number> {
    const batch = `${this.#idPrefix}-${++this.#batches}`;
    const end = run.length - 1;
    this.#waiting = Promise.withResolvers<never>();
    try {
      for (let i = 0; i < end; i++) this.#send(run[i] as ChainMessage, batchHeader(batch, i, last, false));
      const ack = await this.#sendLast(run[end] as ChainMessage, batchHeader(batch, end, last, true));
      if (ack.seq !== last + run.length || ack.error !== undefined) {
        throw new ChainBroken(`expected sequence ${last + run.length}, got ${reasonOf(ack)}`);
      }
      return ack.seq;
    } catch (cause) {
      if (cause instanceof ChainBroken) throw cause;
      throw new ChainBroken(cause instanceof Error ? cause.message : String(cause), { cause });
    } finally {
      this.#waiting = undefined;
    }
  }

  lost(): void {
    this.#waiting?.reject(new ChainBroken("the connection was lost"));
  }

  #send(message: ChainMessage, header: string): void {
    this.#connection.publish(message.subject, message.body, { headers: encoded(message, header) });
  }

  async #sendLast(message: ChainMessage, header: string): Promise<PubAck> {
    const options = { timeout: ACK_MS_MAX, headers: encoded(message, header) };
    const answer = this.#connection.request(message.subject, message.body, options);
    return (await Promise.race([answer, this.#waiting?.promise ?? answer])).json<PubAck>();
  }
}

function encoded(message: ChainMessage, header: string): EncodedHeaders["object"] {
  return new EncodedHeaders(Buffer.from(`NATS/1.0\r\n${header}${ID_HEADER}: ${message.id}\r\n${message.headerLines}\r\n`)).object;
}

function batchHeader(batch: string, index: number, last: number, commits: boolean): string {
  const expects = index === 0 ? `Nats-Expected-Last-Sequence: ${last}\r\n` : "";
  return `${expects}Nats-Batch-Id: ${batch}\r\nNats-Batch-Sequence: ${index + 1}\r\n${commits ? "Nats-Batch-Commit: 1\r\n" : ""}`;
}
