/** The share of false alarms: the published example, then what the procedure promises, on seeded families. */

import { describe, expect, it } from "vitest";
import { adjustedPValues } from "../../src/anomalies/index.ts";
import { SeededRandom } from "../support/seeded-random.ts";

/** Benjamini and Hochberg 1995, section 4.1: thrombolysis; four of fifteen are rejected at 0.05. */
const PUBLISHED = [
  0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
];

interface Family {
  readonly pValues: readonly number[];
  /** Where nothing is wrong. */
  readonly isNull: readonly boolean[];
}

function familyOf(random: SeededRandom, size: number, wrongShare: number): Family {
  const isNull = Array.from({ length: size }, () => !random.chance(wrongShare));
  return { isNull, pValues: isNull.map((nothing) => (nothing ? random.unit() : random.unit() ** 8)) };
}

/** Share of false alarms among the alarms of a family, 0 when there are none. */
function falseShare({ pValues, isNull }: Family, q: number): number {
  const alarms = [...adjustedPValues(pValues)].flatMap((adjusted, i) => (adjusted <= q ? [isNull[i] as boolean] : []));
  return alarms.length === 0 ? 0 : alarms.filter(Boolean).length / alarms.length;
}

describe("adjusted p-values", () => {
  it("reject four in the published example", () => {
    const adjusted = adjustedPValues(PUBLISHED);
    expect([...adjusted].filter((p) => p <= 0.05)).toHaveLength(4);
    expect(adjusted[0]).toBeCloseTo(0.0015, 12);
    expect(adjusted[3]).toBeCloseTo((0.0095 * 15) / 4, 12);
    expect(adjusted[14]).toBe(1);
  });

  it("never fall as p-values grow, are never below them, and do not ask for an order", () => {
    const random = new SeededRandom(5);
    for (let i = 0; i < 200; i++) {
      const { pValues } = familyOf(random, 1 + random.below(40), 0.3);
      const adjusted = adjustedPValues(pValues);
      const order = pValues.map((_, place) => place).sort((a, b) => (pValues[a] as number) - (pValues[b] as number));
      order.forEach((place, rank) => {
        expect(adjusted[place] as number).toBeGreaterThanOrEqual(pValues[place] as number);
        expect(adjusted[place] as number).toBeGreaterThanOrEqual(adjusted[order[rank - 1] ?? place] as number);
      });
    }
  });

  it("take what is no number for no evidence", () => {
    expect([...adjustedPValues([Number.NaN, -1, 2, 0.01])]).toEqual([1, 1, 1, 0.04]);
    expect([...adjustedPValues([])]).toEqual([]);
  });

  it.each([
    [0.05, 0, 1],
    [0.05, 0, 200],
    [0.2, 0, 30],
    [0.05, 0.1, 200],
    [0.2, 0.3, 50],
  ])("at level %d with a share %d wrong, %i tests: the false discovery rate stays below the level", (q, wrongShare, size) => {
    const random = new SeededRandom(11);
    const runs = 4_000;
    let sum = 0;
    for (let i = 0; i < runs; i++) sum += falseShare(familyOf(random, size, wrongShare), q);
    // Three standard errors of a mean of values between 0 and 1 with this mean.
    expect(sum / runs).toBeLessThan(q + 3 * Math.sqrt((q * (1 - q)) / runs));
    expect(sum).toBeGreaterThan(0);
  });
});
