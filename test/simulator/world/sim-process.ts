/**
 * One life of a simulated process. After `kill` nothing it asked for comes back and nothing it does has an effect:
 * the code of a dead process may still run to the next await, but it speaks into the void.
 *
 * A paused process (SIGSTOP) hears nothing and none of its timers fire; all of it comes when it is resumed, timers first, as an event loop does it,
 * then everything else in the order of its arrival. What arrives while that backlog is worked off goes behind it.
 */

import type { Clock } from "../../../src/ports/index.ts";
import type { Scheduler } from "./scheduler.ts";
import { SimClock } from "./sim-clock.ts";

/** Where a process runs, as far as its clock is concerned. */
export interface ClockHome {
  /** Wall clock of the machine against that of the world, ms. */
  readonly wallOffsetMs: number;
}

const TRUE_TIME: ClockHome = { wallOffsetMs: 0 };

type Callback = () => void;

export class SimProcess {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly #home: ClockHome;
  #alive = true;
  #callsUntilDeath = Number.POSITIVE_INFINITY;
  #onDeath: (() => void)[] = [];
  #paused = false;
  /** Whether arrivals go to the backlog: paused, or resumed and not through with it. */
  #behind = false;
  #dueTimers: Callback[] = [];
  #arrived: Callback[] = [];

  constructor(scheduler: Scheduler, home: ClockHome = TRUE_TIME) {
    this.scheduler = scheduler;
    this.#home = home;
    this.clock = new SimClock(scheduler, this);
  }

  get alive(): boolean {
    return this.#alive;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Wall clock of its machine against that of the world, ms. */
  get wallOffsetMs(): number {
    return this.#home.wallOffsetMs;
  }

  /** One more who is to be told of the death, once. */
  set onDeath(callback: () => void) {
    this.#onDeath.push(callback);
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#dueTimers = [];
    this.#arrived = [];
    for (const tell of this.#onDeath.splice(0)) tell();
  }

  /** Dies inside the `calls`-th call of a port from now, before that call has an effect. */
  killAtCall(calls: number): void {
    this.#callsUntilDeath = calls;
  }

  pause(): void {
    if (!this.#alive) return;
    this.#paused = true;
    this.#behind = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.scheduler.schedule(0, () => this.#catchUp());
  }

  /** Every port calls this first: false means the process is dead and the call must have no effect. */
  enter(): boolean {
    if (--this.#callsUntilDeath <= 0) this.kill();
    return this.#alive;
  }

  /** The callback, unless the process died before it came; later when it is paused. */
  guard<A extends readonly unknown[]>(callback: (...args: A) => void): (...args: A) => void {
    return (...args) => {
      if (!this.#alive) return;
      if (this.#behind) this.#arrived.push(() => callback(...args));
      else callback(...args);
    };
  }

  /** As {@link guard}, for a timer of the process. */
  guardTimer(callback: Callback): Callback {
    return () => {
      if (!this.#alive) return;
      if (this.#behind) this.#dueTimers.push(callback);
      else callback();
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

  /** One callback an event, so that continuations run in between. */
  #catchUp(): void {
    if (!this.#alive || this.#paused) return;
    const next = this.#dueTimers.shift() ?? this.#arrived.shift();
    if (next === undefined) {
      this.#behind = false;
      return;
    }
    this.scheduler.schedule(0, () => this.#catchUp());
    next();
  }
}
