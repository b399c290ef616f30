/** What a load generator drives: something that takes numbered requests and says how each one ended. */

/**
 * - `accepted`: the server did it (2xx).
 * - `refused`: the server was too busy and said when to come back (429 or 503 with `Retry-After`).
 * - `rejected`: an expected no (other 4xx), such as `insufficient-stock`.
 * - `failed`: anything else: another 5xx, a refusal without `Retry-After`, a lost connection.
 */
export const OUTCOMES = ["accepted", "refused", "rejected", "failed"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Target {
  /** Whether `start` may be called now. */
  ready(): boolean;
  /** Starts request `index`, counted from 0. `done` is called exactly once, never before `start` returns. */
  start(index: number, done: (outcome: Outcome) => void): void;
  /** Calls back whenever `ready` may have become true without an answer, such as after a reconnect. */
  onReady(callback: () => void): void;
  close(): Promise<void>;
}

const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;

export function outcomeOf(status: number, hasRetryAfter: boolean): Outcome {
  if (status >= 200 && status < 300) return "accepted";
  if (status === TOO_MANY_REQUESTS || status === UNAVAILABLE) return hasRetryAfter ? "refused" : "failed";
  return status >= 400 && status < 500 ? "rejected" : "failed";
}
