/**
 * Tries again inside the caller's deadline: exponential back-off with full jitter, never earlier than the grid asked for.
 *
 * T1. Only a fault that says `retryable` is tried again.
 * T2. Nothing is started that the deadline leaves no time for: the last fault is thrown at the latest when the deadline has passed.
 * T3. An abort ends it at once, with the signal's own reason.
 */

import { StockGridFault } from "./fault.ts";

export interface Patience {
  /** Milliseconds for the whole call, retries included. */
  readonly deadlineMs: number;
  /** Milliseconds for one attempt; a lost answer costs this much. */
  readonly attemptMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** One attempt. */
export interface Attempt {
  /** Milliseconds it may take, at least 1. */
  readonly timeoutMs: number;
  /** The caller's signal. */
  readonly signal: AbortSignal | undefined;
}

const BACKOFF_FIRST_MS = 50;
const BACKOFF_MS_MAX = 2_000;
const DOUBLINGS_MAX = 16;

/** A random pause before retry `retry` (0 for the first): 0 to 50 ms, doubled with each retry up to 2 s. `random` is 0 to 1, exclusive. */
export function backoffMs(retry: number, random: number): number {
  return random * Math.min(BACKOFF_MS_MAX, BACKOFF_FIRST_MS * 2 ** Math.min(retry, DOUBLINGS_MAX));
}

/** Rejects with the last StockGridFault, or with the reason of the signal. */
export async function withRetries<T>(once: (attempt: Attempt) => Promise<T>, patience: Patience): Promise<T> {
  const { deadlineMs, attemptMs, signal } = patience;
  const endMs = performance.now() + deadlineMs;
  for (let retry = 0; ; retry++) {
    signal?.throwIfAborted();
    const timeoutMs = Math.max(1, Math.min(attemptMs, endMs - performance.now()));
    try {
      return await once({ timeoutMs, signal });
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof StockGridFault) || !error.retryable) throw error;
      const waitMs = error.retryAfterMs + backoffMs(retry, Math.random());
      if (performance.now() + waitMs >= endMs) throw error;
      await pause(waitMs, signal);
    }
  }
}

/** Resolves after `ms`; rejects with the reason of the signal when it is aborted before. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }, ms);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

/** As {@link pause}, for loops that look at the signal themselves: resolves early instead of rejecting. */
export async function quietPause(ms: number, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await pause(ms, signal).catch(() => undefined);
}

/** The promise, or the reason of the signal when that comes first. What the promise does later is not heard any more. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
