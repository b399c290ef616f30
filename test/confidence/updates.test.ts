/** What each kind of evidence does to a belief: worked values first, then one row a case. */

import { describe, expect, it } from "vitest";
import {
  afterCount,
  afterInterval,
  afterQuiet,
  afterRead,
  afterRebooking,
  afterReceipt,
  afterTaken,
  type Belief,
  beliefOf,
  confidence,
  expectedDiscrepancy,
  expectedUnits,
  NO_DRIFT,
  phantomProbability,
  plainLoss,
  probabilityAtLeast,
  unitsWithProbability,
  varianceOfUnits,
} from "../../src/confidence/index.ts";
import { demandOf, probabilities } from "./build.ts";

const TEN_OR_NONE = beliefOf(0, [0.1, 0, 0, 0, 0, 0.9]);

function expectProbabilities(belief: Belief, expected: readonly (readonly [number, number])[]): void {
  const actual = probabilities(belief);
  expect(actual.map(([units]) => units)).toEqual(expected.map(([units]) => units));
  actual.forEach(([, weight], i) => {
    expect(weight).toBeCloseTo(expected[i]?.[1] as number, 6);
  });
}

describe("sales and the time without them", () => {
  it.each([
    [1, 0.231969],
    [3, 0.690568],
    [7, 0.99186],
  ])("make an empty shelf likelier after %i days without a sale", (days, empty) => {
    expect(phantomProbability(afterQuiet(TEN_OR_NONE, 5, days, demandOf(1)), 5)).toBeCloseTo(empty, 6);
  });

  it("weigh what was there by the demand that was seen", () => {
    const prior = beliefOf(0, [0.05, 0.1, 0.2, 0.3, 0.2, 0.1, 0.05]);
    expectProbabilities(afterInterval(prior, 3, 1, demandOf(1)), [
      [0, 0.168158],
      [1, 0.195728],
      [2, 0.293591],
      [3, 0.195728],
      [4, 0.097864],
      [5, 0.048932],
    ]);
  });

  it("leave a certain record without a belief", () => {
    expect(afterInterval(undefined, 5, 2, demandOf(1))).toBeUndefined();
    expect(afterQuiet(undefined, 5, 30, demandOf(1))).toBeUndefined();
  });

  it("of more than was believed to be there are a surprise: those were there, and what is left is unknown", () => {
    const belief = afterInterval(undefined, 2, 5, demandOf(1));
    expect(confidence(belief, -3)).toBe(0);
    expect(probabilityAtLeast(belief, -3, 0)).toBe(1);
    expectProbabilities(afterInterval(undefined, 2, 5, demandOf(1)), probabilities(beliefOf(0, geometric(29))));
  });

  it("count for less when demand is lumpy", () => {
    const lumpy = { demand: { mean: 1, size: 0.5 }, drift: NO_DRIFT };
    const [poisson, negativeBinomial] = [demandOf(1), lumpy].map((course) =>
      phantomProbability(afterQuiet(TEN_OR_NONE, 5, 3, course), 5),
    );
    expect(negativeBinomial).toBeLessThan(poisson as number);
    // P(D = 0) = (k / (k + m))^k = (1/3)^0.5 a day.
    expect(negativeBinomial).toBeCloseTo(0.1 / (0.1 + 0.9 * 3 ** -1.5), 6);
  });

  it("are the same in one interval or in several, without drift", () => {
    const whole = afterQuiet(TEN_OR_NONE, 5, 6, demandOf(0.3));
    const parts = afterQuiet(afterQuiet(TEN_OR_NONE, 5, 2.5, demandOf(0.3)), 5, 3.5, demandOf(0.3));
    expect(phantomProbability(parts, 5)).toBeCloseTo(phantomProbability(whole, 5), 6);
  });
});

/** Halves, as a surplus of two units on average falls off. */
function geometric(length: number): number[] {
  return Array.from({ length }, (_, i) => 2 ** -i);
}

