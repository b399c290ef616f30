/** Keeps a long-term rate below a maximum, so that catching up cannot starve the checkouts on the same machine. */

import { setTimeout as delay } from "node:timers/promises";

/** Work that may be done at once after a pause, in milliseconds of the maximum rate. */
const BURST_MS = 50;

export class RateCap {
  readonly #msPerUnit: number;
  #paidUntil = 0;

  /** `perSecondMax` is above 0; Infinity for no cap. */
  constructor(perSecondMax: number) {
    this.#msPerUnit = 1_000 / perSecondMax;
  }

  /** Accounts for `units` done and waits until more may be done. */
  async spend(units: number): Promise<void> {
    const now = performance.now();
    this.#paidUntil = Math.max(this.#paidUntil, now - BURST_MS) + units * this.#msPerUnit;
    const waitMs = this.#paidUntil - now;
    if (waitMs >= 1) await delay(waitMs);
  }
}
