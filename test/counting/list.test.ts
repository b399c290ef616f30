/** What a count is worth, and L1 to L3 of the list. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { beliefOf } from "../../src/confidence/index.ts";
import {
  type CountCandidate,
  type CountPick,
  countList,
  countValue,
  countWorth,
  USUAL_BUDGET,
  USUAL_PRICING,
} from "../../src/counting/index.ts";
import { propertySettings } from "../fast-check.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { candidateOf } from "./build.ts";

const PRICING = { discrepancyShare: 0.5, brokenPromise: 100, perDayUncounted: 0.01 };
/** Nothing there with 0.2, as recorded with 0.8. */
const DOUBTED = beliefOf(0, [0.2, 0, 0, 0, 0, 0.8]);

describe("the value of a count", () => {
  it.each([
    ["nothing for a certain record that was counted today", candidateOf("a"), 0],
    ["its age alone for a certain record", candidateOf("a", { daysSinceCount: 30 }), 0.3],
    // 0.2 * 1 a day * 3 * 10 days + 0.2 * 5 units * 7 * 0.5
    ["sales lost to an empty shelf, and units that may be missing", candidateOf("a", { belief: DOUBTED }), 6 + 3.5],
    // 0.2 * 4 promised units * 100
    ["promises that may be broken", candidateOf("a", { belief: DOUBTED, promised: 4 }), 9.5 + 80],
    ["no lost sales where the record says none", candidateOf("a", { belief: DOUBTED, onHand: 0 }), 0.8 * 5 * 7 * 0.5],
  ])("is %s", (_name, candidate, value) => {
    expect(countValue(candidate, PRICING)).toBeCloseTo(value, 5);
    expect(countWorth({ ...candidate, minutes: 4 }, PRICING)).toBeCloseTo(value / 4, 5);
  });
});

const namesOf = (picks: readonly CountPick[]): string[] => picks.map(({ candidate }) => candidate.sku);
const minutesOf = (picks: readonly CountPick[]): number => picks.reduce((sum, { candidate }) => sum + candidate.minutes, 0);
const byRiskAlone = { ...USUAL_BUDGET, randomShare: 0 };

describe("a count list", () => {
  it("takes what is worth most a minute, and fills what is left with what fits", () => {
    const candidates = [
      candidateOf("cheap", { daysSinceCount: 1, minutes: 1 }),
      candidateOf("dear", { daysSinceCount: 90, minutes: 30 }),
      candidateOf("best", { daysSinceCount: 50, minutes: 5 }),
      candidateOf("large", { daysSinceCount: 60, minutes: 28 }),
      candidateOf("endless", { daysSinceCount: 9_999, minutes: 100 }),
    ];
    const picks = countList(candidates, { ...byRiskAlone, minutes: 36 }, new SeededRandom(1));
    expect(namesOf(picks)).toEqual(["best", "dear", "cheap"]);
    expect(picks.map(({ why }) => why)).toEqual(["risk", "risk", "risk"]);
    expect(picks[0]?.worth).toBeCloseTo((50 * USUAL_PRICING.perDayUncounted) / 5, 12);
  });

  it("is empty without labour, and takes everything when there is enough", () => {
    const candidates = ["a", "b", "c"].map((sku) => candidateOf(sku));
    expect(countList(candidates, { ...USUAL_BUDGET, minutes: 0 }, new SeededRandom(1))).toEqual([]);
    expect(namesOf(countList(candidates, { ...USUAL_BUDGET, minutes: 50 }, new SeededRandom(1))).toSorted()).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  const anyCandidates: fc.Arbitrary<readonly CountCandidate[]> = fc
    .array(fc.record({ daysSinceCount: fc.nat(100), minutes: fc.integer({ min: 1, max: 9 }) }), { maxLength: 40 })
    .map((given) => given.map((fields, i) => candidateOf(`s${i}`, fields)));

  it("L1, L3: is within its labour, names nobody twice, and is the same in whatever order candidates come", () => {
    fc.assert(
      fc.property(
        anyCandidates,
        fc.nat(60),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (candidates, minutes, randomShare, seed) => {
          const budget = { ...USUAL_BUDGET, minutes, randomShare };
          const picks = countList(candidates, budget, new SeededRandom(seed));
          expect(minutesOf(picks)).toBeLessThanOrEqual(minutes);
          expect(new Set(namesOf(picks)).size).toBe(picks.length);
          expect(countList(candidates.toReversed(), budget, new SeededRandom(seed))).toEqual(picks);
        },
      ),
      propertySettings(500),
    );
  });

  it("L2: spends the random share at random, on worthy and unworthy alike", () => {
    const candidates = Array.from({ length: 100 }, (_, i) => candidateOf(`s${i}`, { daysSinceCount: i, minutes: 1 + (i % 3) }));
    const random = new SeededRandom(3);
    const drawn = new Map<string, number>();
    let minutes = 0;
    const lists = 4_000;
    for (let i = 0; i < lists; i++) {
      const picks = countList(candidates, { ...USUAL_BUDGET, minutes: 30 }, random).filter(({ why }) => why === "random");
      minutes += minutesOf(picks);
      for (const name of namesOf(picks)) drawn.set(name, (drawn.get(name) ?? 0) + 1);
    }
    expect(minutes / lists / 30).toBeCloseTo(0.05, 2);
    const [worthless, worthy] = [0, 50].map((from) =>
      candidates.slice(from, from + 50).reduce((sum, { sku }) => sum + (drawn.get(sku) ?? 0), 0),
    );
    expect((worthless as number) / (worthy as number)).toBeCloseTo(1, 1);
    expect(drawn.size).toBe(100);
  });
});
