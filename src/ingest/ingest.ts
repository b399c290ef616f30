/**
 * Takes events in from the stream STOCK_INGEST and answers each message with what became of it.
 *
 * I1. A message is acknowledged only after the grid's answer to all that it holds, which comes after the commit. One that is not acknowledged
 *     comes again, and the ids of its movements make that harmless.
 * I2. Messages reach the grid in the order in which they are delivered: nothing waits between delivery and the grid.
 * I3. An event that can never be applied becomes a dead letter and holds up no other; a fault of the world is retried. So does one on which the grid itself
 *     failed five times.
 * I4. Nothing here throws into the connection or the grid: an exception would silently end the reader.
 *
 * It borrows its connection: whoever opened it closes it, after `stop`.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Arrival, Intake, Outcome } from "../intake/index.ts";
import type { Log } from "../ports/index.ts";
import { readDelivery } from "./delivery.ts";
import { INGEST_STREAM, openIngestConsumer } from "./stream.ts";

/** `accepted`: understood, and nothing to move. `retried`: a fault of the world, delivered again later. `failed`: a fault of this program, the same. */
export const INGEST_RESULTS = ["applied", "duplicate", "accepted", "retried", "rejected", "failed"] as const;
export type IngestResult = (typeof INGEST_RESULTS)[number];

export interface IngestOptions {
  readonly connection: NatsConnection;
  readonly intake: Pick<Intake, "take" | "refuse" | "giveUp">;
  /** How long a message may stay unanswered before it is delivered again, ms, default 30,000; longer than the grid takes to answer. */
  readonly ackWaitMs?: number | undefined;
  /** Copies of the stream, default 1; only for a stream that is made now. */
  readonly replicas?: number | undefined;
  readonly log: Log;
}

export interface IngestStats {
  /** Answers given to events; one delivered twice counts twice. */
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
/** Deliveries after which an event on which the grid fails becomes a dead letter. */
const FAILED_TRIES_MAX = 5;
const REASON_LENGTH_MAX = 256;

/** Resolves once messages are asked for. Rejects with UnsuitableIngestStream, or when NATS refuses. */
export async function startIngest(options: IngestOptions): Promise<Ingest> {
  const reader = new Reader(options);
  await reader.open();
  return reader;
}

class Reader implements Ingest {
  readonly #options: IngestOptions;
  readonly #results: Record<IngestResult, number> = { applied: 0, duplicate: 0, accepted: 0, retried: 0, rejected: 0, failed: 0 };
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
    try {
      const read = readDelivery(message);
      if (read.ok) this.#takeAll(message, read.arrivals);
      else this.#options.intake.refuse(read.arrival, read.reason, (outcome) => this.#settle(message, [outcome]));
    } catch (error) {
      this.#settle(message, [{ kind: "failed", event: undefined, error }]);
    }
  }

  /** A message is answered when all of its events are. */
  #takeAll(message: JsMsg, arrivals: readonly Arrival[]): void {
    const { intake } = this.#options;
    const outcomes: Outcome[] = [];
    const settle = (outcome: Outcome): void => {
      outcomes.push(outcome);
      if (outcomes.length === arrivals.length) this.#settle(message, outcomes);
    };
    const isLastTry = message.info.deliveryCount >= FAILED_TRIES_MAX;
    for (const arrival of arrivals) {
      intake.take(arrival, (outcome) => {
        if (outcome.kind === "failed" && isLastTry) intake.giveUp(arrival, outcome.error, settle);
        else settle(outcome);
      });
    }
  }

  #settle(message: JsMsg, outcomes: readonly Outcome[]): void {
    this.#inFlight--;
    for (const outcome of outcomes) this.#results[RESULT_OF[outcome.kind]]++;
    try {
      answer(message, outcomes);
      for (const outcome of outcomes) this.#report(message, outcome);
    } catch (error) {
      this.#options.log.warn({ subject: message.subject, err: error }, "an inbound message was not answered and comes again");
    }
    if (this.#inFlight === 0 && this.#stopping.signal.aborted) this.#idle.resolve();
  }

  #report({ subject, seq }: JsMsg, outcome: Outcome): void {
    const { log } = this.#options;
    if (outcome.kind === "rejected") {
      const reason = `${outcome.path} ${outcome.reason}`.trim();
      log.warn({ subject, seq, reason, deadLetter: outcome.deadLetter }, "an inbound event was refused");
    }
    if (outcome.kind === "failed") log.error({ subject, seq, err: outcome.error }, "an inbound event was not handled");
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

const RESULT_OF: Readonly<Record<Outcome["kind"], IngestResult>> = {
  applied: "applied",
  duplicate: "duplicate",
  // It is durable, and what comes of it needs no one to send it again.
  pending: "applied",
  accepted: "accepted",
  rejected: "rejected",
  retry: "retried",
  failed: "failed",
};

/** A batch comes again as a whole when one of its events has to; the others are duplicates then. */
function answer(message: JsMsg, outcomes: readonly Outcome[]): void {
  const waits = outcomes.map(waitMs).filter((ms) => ms !== undefined);
  if (waits.length > 0) return message.nak(Math.max(...waits));
  const refused = outcomes.find((outcome) => outcome.kind === "rejected");
  if (refused === undefined || outcomes.length > 1) return message.ack();
  message.term(`${refused.path} ${refused.reason}`.trim().slice(0, REASON_LENGTH_MAX));
}

function waitMs(outcome: Outcome): number | undefined {
  if (outcome.kind === "failed") return FAILED_RETRY_MS;
  return outcome.kind === "retry" ? Math.max(RETRY_MS_MIN, outcome.fault.retryAfterMs) : undefined;
}

/** Waits for `done`, at most `ms`. */
async function within(ms: number, done: Promise<void>): Promise<void> {
  const tooLate = new AbortController();
  const timer = delay(ms, undefined, { signal: tooLate.signal }).catch((error: unknown) => {
    if (!tooLate.signal.aborted) throw error;
  });
  await Promise.race([done, timer]).finally(() => tooLate.abort());
}
