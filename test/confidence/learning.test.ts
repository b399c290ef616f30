/** Drift as learned from counts: the truth is found when the world is as the model says, whatever the prior. */

import { describe, expect, it } from "vitest";
import { type Counted, driftFrom, learnFromCount, PRIOR_SUMS, receiptErrorsFrom } from "../../src/confidence/index.ts";
import { DAYS_MAX, expectedIncidents } from "../../src/confidence/learning.ts";
import { SeededRandom } from "../support/seeded-random.ts";

/** A count after one interval in a world that is as the model says. */
function countIn(random: SeededRandom, rate: number, units: number, faulty: number): Counted {
  const days = 1 + random.below(60);
  const receipts = random.below(8);
  let difference = 0;
  for (let n = random.poisson(rate * days); n > 0; n--) difference -= random.geometric(units);
  for (let n = random.binomial(receipts, faulty); n > 0; n--)
    difference += random.geometric(units) * (random.chance(0.5) ? 1 : -1);
  return { difference, days, receipts, empty: false };
}

describe("the drift of a category", () => {
  it("begins with what is usual", () => {
    const { lost, found } = driftFrom(PRIOR_SUMS);
    expect(lost.rate).toBeCloseTo(1 / 200 - 0.5 / 1_000 + 1 / 5_000, 12);
    expect(lost.units).toBe(2);
    expect((lost.sweep as number) * lost.rate).toBeCloseTo(1 / 5_000, 12);
    expect(found.rate).toBeCloseTo(1 / 600 - 0.5 / 1_000, 12);
    expect(receiptErrorsFrom(PRIOR_SUMS).probability).toBe(0.01);
  });

  it.each([
    [0.02, 1, 0],
    [0.01, 5, 0],
    [0.003, 3, 0.02],
    [0.002, 2, 0.05],
  ])("is learned from counts: %d incidents a day of %i units, %d of the receipts wrong", (rate, units, faulty) => {
    const random = new SeededRandom(7);
    let sums = PRIOR_SUMS;
    for (let i = 0; i < 60_000; i++) sums = learnFromCount(sums, countIn(random, rate, units, faulty));
    const { lost, found } = driftFrom(sums);
    expect(Math.abs(lost.rate / rate - 1)).toBeLessThan(0.15);
    expect(Math.abs(lost.units / units - 1)).toBeLessThan(0.1);
    expect(Math.abs(receiptErrorsFrom(sums).probability - faulty)).toBeLessThan(0.01);
    expect(found.rate).toBeLessThan(0.0005);
  });

  it("learns a sweep from an empty shelf that lacked more than incidents take, and none from one that lacked a unit", () => {
    const empty = { days: 10, receipts: 0, empty: true };
    const many = learnFromCount(PRIOR_SUMS, { ...empty, difference: -40 });
    expect(many.sweeps - PRIOR_SUMS.sweeps).toBeGreaterThan(0.99);
    expect(many.lostUnits - PRIOR_SUMS.lostUnits).toBeLessThan(0.1);
    const one = learnFromCount(PRIOR_SUMS, { ...empty, difference: -1 });
    expect(one.sweeps - PRIOR_SUMS.sweeps).toBeCloseTo(0.2 / 4.7, 6);
    const there = learnFromCount(PRIOR_SUMS, { ...empty, difference: -40, empty: false });
    expect(there.sweeps).toBe(PRIOR_SUMS.sweeps);
  });

  it("follows a category that changes", () => {
    const random = new SeededRandom(8);
    let sums = PRIOR_SUMS;
    for (let i = 0; i < 80_000; i++) sums = learnFromCount(sums, countIn(random, i < 30_000 ? 0.03 : 0.004, 2, 0));
    expect(Math.abs(driftFrom(sums).lost.rate / 0.004 - 1)).toBeLessThan(0.2);
    expect(sums.days).toBeLessThan(DAYS_MAX + 100);
  });

  it("has one incident for one unit, and never more incidents than units", () => {
    const incidents = { rate: 0.1, units: 3 };
    expect(expectedIncidents(0, incidents)).toBe(0);
    expect(expectedIncidents(1, incidents)).toBe(1);
    // P(1) : P(2) = 1 : (odds / 2) with odds = rate * (1/3) / (2/3).
    expect(expectedIncidents(2, incidents)).toBeCloseTo((1 + 2 * 0.025) / (1 + 0.025), 9);
    for (const units of [5, 100, 5_000]) expect(expectedIncidents(units, { rate: 10, units: 3 })).toBeLessThanOrEqual(units);
  });

  it.each([
    ["no time", { difference: -3, days: 0 }],
    ["time that is none", { difference: -3, days: Number.NaN }],
    ["a difference that is none", { difference: Number.NaN, days: 3 }],
    ["endless time", { difference: 0, days: Number.POSITIVE_INFINITY }],
  ])("learns nothing from %s", (_name, counted) => {
    expect(learnFromCount(PRIOR_SUMS, { receipts: 0, empty: false, ...counted })).toBe(PRIOR_SUMS);
  });
});
