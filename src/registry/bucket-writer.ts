/**
 * Writes to a bucket: one message, one answer.
 *
 * W1. What is not clearly stored or clearly refused is unknown, and rejects.
 * W2. Without a connection nothing is published: the client would keep it and send it after the reconnect, when it may be wrong.
 *     In the moment before a lost connection is noticed that can still happen; the expected revision guards `put` even then.
 * W3. A replicated stream refuses a write while another of the same key is on its way. Nothing was stored, and who wins is
 *     not known yet: the same write is tried again, {@link BUSY_TRIES_MAX} times, until it is.
 */

import { setTimeout as delay } from "node:timers/promises";
import { headers, type Msg, type MsgHdrs, type NatsConnection } from "@nats-io/nats-core";

const WRONG_LAST_SEQUENCE = 10071;
/** Wrong last sequence without saying which it is: another write of the key is in process. */
const IN_PROCESS = 10164;
const NO_RESPONDERS = 503;
const BUSY_TRIES_MAX = 20;
const BUSY_WAIT_MS = 5;
const EXPECTED_LAST_SUBJECT_SEQUENCE = "Nats-Expected-Last-Subject-Sequence";
export const OPERATION_HEADER = "KV-Operation";
export const DELETED = "DEL";

interface PublishAnswer {
  readonly seq?: number;
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

type Outcome = { readonly kind: "stored"; readonly revision: number } | { readonly kind: "wrong-revision" | "busy" };

/** The outcome of a write is not known: it may be stored, may come later, or never. */
export class UnknownOutcome extends Error {
  override readonly name = "UnknownOutcome";
}

export class BucketWriter {
  readonly #connection: NatsConnection;
  readonly #timeoutMs: number;
  #lost = Promise.withResolvers<never>();
  #connected = true;

  constructor(connection: NatsConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#lost.promise.catch(() => undefined);
    void this.#watchConnection();
  }

  /** Resolves to the revision, or to undefined when the key is not at `expected`. Rejects with UnknownOutcome. */
  async put(subject: string, value: Uint8Array, expected: number): Promise<number | undefined> {
    const fence = headers();
    fence.set(EXPECTED_LAST_SUBJECT_SEQUENCE, String(expected));
    for (let tries = 0; tries < BUSY_TRIES_MAX; tries++) {
      const outcome = await this.#publish(subject, value, fence);
      if (outcome.kind !== "busy") return outcome.kind === "stored" ? outcome.revision : undefined;
      await delay(BUSY_WAIT_MS);
    }
    throw new UnknownOutcome(`${subject}: other writes of the key are in process`);
  }

  async overwrite(subject: string, value: Uint8Array): Promise<number> {
    return await this.#store(subject, value, undefined);
  }

  async delete(subject: string): Promise<void> {
    const mark = headers();
    mark.set(OPERATION_HEADER, DELETED);
    await this.#store(subject, new Uint8Array(0), mark);
  }

  async #store(subject: string, value: Uint8Array, marks: MsgHdrs | undefined): Promise<number> {
    const outcome = await this.#publish(subject, value, marks);
    if (outcome.kind === "stored") return outcome.revision;
    throw new UnknownOutcome(`${subject}: refused as ${outcome.kind}, though no revision was expected`);
  }

  async #publish(subject: string, value: Uint8Array, marks: MsgHdrs | undefined): Promise<Outcome> {
    if (!this.#connected) throw new UnknownOutcome(`${subject}: not connected`);
    const options = { timeout: this.#timeoutMs, ...(marks === undefined ? {} : { headers: marks }) };
    try {
      return outcomeOf(await Promise.race([this.#connection.request(subject, value, options), this.#lost.promise]));
    } catch (cause) {
      if (cause instanceof UnknownOutcome) throw cause;
      throw new UnknownOutcome(`${subject}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === "reconnect") this.#connected = true;
      else if (status.type === "disconnect" || status.type === "close") this.#onLost();
    }
    this.#onLost();
  }

  #onLost(): void {
    this.#connected = false;
    this.#lost.reject(new Error("the connection was lost with the write in flight"));
    this.#lost = Promise.withResolvers();
    this.#lost.promise.catch(() => undefined);
  }
}

function outcomeOf(message: Msg): Outcome {
  if (message.headers?.code === NO_RESPONDERS) throw new Error("no stream answers for the bucket");
  const { seq, error } = message.json<PublishAnswer>();
  if (error?.err_code === WRONG_LAST_SEQUENCE) return { kind: "wrong-revision" };
  if (error?.err_code === IN_PROCESS) return { kind: "busy" };
  if (error !== undefined) throw new Error(`error ${error.err_code ?? error.code}: ${error.description ?? "no description"}`);
  if (seq === undefined) throw new Error("the answer cannot be read");
  return { kind: "stored", revision: seq };
}
