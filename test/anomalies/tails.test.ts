/** Tails against sums of terms taken literally, and where those cannot be taken, against published values. */

import { describe, expect, it } from "vitest";
import { binomialLowerTail, demandTail, lossTail } from "../../src/anomalies/index.ts";
import { logGamma } from "../../src/anomalies/tails.ts";
import { SeededRandom } from "../support/seeded-random.ts";

function literalTail(first: number, ratio: (n: number) => number, n: number): number {
  let term = first;
  let sum = 0;
  for (let j = 0; j < 3_000; j++) {
    if (j >= n) sum += term;
    term *= ratio(j);
  }
  return sum;
}

const expectRatio = (actual: number, expected: number): void => expect(actual / expected).toBeCloseTo(1, 9);

describe("the upper tail of demand", () => {
  it.each([0.01, 0.7, 5, 60])("is that of Poisson, mean %d", (mean) => {
    for (const n of [0, 1, 2, 5, 20, 60])
      expectRatio(
        demandTail({ mean }, n),
        literalTail(Math.exp(-mean), (j) => mean / (j + 1), n),
      );
  });

  it.each([
    [0.5, 0.3],
    [5, 2],
    [40, 10],
    [3, 0.05],
  ])("is that of the negative binomial, mean %d and size %d", (mean, size) => {
    const odds = mean / (mean + size);
    const first = (size / (size + mean)) ** size;
    for (const n of [0, 1, 2, 5, 20, 60]) {
      expectRatio(
        demandTail({ mean, size }, n),
        literalTail(first, (j) => ((j + size) / (j + 1)) * odds, n),
      );
    }
  });

  it("holds far out and for large means", () => {
    expectRatio(demandTail({ mean: 1 }, 20), 1.5875276010732633e-19);
    expect(demandTail({ mean: 100_000 }, 100_000)).toBeCloseTo(0.5, 2);
    expect(demandTail({ mean: 100_000 }, 101_000)).toBeGreaterThan(7e-4);
    expect(demandTail({ mean: 100_000 }, 101_000)).toBeLessThan(9e-4);
    expect(demandTail({ mean: 0 }, 1)).toBe(0);
  });
});

describe("the lower tail of a binomial", () => {
  it.each([
    [1, 0.5],
    [10, 0.95],
    [200, 0.97],
    [2_000, 0.9],
  ])("of %i trials at %d is the sum of its terms", (trials, success) => {
    const terms: number[] = [];
    for (let k = 0; k <= trials; k++) {
      const log = logGamma(trials + 1) - logGamma(k + 1) - logGamma(trials - k + 1);
      terms.push(Math.exp(log + k * Math.log(success) + (trials - k) * Math.log(1 - success)));
    }
    let sum = 0;
    terms.forEach((term, k) => {
      sum += term;
      if (sum > 1e-290) expect(binomialLowerTail(trials, success, k) / sum).toBeCloseTo(1, 7);
    });
  });

  it("is nothing below and all above", () => {
    expect(binomialLowerTail(5, 0.9, -1)).toBe(0);
    expect(binomialLowerTail(5, 0.9, 5)).toBe(1);
    expect(binomialLowerTail(0, 0.9, 0)).toBe(1);
  });
});

describe("the upper tail of losses", () => {
  it("is Poisson for single units", () => {
    for (const units of [1, 3, 8]) expect(lossTail({ rate: 2, units: 1 }, units)).toBeCloseTo(demandTail({ mean: 2 }, units), 12);
  });

  it("is that of incidents of several units", () => {
    const random = new SeededRandom(3);
    const losses = Array.from({ length: 100_000 }, () => {
      let units = 0;
      for (let n = random.poisson(0.8); n > 0; n--) units += random.geometric(3);
      return units;
    });
    for (const units of [1, 2, 5, 10]) {
      const share = losses.filter((lost) => lost >= units).length / losses.length;
      expect(Math.abs(lossTail({ rate: 0.8, units: 3 }, units) - share)).toBeLessThan(0.006);
    }
  });

  it("accuses nobody when it cannot be worked out, and somebody who lost what is never lost", () => {
    expect(lossTail({ rate: 1_000, units: 2 }, 5_000)).toBe(1);
    expect(lossTail({ rate: 0, units: 1 }, 1)).toBe(0);
    expect(lossTail({ rate: 0, units: 1 }, 0)).toBe(1);
    expect(lossTail({ rate: 1, units: 1 }, 60)).toBeGreaterThan(0);
  });
});

describe("the logarithm of the gamma function", () => {
  it.each([
    [1, 0],
    [2, 0],
    [0.5, Math.log(Math.PI) / 2],
    [5, Math.log(24)],
    [171, 706.5730622457874],
    [0.01, 4.599479878042022],
  ])("of %d", (x, value) => {
    expect(logGamma(x)).toBeCloseTo(value, 10);
  });
});
