/** Time as the core sees it. The simulator's clock jumps and stands still at will. */

import type { EpochMs } from "../base/index.ts";

export interface Clock {
  /** Wall time. May jump in either direction. */
  now(): EpochMs;
  /** Calls back once, `delayMs` or more from now, never before returning. The result cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back once, after the input that is ready now has been handled: the moment to send what it produced as one batch. */
  soon(callback: () => void): void;
}
