/**
 * The parts of a process in the order in which they were started, to be stopped in the opposite one. A part that fails to
 * stop, or takes too long (its server may be away), is logged and does not keep the others.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../ports/index.ts";

const STOP_MS_MAX = 15_000;

export class Teardown {
  readonly #steps: { name: string; stop: () => Promise<void> | void }[] = [];
  readonly #log: Log;
  readonly #stopMsMax: number;

  /** `stopMsMax`: the longest a part may take to stop. */
  constructor(log: Log, stopMsMax = STOP_MS_MAX) {
    this.#log = log;
    this.#stopMsMax = stopMsMax;
  }

  add(name: string, stop: () => Promise<void> | void): void {
    this.#steps.push({ name, stop });
  }

  async run(): Promise<void> {
    for (const { name, stop } of this.#steps.splice(0).reverse()) {
      try {
        await within(this.#stopMsMax, stop);
      } catch (error) {
        this.#log.error({ part: name, error: String(error) }, "a part of the node did not stop cleanly");
      }
    }
  }
}

async function within(ms: number, stop: () => Promise<void> | void): Promise<void> {
  const stopped = new AbortController();
  const tooLate = delay(ms, undefined, { signal: stopped.signal }).then(
    () => Promise.reject(new Error(`it took longer than ${ms} ms`)),
    () => undefined,
  );
  try {
    await Promise.race([stop(), tooLate]);
  } finally {
    stopped.abort();
  }
}
