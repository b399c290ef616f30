/**
 * Seeded chance with the distributions that studies and tests of statistics draw from. Mulberry32 (Ettinger 2017).
 * Gamma by Marsaglia and Tsang (2000), Poisson by counting exponential gaps.
 */

import type { Random } from "../../src/ports/index.ts";

export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** 0 or more, below 1. */
  unit(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number from 0 to `bound - 1`. */
  below(bound: number): number {
    return Math.floor(this.unit() * bound);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit());
  }

  normal(): number {
    return Math.sqrt(this.exponential(2)) * Math.cos(2 * Math.PI * this.unit());
  }

  gamma(shape: number, scale: number): number {
    if (shape < 1) return this.gamma(shape + 1, scale) * (1 - this.unit()) ** (1 / shape);
    const d = shape - 1 / 3;
    for (;;) {
      const x = this.normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(1 - this.unit()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v * scale;
    }
  }

  poisson(mean: number): number {
    let count = 0;
    for (let time = this.exponential(1); time < mean; time += this.exponential(1)) count++;
    return count;
  }

  negativeBinomial(mean: number, size: number): number {
    return this.poisson(this.gamma(size, mean / size));
  }

  binomial(trials: number, probability: number): number {
    let count = 0;
    for (let i = 0; i < trials; i++) if (this.chance(probability)) count++;
    return count;
  }

  /** 1 or more, with this mean. */
  geometric(mean: number): number {
    if (mean <= 1) return 1;
    return 1 + Math.floor(Math.log(1 - this.unit()) / Math.log(1 - 1 / mean));
  }
}
