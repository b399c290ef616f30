/** Courses and beliefs for the tests of confidence, and arbitrary ones for its properties. */

import fc from "fast-check";
import { type Belief, beliefOf, type Course, NO_DRIFT } from "../../src/confidence/index.ts";

/** Poisson demand of this mean, nothing lost or found. */
export const demandOf = (mean: number): Course => ({ demand: { mean }, drift: NO_DRIFT });

/** All weights of a belief as [units, probability], for comparison. */
export function probabilities(belief: Belief): readonly (readonly [number, number])[] {
  return belief === undefined ? [] : Array.from(belief.weights, (weight, i) => [belief.low + i, weight] as const);
}

export function massOf(belief: Belief): number {
  return belief === undefined ? 1 : belief.weights.reduce((sum, weight) => sum + weight, 0);
}

/** Any double at all: NaN, infinities, the smallest and the largest. */
export const anyNumber = fc.oneof(
  fc.double(),
  fc.double({ min: 0, max: 5 }),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, 1e-320),
);
export const incidents = fc.record({ rate: anyNumber, units: anyNumber, sweep: fc.option(anyNumber, { nil: undefined }) });
export const anyCourse: fc.Arbitrary<Course> = fc.record({
  demand: fc.record({ mean: anyNumber, size: fc.option(anyNumber, { nil: undefined }) }),
  drift: fc.record({ lost: incidents, found: incidents }),
});
export const anyBelief: fc.Arbitrary<Belief> = fc.oneof(
  fc.constant(undefined),
  fc
    .tuple(fc.nat(40), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 300 }))
    .map(([low, weights]) => beliefOf(low, weights)),
);
