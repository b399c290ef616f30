/**
 * Takes movements in from the stream STOCK_INGEST and answers each message with what became of it.
 *
 * I1. A message is acknowledged only after the grid's answer, which comes after the commit. One that is not acknowledged
 *     comes again, and the id of its movement makes that harmless.
 * I2. Messages reach the grid in the order in which they are delivered: nothing waits between delivery and the grid.
 * I3. A message that can never be applied is terminated with its reason and holds up no other; a fault of the world is retried.
 * I4. Nothing here throws into the connection or the grid: an exception would silently end the reader.
 *
 * It borrows its connection: whoever opened it closes it, after `stop`.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Grid, MovementResult } from "../member/index.ts";
import type { Log } from "../ports/index.ts";
import { type MovementParser, readDelivery } from "./delivery.ts";
import { INGEST_STREAM, openIngestConsumer } from "./stream.ts";

/** `retried`: a fault of the world, delivered again later. `failed`: a fault of this program, the same. */
export const INGEST_RESULTS = ["applied", "duplicate", "retried", "rejected", "failed"] as const;
export type IngestResult = (typeof INGEST_RESULTS)[number];

export interface IngestOptions {
  readonly connection: NatsConnection;
  readonly grid: Pick<Grid, "move">;
  readonly parseMovement: MovementParser;
  /** How long a message may stay unanswered before it is delivered again, ms, default 30,000; longer than the grid takes to answer. */
  readonly ackWaitMs?: number | undefined;
  /** Copies of the stream, default 1; only for a stream that is made now. */
  readonly replicas?: number | undefined;
  readonly log: Log;
}

export interface IngestStats {
  /** Answers given to deliveries; a message delivered twice counts twice. */
  readonly results: Readonly<Record<IngestResult, number>>;
  /** Messages that wait for the grid. */
  readonly inFlight: number;
}

export interface Ingest {
  stats(): IngestStats;
  /** Takes nothing new and answers what is in flight. Resolves also when answers are still owed after 10 s, or NATS is away. */
  stop(): Promise<void>;
}

const ACK_WAIT_MS = 30_000;
const STOP_WAIT_MS_MAX = 10_000;
/** A flush waits for a server that does not answer. */
const FLUSH_WAIT_MS_MAX = 2_000;
/** Messages asked for ahead. */
const PULL_MESSAGES = 256;
/** Also how long the client waits before it asks again when a server was not ready after its restart. */
const PULL_MS = 5_000;
const REOPEN_MS = 1_000;
const RETRY_MS_MIN = 100;
const FAILED_RETRY_MS = 5_000;
const REASON_LENGTH_MAX = 256;

/** Resolves once messages are asked for. Rejects with UnsuitableIngestStream, or when NATS refuses. */
export async function startIngest(options: IngestOptions): Promise<Ingest> {
  const intake = new Intake(options);
  await intake.open();
  return intake;
}

