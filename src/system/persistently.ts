/** Asking again what a server that has just been started cannot answer yet: a cluster of NATS servers elects leaders first. */

import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../ports/index.ts";

const RETRY_MS = 500;
const TRIES_MAX = 60;

/** The first answer, or the last error after half a minute or more. `isFinal` errors are not tried again. */
export async function persistently<T>(
  what: string,
  log: Log,
  ask: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES_MAX || isFinal(error)) throw error;
      log.warn({ what, reason: error instanceof Error ? error.message : String(error) }, "not there yet; tried again shortly");
      await delay(RETRY_MS);
    }
  }
}
