/**
 * The grid over NATS: straight to the owner of the shard where it is known, else to whichever member the queue group picks.
 *
 * N1. Routing changes how long an answer takes, never what it is: every member answers for every shard.
 * N2. An owner that is not there or not ready costs nothing but the request that found out, and the map is read again at once.
 */

import { errors, type Msg, type NatsConnection } from "@nats-io/nats-core";
import type { Call, NatsForm as CallForm } from "./call.ts";
import { StockGridFault } from "./fault.ts";
import { type NatsEncoding, type NatsForm, natsForm } from "./nats-form.ts";
import { isProblem, type Problem, slugOf } from "./problem.ts";
import { type Attempt, orAborted } from "./retry.ts";
import { isShardMap, Owners, type ShardMap } from "./shard-map.ts";
import { notSupported, type Reply, type Transport } from "./transport.ts";

export interface NatsTransportOptions {
  readonly connection: NatsConnection;
  readonly encoding: NatsEncoding;
  /** How often the shard map is read, milliseconds. */
  readonly mapRefreshMs: number;
}

const PREFIX = "stockgrid.v1.";
const MAP_SUBJECT = `${PREFIX}cluster.map`;
const MAP_REQUEST_MS_MAX = 2_000;
/** A map that could not be read again so many times is old. */
const REFRESHES_MISSED_MAX = 3;
const SILENCE_MS = 5_000;
/** An owner that is asked directly may be gone: its silence must leave time to ask another member. */
const DIRECT_SHARE = 0.5;
const ERROR_CODE = "Nats-Service-Error-Code";
const MS_PER_SECOND = 1_000;
/** Headers count as payload. */
const HEADER_BYTES_MAX = 256;

export class NatsTransport implements Transport {
  readonly takesArrays = true;
  readonly #connection: NatsConnection;
  readonly #form: NatsForm;
  readonly #owners: Owners;
  readonly #refresh: NodeJS.Timeout;
  #reading: Promise<ShardMap> | undefined;

  constructor({ connection, encoding, mapRefreshMs }: NatsTransportOptions) {
    this.#connection = connection;
    this.#form = natsForm(encoding);
    this.#owners = new Owners(mapRefreshMs * REFRESHES_MISSED_MAX, SILENCE_MS);
    this.#refresh = setInterval(() => this.#readMapSoon(), mapRefreshMs).unref();
    this.#readMapSoon();
  }

  groupOf(hash: number): string {
    return this.#owners.ownerOf(hash, performance.now()) ?? "";
  }

  async send(call: Call, attempt: Attempt): Promise<Reply> {
    if (call.nats === undefined) throw notSupported(call, "NATS");
    const payload = this.#form.encode(call.nats.body);
    const tooLarge = this.#tooLarge(payload);
    if (tooLarge !== undefined) return { kind: "problem", problem: tooLarge, retryAfterMs: undefined };
    const lane = call.hash === undefined ? "" : this.groupOf(call.hash);
    if (lane === "") return this.#request(PREFIX + call.nats.subject, payload, attempt);
    return this.#sendToOwner(lane, call.nats, payload, attempt);
  }

  /** Reads the shard map. Rejects with StockGridFault. */
  readMap(): Promise<ShardMap> {
    this.#reading ??= this.#readMap().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async close(): Promise<void> {
    clearInterval(this.#refresh);
  }

  async #sendToOwner(lane: string, { subject }: CallForm, payload: Uint8Array, attempt: Attempt): Promise<Reply> {
    const direct = { ...attempt, timeoutMs: attempt.timeoutMs * DIRECT_SHARE };
    try {
      const reply = await this.#request(`${PREFIX}at.${lane}.${subject}`, payload, direct);
      if (reply.kind === "body" || slugOf(reply.problem) !== "not-ready") return reply;
    } catch (error) {
      if (!(error instanceof StockGridFault) || error.code === "unexpected-answer" || error.code === "closed") throw error;
    }
    // The owner may have done it all the same: keys and ids make the second request harmless.
    this.#distrust(lane);
    return this.#request(PREFIX + subject, payload, { ...attempt, timeoutMs: attempt.timeoutMs - direct.timeoutMs });
  }

  async #request(subject: string, payload: Uint8Array, { timeoutMs, signal }: Attempt): Promise<Reply> {
    const { headers } = this.#form;
    const options = { timeout: Math.max(1, timeoutMs), ...(headers === undefined ? {} : { headers }) };
    let message: Msg;
    try {
      message = await orAborted(this.#connection.request(subject, payload, options), signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw faultOf(error, subject);
    }
    return replyOf(message, this.#form.decode(message));
  }

  #tooLarge(payload: Uint8Array): Problem | undefined {
    const bytesMax = (this.#connection.info?.max_payload ?? Number.POSITIVE_INFINITY) - HEADER_BYTES_MAX;
    if (payload.length <= bytesMax) return undefined;
    return {
      type: "urn:stockgrid:problem:payload-too-large",
      title: "The request is too large",
      status: 413,
      detail: `the request has ${payload.length} bytes, the NATS server takes ${bytesMax}; nothing was sent`,
    };
  }

  #distrust(lane: string): void {
    this.#owners.wasSilent(lane, performance.now());
    this.#readMapSoon();
  }

  /** A map that cannot be read now is read with the next refresh; until it is too old the last one serves. */
  #readMapSoon(): void {
    this.readMap().catch(() => undefined);
  }

  async #readMap(): Promise<ShardMap> {
    const message = await this.#connection.request(MAP_SUBJECT, "{}", { timeout: MAP_REQUEST_MS_MAX }).catch((error: unknown) => {
      throw faultOf(error, MAP_SUBJECT);
    });
    const body = natsForm("json").decode(message);
    if (!isShardMap(body)) throw new StockGridFault({ code: "unexpected-answer", message: "the answer is no shard map" });
    this.#owners.learn(body, performance.now());
    return body;
  }
}

function replyOf(message: Msg, body: unknown): Reply {
  const refused = message.headers?.has(ERROR_CODE) === true;
  if (!refused) return { kind: "body", body };
  if (!isProblem(body)) throw new StockGridFault({ code: "unexpected-answer", message: "an error without a problem" });
  const seconds = Number(message.headers?.get("Retry-After") || Number.NaN);
  return { kind: "problem", problem: body, retryAfterMs: Number.isFinite(seconds) ? seconds * MS_PER_SECOND : undefined };
}

/** What the library threw, by class. */
export function faultOf(error: unknown, subject: string): StockGridFault {
  const cause = error instanceof errors.RequestError && error.cause !== undefined ? error.cause : error;
  if (cause instanceof errors.NoRespondersError)
    return new StockGridFault({ code: "unreachable", message: `no member answers ${subject}; nothing was done`, cause: error });
  if (cause instanceof errors.TimeoutError)
    return new StockGridFault({ code: "timed-out", message: `no answer in time on ${subject}`, cause: error });
  if (cause instanceof errors.PermissionViolationError)
    return new StockGridFault({ code: "forbidden", message: `this user may not use ${subject}`, cause: error });
  if (cause instanceof errors.ClosedConnectionError || cause instanceof errors.DrainingConnectionError)
    return new StockGridFault({ code: "closed", message: "the NATS connection is closed", cause: error });
  return new StockGridFault({ code: "unreachable", message: `NATS: ${String(error)}`, cause: error });
}
