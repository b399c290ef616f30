/** B1 to B4 and U1 to U3 for any evidence, and the update against the formulas taken literally. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  afterInterval,
  afterQuiet,
  afterRead,
  afterRebooking,
  afterReceipt,
  afterTaken,
  type Belief,
  beliefOf,
  type Course,
  confidence,
  expectedDiscrepancy,
  expectedUnits,
  NO_DRIFT,
  phantomProbability,
  plainLoss,
  probabilityAtLeast,
  SUPPORT_MAX,
  stopRatio,
  unitsWithProbability,
  varianceOfUnits,
} from "../../src/confidence/index.ts";
import { propertySettings } from "../fast-check.ts";
import { anyBelief, anyCourse, anyNumber, massOf } from "./build.ts";

type Step = (belief: Belief, onHand: number) => { readonly belief: Belief; readonly onHand: number };

const units = fc.oneof(fc.nat(12), fc.nat(2_147_483_647));
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.oneof(fc.nat(4), units), anyCourse).map(
    ([sold, course]): Step =>
      (belief, onHand) => ({ belief: afterInterval(belief, onHand, sold, course), onHand: onHand - sold }),
  ),
  fc.tuple(anyNumber, anyCourse).map(
    ([days, course]): Step =>
      (belief, onHand) => ({ belief: afterQuiet(belief, onHand, days, course), onHand }),
  ),
  fc.tuple(units, anyNumber, anyNumber).map(
    ([more, probability, size]): Step =>
      (belief, onHand) => ({
        belief: afterReceipt(belief, onHand, more, { probability, units: size }),
        onHand: onHand + more,
      }),
  ),
  fc.tuple(units, anyCourse).map(
    ([taken, { drift }]): Step =>
      (belief, onHand) => ({ belief: afterTaken(belief, onHand, taken, drift), onHand: onHand - taken }),
  ),
  fc.tuple(units, anyNumber).map(
    ([seen, rate]): Step =>
      (belief, onHand) => ({ belief: afterRead(belief, onHand, seen, rate), onHand }),
  ),
  fc.integer({ min: -50, max: 50 }).map(
    (to): Step =>
      (belief, onHand) => ({ belief: afterRebooking(belief, onHand, to), onHand: to }),
  ),
);

function expectValid(belief: Belief, onHand: number): void {
  if (belief !== undefined) {
    expect(belief.weights.length).toBeGreaterThan(0);
    expect(belief.weights.length).toBeLessThanOrEqual(SUPPORT_MAX);
    expect(belief.weights.every((weight) => weight >= 0 && weight <= 1)).toBe(true);
    expect(Number.isSafeInteger(belief.low) && belief.low >= 0).toBe(true);
    expect(Math.abs(massOf(belief) - 1)).toBeLessThan(1e-4);
  }
  const shares = [confidence(belief, onHand), phantomProbability(belief, onHand), probabilityAtLeast(belief, onHand, 3)];
  expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
  const sizes = [expectedUnits(belief, onHand), varianceOfUnits(belief), expectedDiscrepancy(belief, onHand)];
  expect(sizes.every((size) => size >= 0 && Number.isFinite(size))).toBe(true);
  expect(unitsWithProbability(belief, onHand, 0.9)).toBeGreaterThanOrEqual(0);
}

describe("a belief", () => {
  it("B1, B2, B3, U1, U2: is valid after any evidence in any order, also evidence that is no number", () => {
    fc.assert(
      fc.property(anyBelief, fc.integer({ min: -20, max: 300 }), fc.array(anyStep, { maxLength: 12 }), (first, record, steps) => {
        let [belief, onHand] = [first, record];
        for (const step of steps) {
          ({ belief, onHand } = step(belief, onHand));
          expectValid(belief, onHand);
        }
      }),
      propertySettings(600),
    );
  });

  it("B4: is nothing when all of it is on what the record says, and only then", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), fc.nat(5), (there, onHand, units) => {
        const belief = afterRebooking(beliefOf(there, [1]), 0, onHand);
        expect(belief === undefined).toBe(there === onHand);
        expect(afterReceipt(belief, onHand, units) === undefined).toBe(there === onHand);
        expect(afterTaken(afterReceipt(belief, onHand, units), onHand + units, units, NO_DRIFT)).toEqual(belief);
      }),
      propertySettings(500),
    );
  });

  it("B1, U3: is the same whatever was worked out before, and its source is left alone", () => {
    fc.assert(
      fc.property(anyBelief, fc.nat(60), anyCourse, fc.nat(5), (first, onHand, course, sold) => {
        const copy = first === undefined ? undefined : { low: first.low, weights: first.weights.slice() };
        const once = afterInterval(first, onHand, sold, course);
        afterReceipt(afterQuiet(undefined, 200, 9, course), 200, 7, { probability: 0.5, units: 9 });
        expect(afterInterval(first, onHand, sold, course)).toEqual(once);
        expect(first).toEqual(copy);
      }),
      propertySettings(500),
    );
  });

  it("has a tail that only falls, and units with a probability that have it", () => {
    fc.assert(
      fc.property(anyBelief, fc.nat(60), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (belief, onHand, probability) => {
        const there = unitsWithProbability(belief, onHand, probability);
        expect(probabilityAtLeast(belief, onHand, there)).toBeGreaterThan(probability - 1e-5);
        expect(probabilityAtLeast(belief, onHand, there + 1)).toBeLessThan(probability + 1e-5);
        expect(probabilityAtLeast(belief, onHand, there + 2)).toBeLessThanOrEqual(probabilityAtLeast(belief, onHand, there + 1));
      }),
      propertySettings(500),
    );
  });
});

/** The formulas of DeHoratius, Mersereau and Schrage with factorials and sums, on as many numbers of units as it takes. */
function naive(prior: readonly number[], sold: number, mean: number, theta: number): number[] {
  const poisson = (rate: number, n: number): number => {
    let p = Math.exp(-rate);
    for (let i = 1; i <= n; i++) p *= rate / i;
    return p;
  };
  const atLeast = (n: number): number => 1 - Array.from({ length: n }, (_, i) => poisson(mean, i)).reduce((a, b) => a + b, 0);
  const after = prior.slice(sold).map((p, i) => p * (i === 0 ? atLeast(sold) : poisson(mean, sold)));
  const total = after.reduce((a, b) => a + b, 0);
  const lossy = after.map(() => 0);
  after.forEach((p, x) => {
    for (let lost = 0; lost < 40; lost++) {
      const left = Math.max(0, x - lost);
      lossy[left] = (lossy[left] as number) + (p / total) * poisson(theta, lost);
    }
  });
  return lossy;
}