class Intake implements Ingest {
  readonly #options: IngestOptions;
  readonly #results: Record<IngestResult, number> = { applied: 0, duplicate: 0, retried: 0, rejected: 0, failed: 0 };
  readonly #stopping = new AbortController();
  readonly #idle = Promise.withResolvers<void>();
  #messages: ConsumerMessages | undefined;
  #inFlight = 0;
  #stopped: Promise<void> | undefined;

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  stats(): IngestStats {
    return { results: { ...this.#results }, inFlight: this.#inFlight };
  }

  async open(): Promise<void> {
    const { connection, ackWaitMs = ACK_WAIT_MS, replicas = 1 } = this.#options;
    await this.#consume(await openIngestConsumer(connection, ackWaitMs, replicas));
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #consume(consumer: Consumer): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const messages = await consumer.consume({
      max_messages: PULL_MESSAGES,
      expires: PULL_MS,
      abort_on_missing_resource: true,
      callback: (message) => this.#take(message),
    });
    this.#messages = messages;
    if (this.#stopping.signal.aborted) messages.stop();
    void messages.closed().then((error) => this.#closed(error));
  }

  /** The reader ended: by `stop`, with its connection, or because somebody removed the consumer, which is then made again. */
  async #closed(error: unknown): Promise<void> {
    const { log, connection } = this.#options;
    let reason = error;
    while (!this.#stopping.signal.aborted && !connection.isClosed()) {
      log.error({ stream: INGEST_STREAM, err: reason }, "the reader of inbound messages ended; it is opened again");
      try {
        await delay(REOPEN_MS, undefined, { signal: this.#stopping.signal });
        return await this.open();
      } catch (failure) {
        reason = failure;
      }
    }
  }

  #take(message: JsMsg): void {
    if (this.#stopping.signal.aborted) return;
    this.#inFlight++;
    const settle = onceOnly((settlement: Settlement) => this.#settle(message, settlement));
    try {
      const read = readDelivery(message.subject, message.data, this.#options.parseMovement);
      if (read.ok) this.#options.grid.move(read.movement, (result) => settle(settlementOf(result)));
      else settle({ result: "rejected", reason: read.reason });
    } catch (error) {
      settle({ result: "failed", error });
    }
  }

  #settle(message: JsMsg, settlement: Settlement): void {
    this.#inFlight--;
    this.#results[settlement.result]++;
    try {
      answer(message, settlement);
      this.#report(message, settlement);
    } catch (error) {
      this.#options.log.warn({ subject: message.subject, err: error }, "an inbound message was not answered and comes again");
    }
    if (this.#inFlight === 0 && this.#stopping.signal.aborted) this.#idle.resolve();
  }

  #report({ subject, seq }: JsMsg, settlement: Settlement): void {
    const { log } = this.#options;
    if (settlement.result === "rejected") log.warn({ subject, seq, reason: settlement.reason }, "an inbound message was refused");
    if (settlement.result === "failed") log.error({ subject, seq, err: settlement.error }, "an inbound message was not handled");
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    this.#messages?.stop();
    const { connection, log } = this.#options;
    if (this.#inFlight > 0) await within(STOP_WAIT_MS_MAX, this.#idle.promise);
    if (this.#inFlight > 0) log.warn({ messages: this.#inFlight }, "inbound messages were left unanswered; they come again");
    if (connection.isClosed()) return;
    const flushed = connection.flush().catch((error: unknown) => {
      log.warn({ err: error }, "the last answers to inbound messages may be lost; those come again");
    });
    await within(FLUSH_WAIT_MS_MAX, flushed);
  }
}

type Settlement =
  | { readonly result: "applied" | "duplicate" }
  | { readonly result: "retried"; readonly afterMs: number }
  | { readonly result: "rejected"; readonly reason: string }
  | { readonly result: "failed"; readonly error: unknown };

function settlementOf(result: MovementResult): Settlement {
  switch (result.kind) {
    case "applied":
    case "duplicate":
      return { result: result.kind };
    // It is durable, and what comes of it needs no one to send it again.
    case "pending":
      return { result: "applied" };
    case "fault":
      return { result: "retried", afterMs: Math.max(RETRY_MS_MIN, result.retryAfterMs) };
    default:
      return { result: "rejected", reason: result.detail };
  }
}

function answer(message: JsMsg, settlement: Settlement): void {
  switch (settlement.result) {
    case "applied":
    case "duplicate":
      return message.ack();
    case "retried":
      return message.nak(settlement.afterMs);
    case "rejected":
      return message.term(settlement.reason.slice(0, REASON_LENGTH_MAX));
    case "failed":
      return message.nak(FAILED_RETRY_MS);
  }
}

/** Waits for `done`, at most `ms`. */
async function within(ms: number, done: Promise<void>): Promise<void> {
  const tooLate = new AbortController();
  const timer = delay(ms, undefined, { signal: tooLate.signal }).catch((error: unknown) => {
    if (!tooLate.signal.aborted) throw error;
  });
  await Promise.race([done, timer]).finally(() => tooLate.abort());
}

/** What a grid says after it threw is dropped. */
function onceOnly<T>(done: (value: T) => void): (value: T) => void {
  let called = false;
  return (value) => {
    if (called) return;
    called = true;
    done(value);
  };
}