describe("invisible loss", () => {
  it("takes a Poisson number of units", () => {
    const belief = afterQuiet(undefined, 10, 1, { demand: { mean: 0 }, drift: plainLoss(0.5) });
    const p0 = Math.exp(-0.5);
    expect(confidence(belief, 10)).toBeCloseTo(p0, 6);
    expect(belief?.weights[10 - belief.low - 3]).toBeCloseTo((p0 * 0.5 ** 3) / 6, 6);
  });

  it("never takes more than is there", () => {
    const belief = afterQuiet(undefined, 2, 1, { demand: { mean: 0 }, drift: plainLoss(1) });
    expectProbabilities(belief, [
      [0, 1 - 2 * Math.exp(-1)],
      [1, Math.exp(-1)],
      [2, Math.exp(-1)],
    ]);
  });

  it("in incidents of several units can empty a full shelf", () => {
    const drift = { lost: { rate: 0.1, units: 4 }, found: { rate: 0, units: 1 } };
    const belief = afterQuiet(undefined, 20, 1, { demand: { mean: 0 }, drift });
    // One incident of 20 units or more: 0.75^19; with two and more it is likelier, though not by much.
    const atLeast = 0.1 * Math.exp(-0.1) * 0.75 ** 19;
    expect(phantomProbability(belief, 20)).toBeGreaterThan(atLeast);
    expect(phantomProbability(belief, 20)).toBeLessThan(1.5 * atLeast);
    expect(expectedUnits(belief, 20)).toBeCloseTo(20 - 0.4, 2);
  });
});

describe("a sweep", () => {
  const lost = { rate: 0.001, units: 1, sweep: 1 };
  const course = { demand: { mean: 0 }, drift: { lost, found: { rate: 0, units: 1 } } };

  it("takes everything, however much there is", () => {
    expectProbabilities(afterQuiet(undefined, 1, 1, course), [
      [0, 1 - Math.exp(-0.001)],
      [1, Math.exp(-0.001)],
    ]);
    expect(phantomProbability(afterQuiet(undefined, 200, 1, course), 200)).toBeCloseTo(1 - Math.exp(-0.001), 6);
  });

  it("lets a full shelf be believed empty once it sells nothing", () => {
    const selling = { ...course, demand: { mean: 3 } };
    expect(phantomProbability(afterQuiet(undefined, 200, 2, selling), 200)).toBeLessThan(0.2);
    expect(phantomProbability(afterQuiet(undefined, 200, 6, selling), 200)).toBeGreaterThan(0.99);
    const withoutSweep = { ...selling, drift: { ...selling.drift, lost: { ...lost, sweep: 0 } } };
    expect(phantomProbability(afterQuiet(undefined, 200, 6, withoutSweep), 200)).toBe(0);
  });
});

describe("a wide belief", () => {
  const drift = { lost: { rate: 0.02, units: 60, sweep: 0.05 }, found: { rate: 0.01, units: 2 } };
  const days = (belief: Belief, onHand: number): Belief => afterQuiet(belief, onHand, 10, { demand: { mean: 0.01 }, drift });

  it("keeps that nothing is there, at the cost of a little at its other end", () => {
    const belief = days(days(undefined, 255), 255);
    expect(belief?.weights).toHaveLength(256);
    expect(phantomProbability(belief, 255)).toBeGreaterThan(0.02);
  });

  it("does not give up what is likely for it", () => {
    for (const onHand of [300, 400, 10_000]) expect(expectedUnits(days(undefined, onHand), onHand)).toBeGreaterThan(onHand - 40);
    const wide = beliefOf(
      200,
      Array.from({ length: 256 }, (_, i) => i),
    );
    expect(expectedUnits(days(wide, 400), 400)).toBeGreaterThan(330);
  });
});

