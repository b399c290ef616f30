/**
 * A client that never gives up: sends a request with its key until the answer is definite, whatever dies meanwhile.
 */

import { setTimeout as pause } from "node:timers/promises";
import type { NodeUnderTest } from "./node-under-test.ts";

const REQUEST_MS_MAX = 10_000;
const RETRY_MS = 25;
const TRY_MS_MAX = 120_000;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What went wrong on the way, for the report. */
export interface Trouble {
  lostConnections: number;
  refusals: number;
}

export class Shopper {
  readonly #node: NodeUnderTest;
  readonly trouble: Trouble = { lostConnections: 0, refusals: 0 };

  constructor(node: NodeUnderTest) {
    this.#node = node;
  }

  get(path: string): Promise<Answer> {
    return this.#insist("GET", path, undefined, undefined);
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.#insist("PUT", path, body, undefined);
  }

  post(path: string, body: unknown, key?: string): Promise<Answer> {
    return this.#insist("POST", path, body, key);
  }

  async #insist(method: string, path: string, body: unknown, key: string | undefined): Promise<Answer> {
    const deadline = Date.now() + TRY_MS_MAX;
    while (Date.now() < deadline) {
      const answer = await this.#try(method, path, body, key);
      if (answer !== undefined) return answer;
      await pause(RETRY_MS * (1 + Math.random()));
    }
    throw new Error(`${method} ${path} had no definite answer within ${TRY_MS_MAX} ms\n${this.#node.log}`);
  }

  /** The answer when it is definite: undefined for a lost connection, 429 and 503. */
  async #try(method: string, path: string, body: unknown, key: string | undefined): Promise<Answer | undefined> {
    const url = this.#node.httpUrl;
    if (url === undefined) return undefined;
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(key === undefined ? {} : { "idempotency-key": key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(REQUEST_MS_MAX),
      });
      const answer = { status: response.status, body: (await response.json()) as unknown };
      if (answer.status !== 429 && answer.status !== 503) return answer;
      this.trouble.refusals++;
    } catch (error) {
      if (!isConnectionTrouble(error)) throw error;
      this.trouble.lostConnections++;
    }
    return undefined;
  }
}

/** What fetch says when the other side dies: nothing else is forgiven. */
function isConnectionTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === "TimeoutError" ||
    error.name === "AbortError" ||
    (error instanceof TypeError && /fetch failed|terminated/.test(error.message))
  );
}
