/** A clock that stands until it is told to go: timers and `soon` run in order, within the test's own turn. */

import type { EpochMs } from "../../src/base/index.ts";
import type { Clock } from "../../src/ports/index.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

const ROUNDS_MAX = 100_000;

export class StepClock implements Clock {
  #now = 1_700_000_000_000;
  #soon: (() => void)[] = [];
  readonly #timers = new Set<Timer>();

  now(): EpochMs {
    return this.#now as EpochMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, run: callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** Everything that is ready now, and what comes of it. */
  settle(): void {
    for (let round = 0; this.#soon.length > 0; round++) {
      if (round > ROUNDS_MAX) throw new Error("it never settles");
      for (const run of this.#soon.splice(0)) run();
    }
  }

  /** Lets time pass, timer by timer. */
  advance(ms: number): void {
    const until = this.#now + ms;
    this.settle();
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
      if (next === undefined || next.at > until) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      this.settle();
    }
    this.#now = until;
  }
}