describe("an interval", () => {
  const priors = fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 5, maxLength: 30 });
  const rate = (max: number): fc.Arbitrary<number> => fc.double({ min: 0.01, max, noNaN: true });

  it("is the published formula with Poisson demand and loss", () => {
    fc.assert(
      fc.property(priors, fc.nat(4), rate(4), rate(0.5), (weights, sold, mean, theta) => {
        const total = weights.reduce((a, b) => a + b, 0);
        const course: Course = { demand: { mean }, drift: plainLoss(theta) };
        const belief = afterInterval(beliefOf(0, weights), 2, sold, course);
        naive(
          weights.map((w) => w / total),
          sold,
          mean,
          theta,
        ).forEach((p, x) => {
          expect(Math.abs(p - ((belief?.weights[x - belief.low] as number) ?? 0))).toBeLessThan(1e-6);
        });
      }),
      propertySettings(500),
    );
  });

  it("weighs the last unit by P(D = s) / P(D >= s), which is a probability whatever the demand", () => {
    fc.assert(
      fc.property(anyCourse, fc.nat(3_000), ({ demand }, sold) => {
        const ratio = stopRatio(demand, sold);
        expect(ratio >= 0 && ratio <= 1).toBe(true);
      }),
      propertySettings(1_000),
    );
  });
});
