/** The machine's clock and timers. `soon` runs after the input of this turn of the event loop has been handled. */

import type { EpochMs } from "../base/index.ts";
import type { Clock } from "../ports/index.ts";

export class SystemClock implements Clock {
  now(): EpochMs {
    return Date.now() as EpochMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  }

  soon(callback: () => void): void {
    setImmediate(callback);
  }
}
