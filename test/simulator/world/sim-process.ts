/**
 * One life of a simulated process. After `kill` nothing it asked for comes back and nothing it does has an effect:
 * the code of a dead process may still run to the next await, but it speaks into the void.
 */

import type { Clock } from "../../../src/ports/index.ts";
import type { Scheduler } from "./scheduler.ts";
import { SimClock } from "./sim-clock.ts";

export class SimProcess {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  #alive = true;
  #callsUntilDeath = Number.POSITIVE_INFINITY;
  #onDeath: () => void = () => undefined;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
    this.clock = new SimClock(scheduler, this);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Who is to be told of the death, once. */
  set onDeath(callback: () => void) {
    this.#onDeath = callback;
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#onDeath();
  }

  /** Dies inside the `calls`-th call of a port from now, before that call has an effect. */
  killAtCall(calls: number): void {
    this.#callsUntilDeath = calls;
  }

  /** Every port calls this first: false means the process is dead and the call must have no effect. */
  enter(): boolean {
    if (--this.#callsUntilDeath <= 0) this.kill();
    return this.#alive;
  }

  /** The callback, unless the process died before it came. */
  guard<A extends readonly unknown[]>(callback: (...args: A) => void): (...args: A) => void {
    return (...args) => {
      if (this.#alive) callback(...args);
    };
  }

  /** A promise settled by an event `delayMs` from now; never settled for the dead. */
  later<T>(delayMs: number, produce: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = this.guard(() => {
        try {
          resolve(produce());
        } catch (error) {
          reject(error);
        }
      });
      this.scheduler.schedule(delayMs, settle);
    });
  }
}
