/** Each detector on a clear case, and D1: when nothing is wrong its p-value is small no more often than it says. */

import { describe, expect, it } from "vitest";
import {
  type Anomaly,
  anomaliesOf,
  asnMismatch,
  type DayFigures,
  findingsOf,
  impossibleSale,
  phantomStock,
  returnBurst,
  rfidMismatch,
  shrinkageDrift,
} from "../../src/anomalies/index.ts";
import type { LocationId, Sku } from "../../src/base/index.ts";
import { type Belief, beliefOf } from "../../src/confidence/index.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const LEVELS = [0.001, 0.01, 0.05, 0.1, 0.3];
const RUNS = 20_000;

function drawFrom(weights: readonly number[], random: SeededRandom): number {
  let left = random.unit() * weights.reduce((sum, weight) => sum + weight, 0);
  return weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
}

/** Figures of a record's day on which nothing is wrong: every null hypothesis holds. */
function innocentDay(random: SeededRandom, sku: string, location: string): DayFigures {
  const onHand = 1 + random.below(20);
  const weights = Array.from({ length: onHand + 1 }, () => random.exponential(1) ** 3);
  const believed = drawFrom(weights, random);
  const demand = { mean: 0.1 + 3 * random.unit(), size: 0.5 + random.unit() };
  const received = random.chance(0.2) ? 6 : 0;
  let quietDays = 0;
  while (quietDays < 500 && random.negativeBinomial(demand.mean, demand.size) === 0) quietDays++;
  const losses = { rate: 0.3 * random.unit(), units: 1 + 2 * random.unit() };
  let missing = 0;
  for (let n = random.poisson(losses.rate); n > 0; n--) missing += random.geometric(losses.units);
  const errors = { probability: 0.1, units: 2 };
  const off = random.chance(errors.probability) ? random.geometric(errors.units) * (random.chance(0.5) ? 1 : -1) : 0;
  const expectedReturns = { mean: 2 * random.unit(), size: 0.7 };
  const [readRate, strayTags] = [0.95, 0.2];
  return {
    sku: sku as Sku,
    location: location as LocationId,
    sales: {
      onHand,
      belief: beliefOf(0, weights),
      sold: Math.min(believed + received, random.negativeBinomial(demand.mean * 2, demand.size)),
      received,
    },
    quiet: { onHand, missed: { mean: demand.mean * quietDays, size: demand.size * quietDays } },
    shrinkage: { missing, expected: losses },
    notices: [{ announced: 40, received: 40 + off, errors }],
    returns: { returned: random.negativeBinomial(expectedReturns.mean, expectedReturns.size), expected: expectedReturns },
    read: { onHand, seen: random.binomial(onHand, readRate) + random.poisson(strayTags), readRate, strayTags },
  };
}

describe("when nothing is wrong", () => {
  it("D1: the p-value of each detector is at most a in at most a share a of all cases", () => {
    const random = new SeededRandom(21);
    const counts = new Map<string, number[]>();
    for (let run = 0; run < RUNS; run++) {
      for (const { kind, pValue } of findingsOf(innocentDay(random, "s", "l"))) {
        const count = counts.get(kind) ?? LEVELS.map(() => 0);
        counts.set(kind, count);
        LEVELS.forEach((level, i) => {
          if (pValue <= level) count[i] = (count[i] as number) + 1;
        });
      }
    }
    expect(counts.size).toBe(6);
    for (const [kind, count] of counts) {
      LEVELS.forEach((level, i) => {
        const bound = level + 4 * Math.sqrt((level * (1 - level)) / RUNS);
        expect([kind, level, (count[i] as number) / RUNS <= bound]).toEqual([kind, level, true]);
      });
    }
  });

  it("a location has a day with any alarm no more often than the level says", () => {
    const random = new SeededRandom(22);
    const days = 1_500;
    let alarms = 0;
    for (let day = 0; day < days; day++) {
      const figures = Array.from({ length: 10 }, (_, i) => innocentDay(random, `s${i}`, "l"));
      if (anomaliesOf(figures, 0.1).length > 0) alarms++;
    }
    expect(alarms / days).toBeLessThan(0.1 + 3 * Math.sqrt((0.1 * 0.9) / days));
  });
});

