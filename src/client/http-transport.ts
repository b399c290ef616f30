/**
 * The grid over HTTP: any member of it answers for all.
 *
 * H1. Several addresses are taken one at a time; one that does not answer, or is not ready, makes the next one the current one.
 */

import type { Call, HttpForm } from "./call.ts";
import { StockGridFault } from "./fault.ts";
import { isProblem, type Problem } from "./problem.ts";
import type { Attempt } from "./retry.ts";
import { notSupported, type Reply, type Transport } from "./transport.ts";

export interface HttpOptions {
  /** Addresses of nodes, or of what is in front of them. */
  readonly http: string | readonly string[];
  /** Sent as `Authorization: Bearer`. */
  readonly apiKey?: string | undefined;
}

const STATUS_UNAVAILABLE_MIN = 502;
const STATUS_UNAVAILABLE_MAX = 504;
const MS_PER_SECOND = 1_000;
const CONTROL = /\p{Cc}/u;

/** No header can carry it, so the grid cannot be asked. */
const UNSENDABLE_KEY: Problem = {
  type: "urn:stockgrid:problem:invalid-request",
  title: "The request is not valid",
  status: 400,
  detail: "the idempotency key must not contain control characters; nothing was sent",
  errors: [{ path: "header Idempotency-Key", message: "must not contain control characters" }],
};

export class HttpTransport implements Transport {
  readonly takesArrays = false;
  readonly #addresses: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #closed = new AbortController();
  #current: number;

  /** Throws a RangeError for an address that is none. */
  constructor({ http, apiKey }: HttpOptions) {
    this.#addresses = (typeof http === "string" ? [http] : http).map(checkedAddress);
    if (this.#addresses.length === 0) throw new RangeError("name at least one address");
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    // Clients that start together spread over the nodes.
    this.#current = Math.floor(Math.random() * this.#addresses.length);
  }

  groupOf(): string {
    return "";
  }

  async send(call: Call, { timeoutMs, signal }: Attempt): Promise<Reply> {
    if (call.http === undefined) throw notSupported(call, "HTTP");
    if (CONTROL.test(call.idempotencyKey ?? "")) return { kind: "problem", problem: UNSENDABLE_KEY, retryAfterMs: undefined };
    const index = this.#current;
    const timeout = AbortSignal.timeout(Math.ceil(timeoutMs));
    try {
      const response = await this.#fetch(index, call.http, call.idempotencyKey, anyOf(timeout, signal));
      const reply = await readReply(response);
      if (response.status === 503) this.#leave(index);
      return reply;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof StockGridFault && error.code !== "unreachable") throw error;
      this.#leave(index);
      throw error instanceof StockGridFault ? error : this.#noAnswer(error, timeout.aborted, index);
    }
  }

  /** A response whose body is read as it comes. Rejects with StockGridFault when there is none, or it is an error. */
  async open(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
    const index = this.#current;
    const request = { headers: { ...this.#headers, ...headers }, signal: anyOf(this.#closed.signal, signal) };
    const response = await fetch(this.#addresses[index] + path, request).catch((error: unknown) => {
      signal.throwIfAborted();
      this.#leave(index);
      throw this.#noAnswer(error, false, index);
    });
    if (!response.ok) this.#leave(index);
    return response;
  }

  async close(): Promise<void> {
    this.#closed.abort();
  }

  #fetch(index: number, form: HttpForm, key: string | undefined, signal: AbortSignal): Promise<Response> {
    const { method, path, body } = form;
    return fetch(this.#addresses[index] + path, {
      method,
      headers: {
        ...this.#headers,
        ...(key === undefined ? {} : { "idempotency-key": latin1OfUtf8(key) }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: anyOf(this.#closed.signal, signal),
    });
  }

  #noAnswer(error: unknown, timedOut: boolean, index: number): StockGridFault {
    const at = this.#addresses[index];
    if (this.#closed.signal.aborted) return new StockGridFault({ code: "closed", message: "the client was closed" });
    if (timedOut) return new StockGridFault({ code: "timed-out", message: `${at} did not answer in time`, cause: error });
    return new StockGridFault({ code: "unreachable", message: `${at} cannot be reached: ${reasonOf(error)}`, cause: error });
  }

  /** Only whoever used the current address moves on: a thousand calls that fail together move by one. */
  #leave(index: number): void {
    if (this.#current === index) this.#current = (index + 1) % this.#addresses.length;
  }
}

/** The reply in a response; rejects when the body is cut off or is none of the API. */
export async function readReply(response: Response): Promise<Reply> {
  const text = await response.text();
  const body = parsed(text);
  if (response.ok && body !== undefined) return { kind: "body", body };
  if (isProblem(body)) return { kind: "problem", problem: body, retryAfterMs: retryAfterMs(response) };
  const { status } = response;
  const unavailable = (status >= STATUS_UNAVAILABLE_MIN && status <= STATUS_UNAVAILABLE_MAX) || status === 429;
  throw new StockGridFault({
    code: unavailable ? "unreachable" : "unexpected-answer",
    message: `status ${status} without a body of the API: ${text.slice(0, 200)}`,
    retryAfterMs: retryAfterMs(response),
  });
}

function checkedAddress(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new RangeError(`${JSON.stringify(text)} is no http or https URL`);
  return text.replace(/\/+$/, "");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function retryAfterMs({ headers }: Response): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * MS_PER_SECOND : undefined;
}

function anyOf(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? one : AbortSignal.any([one, other]);
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  return String((cause as Error | undefined)?.message ?? error);
}

/** A header carries bytes; StockGrid reads them as UTF-8, so that a key is the same key as on NATS. */
function latin1OfUtf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