describe("other evidence", () => {
  it("a receipt shifts what is believed", () => {
    expectProbabilities(afterReceipt(beliefOf(3, [0.4, 0.6]), 4, 10), [
      [13, 0.4],
      [14, 0.6],
    ]);
  });

  it("a receipt that may be faulty spreads it both ways, and only as often as receipts are faulty", () => {
    const belief = afterReceipt(undefined, 0, 10, { probability: 0.1, units: 1 });
    expectProbabilities(belief, [
      [9, 0.05],
      [10, 0.9],
      [11, 0.05],
    ]);
  });

  it("units that are taken were there", () => {
    expectProbabilities(afterTaken(beliefOf(0, [0.5, 0.25, 0.25]), 2, 1, NO_DRIFT), [
      [0, 0.5],
      [1, 0.5],
    ]);
  });

  it("a count leaves no doubt and no memory", () => {
    expect(afterCount(7)).toBeUndefined();
    expect(confidence(afterCount(7), 7)).toBe(1);
  });

  it("books that change without the shelf lose confidence", () => {
    const belief = afterRebooking(undefined, 5, 8);
    expect(confidence(belief, 8)).toBe(0);
    expect(expectedDiscrepancy(belief, 8)).toBe(3);
  });

  it("a read of tags weighs by the binomial chance to see as many", () => {
    const belief = afterRead(beliefOf(4, [0.5, 0.5]), 5, 4, 0.9);
    const [four, five] = [0.9 ** 4, 5 * 0.9 ** 4 * 0.1];
    expectProbabilities(belief, [
      [4, four / (four + five)],
      [5, five / (four + five)],
    ]);
  });

  it("a read of more tags than were believed to be there is a surprise: at least those are there", () => {
    const belief = afterRead(undefined, 3, 6, 0.9);
    expect(probabilityAtLeast(belief, 3, 6)).toBe(1);
    expect(expectedUnits(belief, 3)).toBeCloseTo(6 + (7 * 0.1) / 0.9, 4);
  });
});

describe("what is public", () => {
  const belief = beliefOf(2, [0.25, 0.25, 0.5]);

  it.each([
    ["confidence", confidence(belief, 4), 0.5],
    ["confidence in what nobody believes", confidence(belief, 9), 0],
    ["the probability of none at least", probabilityAtLeast(belief, 4, 0), 1],
    ["of as many as are surely there", probabilityAtLeast(belief, 4, 2), 1],
    ["of more", probabilityAtLeast(belief, 4, 3), 0.75],
    ["of most", probabilityAtLeast(belief, 4, 4), 0.5],
    ["of too many", probabilityAtLeast(belief, 4, 5), 0],
    ["the units there at 70 %", unitsWithProbability(belief, 4, 0.7), 3],
    ["the units there for sure", unitsWithProbability(belief, 4, 1), 2],
    ["the expected units", expectedUnits(belief, 4), 3.25],
    ["the variance", varianceOfUnits(belief), 0.6875],
    ["the expected discrepancy", expectedDiscrepancy(belief, 4), 0.75],
    ["phantom stock, none", phantomProbability(belief, 4), 0],
    ["phantom stock", phantomProbability(beliefOf(0, [0.3, 0.7]), 1), 0.3],
    ["no phantom where the record says none", phantomProbability(beliefOf(0, [0.3, 0.7]), 0), 0],
  ])("%s", (_name, actual, expected) => {
    expect(actual).toBeCloseTo(expected, 6);
  });

  it.each([
    ["confidence", confidence(undefined, 4), 1],
    ["confidence below zero", confidence(undefined, -1), 0],
    ["at least", probabilityAtLeast(undefined, 4, 4), 1],
    ["at least more", probabilityAtLeast(undefined, 4, 5), 0],
    ["units with probability", unitsWithProbability(undefined, 4, 0.99), 4],
    ["expected units", expectedUnits(undefined, 4), 4],
    ["expected units below zero", expectedUnits(undefined, -4), 0],
    ["variance", varianceOfUnits(undefined), 0],
    ["expected discrepancy", expectedDiscrepancy(undefined, 4), 0],
    ["phantom", phantomProbability(undefined, 4), 0],
  ])("of a certain record: %s", (_name, actual, expected) => {
    expect(actual).toBe(expected);
  });
});
