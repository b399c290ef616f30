/**
 * The hot path: appends one record as one JetStream message, fenced by the stream's expected last sequence.
 *
 * A1. `done` is called exactly once for each append, from the answer, the time-out, a lost connection or `close`, and never
 *     before `append` returns.
 * A2. Without a connection nothing is published: the client would keep it and send it after the reconnect, minutes later
 *     perhaps, and an outage would fill memory. In the moment before a lost connection is noticed a record can still be
 *     kept and sent late. That is safe: the expected sequence refuses it once anything else took its place.
 * A3. What `done` throws surfaces as an uncaught exception: thrown into the client's reader it would end that silently.
 * A4. An error answer other than "wrong last sequence" is unknown: most stored nothing, but only the retry can tell.
 */

import { createInbox, headers, type Msg, type NatsConnection, type Subscription } from "@nats-io/nats-core";
import { invariant, type LaneSeq } from "../base/index.ts";
import type { AppendOutcome } from "../ports/index.ts";

/** Error codes of nats-server for "not the direct successor": with and without the sequence in the text. */
const WRONG_LAST_SEQUENCE = 10071;
const WRONG_LAST_SEQUENCE_CONSTANT = 10164;
const NO_RESPONDERS = 503;
/** What the headers of a record take at most of the server's max_payload. */
const HEADERS_BYTES_MAX = 512;

type Done = (outcome: AppendOutcome) => void;

interface Pending {
  readonly expectedLast: LaneSeq;
  readonly done: Done;
  readonly timer: NodeJS.Timeout;
}

interface PublishAnswer {
  readonly seq?: number;
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

export class LaneAppender {
  readonly #connection: NatsConnection;
  readonly #stream: string;
  readonly #subject: string;
  readonly #timeoutMs: number;
  readonly #replyPrefix: string;
  readonly #replies: Subscription;
  readonly #pending = new Map<string, Pending>();
  #next = 0;
  #connected = true;
  #closed = false;

  constructor(connection: NatsConnection, stream: string, subject: string, timeoutMs: number) {
    this.#connection = connection;
    this.#stream = stream;
    this.#subject = subject;
    this.#timeoutMs = timeoutMs;
    this.#replyPrefix = `${createInbox()}.`;
    this.#replies = connection.subscribe(`${this.#replyPrefix}*`, {
      callback: (error, message) => this.#onReply(error, message),
    });
    void this.#watchConnection();
  }

  /** See Journal.append. Throws when the record cannot fit into a message, which the member's batch limit rules out. */
  append(record: Uint8Array, expectedLast: LaneSeq, done: Done): void {
    this.#checkSize(record);
    const id = this.#replyPrefix + this.#next++;
    this.#pending.set(id, { expectedLast, done, timer: setTimeout(() => this.#onTimeout(id), this.#timeoutMs) });
    if (this.#closed) this.#settleSoon(id, "the lane is closed");
    else if (!this.#connected) this.#settleSoon(id, "not connected to the journal");
    else this.#publish(id, record, expectedLast);
  }

  /** Ends every append in flight as unknown and lets go of the subscription. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#connection.isClosed()) this.#replies.unsubscribe();
    this.#settleAll("the lane was closed");
  }

  #publish(id: string, record: Uint8Array, expectedLast: LaneSeq): void {
    const fence = headers();
    fence.set("Nats-Expected-Stream", this.#stream);
    fence.set("Nats-Expected-Last-Sequence", String(expectedLast));
    try {
      this.#connection.publish(this.#subject, record, { reply: id, headers: fence });
    } catch (error) {
      this.#settleSoon(id, `publish failed: ${(error as Error).message}`);
    }
  }

  #checkSize(record: Uint8Array): void {
    const limit = this.#connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
    invariant(
      record.length + HEADERS_BYTES_MAX <= limit,
      `a record of ${record.length} bytes does not fit into a message of ${limit} bytes with ${HEADERS_BYTES_MAX} for headers`,
    );
  }

  #onReply(error: Error | null, message: Msg): void {
    const pending = this.#pending.get(message?.subject);
    if (pending === undefined) return;
    this.#settle(message.subject, error === null ? outcomeOf(message, pending.expectedLast) : unknown(error.message));
  }

  #onTimeout(id: string): void {
    this.#settle(id, unknown(`no answer within ${this.#timeoutMs} ms`));
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (this.#closed) return;
      if (status.type === "reconnect") this.#connected = true;
      else if (status.type === "disconnect" || status.type === "close") this.#onDisconnect();
    }
    this.#onDisconnect();
  }

  #onDisconnect(): void {
    this.#connected = false;
    this.#settleAll("the connection was lost with the append in flight");
  }

  #settleAll(reason: string): void {
    for (const id of [...this.#pending.keys()]) this.#settleSoon(id, reason);
  }

  #settleSoon(id: string, reason: string): void {
    setImmediate(() => this.#settle(id, unknown(reason)));
  }

  #settle(id: string, outcome: AppendOutcome): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    callSafely(pending.done, outcome);
  }
}

function callSafely(done: Done, outcome: AppendOutcome): void {
  try {
    done(outcome);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function unknown(reason: string): AppendOutcome {
  return { kind: "unknown", reason };
}

/** What an answer to a publish says. */
export function outcomeOf(message: Msg, expectedLast: LaneSeq): AppendOutcome {
  if (message.headers?.code === NO_RESPONDERS) return unknown("no stream answers for the lane");
  const answer = parseAnswer(message);
  if (answer?.error !== undefined) return outcomeOfError(answer.error);
  if (answer?.seq === undefined) return unknown("the answer of the journal cannot be read");
  if (answer.seq !== expectedLast + 1) return unknown(`the journal stored a record after ${expectedLast} as ${answer.seq}`);
  return { kind: "committed", seq: answer.seq as LaneSeq };
}

function outcomeOfError(error: NonNullable<PublishAnswer["error"]>): AppendOutcome {
  if (error.err_code === WRONG_LAST_SEQUENCE || error.err_code === WRONG_LAST_SEQUENCE_CONSTANT)
    return { kind: "wrong-sequence" };
  return unknown(`journal error ${error.err_code ?? error.code}: ${error.description ?? "no description"}`);
}

function parseAnswer(message: Msg): PublishAnswer | undefined {
  try {
    return message.json<PublishAnswer>();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