describe("a detector", () => {
  const empty: Belief = beliefOf(0, [0.999, 0.001]);

  it.each([
    ["a sale of what is certainly not there", impossibleSale({ onHand: 2, belief: undefined, sold: 3, received: 0 }), 0],
    ["a sale of what was hardly believed to be there", impossibleSale({ onHand: 1, belief: empty, sold: 1, received: 0 }), 0.001],
    ["a sale of what came in", impossibleSale({ onHand: 0, belief: undefined, sold: 3, received: 3 }), 1],
    ["no sale", impossibleSale({ onHand: 0, belief: undefined, sold: 0, received: 0 }), 1],
    ["a shelf that should have sold ten", phantomStock({ onHand: 4, missed: { mean: 10 } }), Math.exp(-10)],
    ["a shelf that sold today", phantomStock({ onHand: 4, missed: { mean: 0 } }), 1],
    ["a shelf that is known to be empty", phantomStock({ onHand: 0, missed: { mean: 10 } }), undefined],
    [
      "five losses where a tenth was to be expected",
      shrinkageDrift({ missing: 5, expected: { rate: 0.1, units: 1 } }),
      7.66780203776e-8,
    ],
    ["units that were found", shrinkageDrift({ missing: -2, expected: { rate: 0.1, units: 1 } }), 1],
    ["losses with nothing to compare", shrinkageDrift({ missing: 5, expected: { rate: 0, units: 1 } }), undefined],
    ["a receipt as announced", asnMismatch({ announced: 5, received: 5, errors: { probability: 0.02, units: 2 } }), 1],
    ["a receipt short by three", asnMismatch({ announced: 5, received: 2, errors: { probability: 0.02, units: 2 } }), 0.02 / 4],
    ["a receipt over by three", asnMismatch({ announced: 5, received: 8, errors: { probability: 0.02, units: 2 } }), 0.02 / 4],
    ["a burst of returns", returnBurst({ returned: 9, expected: { mean: 1 } }), 1.125202597969018e-6],
    ["no returns", returnBurst({ returned: 0, expected: { mean: 1 } }), 1],
    ["nothing returned and nothing expected", returnBurst({ returned: 0, expected: { mean: 0 } }), undefined],
    ["tags as many as units", rfidMismatch({ onHand: 10, seen: 10, readRate: 0.95, strayTags: 0.1 }), 1],
    ["half the tags", rfidMismatch({ onHand: 10, seen: 5, readRate: 0.95, strayTags: 0.1 }), 2 * 6.36898314453125e-5],
    ["more tags than units", rfidMismatch({ onHand: 2, seen: 5, readRate: 0.95, strayTags: 0.1 }), 2 * 0.0001546530702646717],
    ["tags of nothing", rfidMismatch({ onHand: -1, seen: 0, readRate: 0.95, strayTags: 0.1 }), 1],
  ])("on %s", (_name, pValue, expected) => {
    if (expected === undefined) expect(pValue).toBeUndefined();
    else expect(pValue).toBeCloseTo(expected, Math.max(2, 4 - Math.log10(Math.max(1e-9, expected))));
  });
});

describe("a day", () => {
  const clear = (sku: string, location: string): DayFigures => ({
    sku: sku as Sku,
    location: location as LocationId,
    quiet: { onHand: 4, missed: { mean: 20 } },
  });
  const quietly = (sku: string, location: string): DayFigures => ({
    ...clear(sku, location),
    quiet: { onHand: 4, missed: { mean: 3 } },
  });
  const named = (anomalies: readonly Anomaly[]): string[] =>
    anomalies.map(({ sku, location, kind }) => `${kind} ${sku} ${location}`);

  it("reports what is clear, with what was seen and what was to be expected", () => {
    expect(anomaliesOf([clear("a", "x")])).toEqual([
      { kind: "phantom-stock", sku: "a", location: "x", pValue: Math.exp(-20), qValue: Math.exp(-20), observed: 0, expected: 20 },
    ]);
  });

  it("A1: weighs a finding by the tests of its own location alone", () => {
    const many = Array.from({ length: 50 }, (_, i) => quietly(`n${i}`, "noisy"));
    const others = many.map((figures) => ({ ...figures, quiet: { onHand: 4, missed: { mean: 0.1 } } }));
    expect(named(anomaliesOf([quietly("a", "calm"), ...others]))).toEqual(["phantom-stock a calm"]);
    expect(named(anomaliesOf([quietly("a", "noisy"), ...others]))).toEqual([]);
  });

  it("A2: is the same in whatever order figures come, likeliest first", () => {
    const figures = [quietly("c", "y"), clear("b", "x"), clear("a", "x"), clear("a", "y")];
    const names = ["phantom-stock a x", "phantom-stock b x", "phantom-stock a y", "phantom-stock c y"];
    for (const order of [figures, figures.toReversed()]) {
      const found = named(anomaliesOf(order));
      expect(found.toSorted()).toEqual(names.toSorted());
      expect(found).toEqual(named(anomaliesOf(figures)));
      expect(found.at(-1)).toBe("phantom-stock c y");
    }
  });
});
