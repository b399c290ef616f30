/** Waiting for a condition with an end, and a message that says what did not come. */

import { setTimeout as pause } from "node:timers/promises";

const LOOK_EVERY_MS = 50;

/** Resolves with the first value of `look` that is not undefined. What it throws ends the wait; `what` is for the message of a time-out. */
export async function waitFor<T>(what: string, msMax: number, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + msMax;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadline) throw new Error(`${what} did not come within ${msMax / 1000} s`);
    await pause(LOOK_EVERY_MS);
  }
}

/** The JSON that a server of this machine answers with status 200, undefined for any other answer or none. */
export async function jsonAt(url: string): Promise<unknown> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    const body: unknown = await answer.json();
    return answer.ok ? body : undefined;
  } catch {
    // Not there yet, or not there any more: the one who waits has a deadline.
    return undefined;
  }
}
