/** The clock of one simulated process: wall time jumps with the world, timers follow virtual time. */

import type { EpochMs } from "../../../src/base/index.ts";
import type { Clock } from "../../../src/ports/index.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";

export class SimClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #process: SimProcess;

  constructor(scheduler: Scheduler, process: SimProcess) {
    this.#scheduler = scheduler;
    this.#process = process;
  }

  now(): EpochMs {
    return this.#scheduler.wallMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    if (!this.#process.enter()) return () => undefined;
    return this.#scheduler.schedule(delayMs, this.#process.guard(callback));
  }

  soon(callback: () => void): void {
    if (this.#process.enter()) this.#scheduler.schedule(0, this.#process.guard(callback));
  }
}
