/** The clock of one simulated process: wall time jumps with the world and its machine, timers follow virtual time. */

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
    return (this.#scheduler.wallMs + this.#process.wallOffsetMs) as EpochMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    if (!this.#process.enter()) return () => undefined;
    let wanted = true;
    const fire = (): void => {
      if (wanted) callback();
    };
    const cancel = this.#scheduler.schedule(delayMs, this.#process.guardTimer(fire));
    return () => {
      wanted = false;
      cancel();
    };
  }

  soon(callback: () => void): void {
    if (this.#process.enter()) this.#scheduler.schedule(0, this.#process.guard(callback));
  }
}
