/**
 * A client of many addresses that does not give up early: it sends a request under its key, to one node after another, until
 * the answer is definite or its patience ends.
 */

import { setTimeout as pause } from "node:timers/promises";

export interface Outcome {
  /** Undefined: no definite answer within the patience. */
  readonly status: number | undefined;
  readonly body: unknown;
  /** Tries before this answer that may have taken effect all the same. */
  readonly lostTries: number;
  /** From the first try to the answer, ms. */
  readonly tookMs: number;
}

export interface ClientSettings {
  /** Where nodes answer now; empty: nowhere. */
  urls(): readonly string[];
  /** How long one try may take, ms. */
  readonly tryMsMax: number;
  /** How long a call is tried, ms. */
  readonly patienceMs: number;
}

/** What went wrong on the way, of all clients that share it. */
export interface Trouble {
  lostConnections: number;
  refusals: number;
  gaveUp: number;
  slowestMs: number;
}

export function noTrouble(): Trouble {
  return { lostConnections: 0, refusals: 0, gaveUp: 0, slowestMs: 0 };
}

const RETRY_MS = 25;
const FAR_IN_DOUBT = 503;

interface Try {
  readonly status: number;
  readonly body: unknown;
}

export class PatientClient {
  readonly #settings: ClientSettings;
  readonly #trouble: Trouble;
  #turn: number;

  /** `turn` chooses the first address. */
  constructor(settings: ClientSettings, trouble: Trouble, turn = 0) {
    this.#settings = settings;
    this.#trouble = trouble;
    this.#turn = turn;
  }

  get(path: string): Promise<Outcome> {
    return this.#insist("GET", path, undefined, undefined);
  }

  put(path: string, body: unknown): Promise<Outcome> {
    return this.#insist("PUT", path, body, undefined);
  }

  post(path: string, body: unknown, key?: string): Promise<Outcome> {
    return this.#insist("POST", path, body, key);
  }

  async #insist(method: string, path: string, body: unknown, key: string | undefined): Promise<Outcome> {
    const begun = performance.now();
    let lostTries = 0;
    while (performance.now() - begun < this.#settings.patienceMs) {
      const answer = await this.#try(method, path, body, key);
      if (answer !== "not sent" && answer !== "lost" && !isForLater(answer)) {
        const tookMs = performance.now() - begun;
        this.#trouble.slowestMs = Math.max(this.#trouble.slowestMs, tookMs);
        return { ...answer, lostTries, tookMs };
      }
      if (answer === "lost" || (answer !== "not sent" && isInDoubt(answer))) lostTries++;
      this.#turn++;
      await pause(RETRY_MS * (1 + Math.random()));
    }
    this.#trouble.gaveUp++;
    return { status: undefined, body: undefined, lostTries, tookMs: performance.now() - begun };
  }

  async #try(method: string, path: string, body: unknown, key: string | undefined): Promise<Try | "lost" | "not sent"> {
    const urls = this.#settings.urls();
    const url = urls[this.#turn % Math.max(urls.length, 1)];
    if (url === undefined) return "not sent";
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(key === undefined ? {} : { "idempotency-key": key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(this.#settings.tryMsMax),
      });
      const answer = { status: response.status, body: (await response.json()) as unknown };
      if (isForLater(answer)) this.#trouble.refusals++;
      return answer;
    } catch (error) {
      if (!isConnectionTrouble(error)) throw error;
      this.#trouble.lostConnections++;
      return "lost";
    }
  }
}

function isForLater({ status }: Try): boolean {
  return status === 429 || status === 503;
}

/** Of the answers to come back later, all but `outcome-unknown` say that nothing was done. */
function isInDoubt({ status, body }: Try): boolean {
  return status === FAR_IN_DOUBT && (body as { type?: string }).type?.endsWith(":outcome-unknown") === true;
}

/** What fetch says when the other side dies or is silent: nothing else is forgiven. */
function isConnectionTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === "TimeoutError" ||
    error.name === "AbortError" ||
    (error instanceof TypeError && /fetch failed|terminated/.test(error.message))
  );
}
