/** TH1 to TH4: which rule holds, and what is told of a record that goes up and down. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LocationId, Sku } from "../../src/base/index.ts";
import {
  type Crossing,
  cross,
  lowestBelow,
  standingOf,
  THRESHOLD_LEVELS,
  type Thresholds,
  thresholdsOf,
  thresholdsProblem,
} from "../../src/thresholds/index.ts";
import { propertySettings } from "../fast-check.ts";

const [SKU, PLACE] = ["sku" as Sku, "place" as LocationId];
const RULE: Thresholds = { low: 5, medium: 10, high: 20, hysteresis: 2 };

const rule: fc.Arbitrary<Thresholds> = fc
  .record(
    { low: fc.nat(12), medium: fc.nat(12), high: fc.nat(12), hysteresis: fc.option(fc.nat(6), { nil: undefined }) },
    { requiredKeys: ["hysteresis"] },
  )
  .map(({ low, medium, high, hysteresis }) => ({
    ...(low === undefined ? {} : { low }),
    ...(medium === undefined ? {} : { medium: (low ?? 0) + medium }),
    ...(high === undefined ? {} : { high: (low ?? 0) + (medium ?? 0) + high }),
    hysteresis,
  }));

/** What is told on the way through these amounts, with the amounts. */
function told(thresholds: Thresholds, amounts: readonly number[]): Crossing[] {
  let standing = standingOf(amounts[0] ?? 0, thresholds);
  return amounts.flatMap((available) => {
    const crossed = cross(standing, available, thresholds);
    standing = crossed.standing;
    return crossed.crossings;
  });
}

function inShort(crossings: readonly Crossing[]): string[] {
  return crossings.map(({ level, direction, available }) => `${level} ${direction} at ${available}`);
}

describe("TH1: the rule of a record", () => {
  const [tenant, location, sku] = [{ low: 1 }, { low: 2, high: 9 }, { medium: 3 }];

  it("is that of its SKU before that of its location before that of the tenant, as a whole", () => {
    const none = { locations: new Map(), skus: new Map() };
    expect(thresholdsOf(none, SKU, PLACE)).toBeUndefined();
    expect(thresholdsOf({ ...none, tenant }, SKU, PLACE)).toBe(tenant);
    const ofLocation = { ...none, tenant, locations: new Map([[PLACE, location]]) };
    expect(thresholdsOf(ofLocation, SKU, PLACE)).toBe(location);
    expect(thresholdsOf({ ...ofLocation, skus: new Map([[SKU, sku]]) }, SKU, PLACE)).toBe(sku);
  });

  it.each([
    [{ low: 5, medium: 4 }, "medium"],
    [{ low: 5, high: 4 }, "high"],
    [{ low: -1 }, "low"],
    [{ medium: 1.5 }, "medium"],
    [{ high: 2 ** 31 }, "high"],
    [{ low: 1, hysteresis: -1 }, "hysteresis"],
  ])("%j is refused for its %s", (wrong, field) => {
    expect(thresholdsProblem(wrong)?.field).toBe(field);
  });

  it("may have levels that are alike, none of them, and no hysteresis", () => {
    for (const right of [{}, { low: 5, medium: 5, high: 5 }, { high: 0, hysteresis: 0 }]) {
      expect(thresholdsProblem(right)).toBeUndefined();
    }
  });
});

describe("a record", () => {
  it("crosses down at the threshold, and up beyond the hysteresis", () => {
    expect(inShort(told(RULE, [21, 20, 22, 23]))).toEqual(["high down at 20", "high up at 23"]);
  });

  it("that goes back and forth around a threshold is told once", () => {
    expect(inShort(told(RULE, [6, 5, 6, 5, 7, 5, 6]))).toEqual(["low down at 5"]);
  });

  it("TH3: that falls through all is told from high to low, and back from low to high", () => {
    expect(inShort(told(RULE, [50, 0, 50]))).toEqual([
      ...["high down at 0", "medium down at 0", "low down at 0"],
      ...["low up at 50", "medium up at 50", "high up at 50"],
    ]);
  });

  it("without a hysteresis set needs a tenth of the threshold, at least one unit", () => {
    expect(inShort(told({ high: 100 }, [101, 100, 110, 111]))).toEqual(["high down at 100", "high up at 111"]);
    expect(inShort(told({ low: 0 }, [1, 0, 1, 2]))).toEqual(["low down at 0", "low up at 2"]);
  });

  it("that is watched from now on has crossed nothing", () => {
    expect(lowestBelow(standingOf(3, RULE))).toBe("low");
    expect(lowestBelow(standingOf(15, RULE))).toBe("high");
    expect(lowestBelow(standingOf(21, RULE))).toBeUndefined();
  });

  it("crosses when its rule changes, and leaves a level that is not watched any more without a word", () => {
    const standing = standingOf(15, RULE);
    expect(inShort(cross(standing, 15, { low: 15 }).crossings)).toEqual(["low down at 15"]);
    expect(inShort(cross(standing, 15, { low: 5 }).crossings)).toEqual([]);
    expect(inShort(cross(standing, 15, { ...RULE, high: 12 }).crossings)).toEqual(["high up at 15"]);
  });

  it("TH2 to TH4: hold on any way", () => {
    fc.assert(
      fc.property(rule, fc.array(fc.integer({ min: -5, max: 60 }), { minLength: 1, maxLength: 40 }), (thresholds, amounts) => {
        let standing = standingOf(amounts[0] as number, thresholds);
        const last = new Map<string, Crossing>();
        for (const available of amounts) {
          const { standing: next, crossings } = cross(standing, available, thresholds);
          for (const crossing of crossings) {
            const before = last.get(crossing.level);
            expect(before?.direction).not.toBe(crossing.direction);
            const margin = thresholds.hysteresis ?? 1;
            if (before?.direction === "up") expect(before.available - available).toBeGreaterThan(margin);
            last.set(crossing.level, crossing);
          }
          const watched = THRESHOLD_LEVELS.map((level, index) => [thresholds[level], (next & (1 << index)) !== 0] as const);
          const below = watched.filter(([threshold]) => threshold !== undefined).map(([, isBelow]) => isBelow);
          expect(below).toEqual([...below].sort());
          standing = next;
        }
      }),
      propertySettings(500),
    );
  });
});
