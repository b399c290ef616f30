/** A small form of the study (`npm run study:confidence`), and the measures it is judged by. */

import { beforeAll, describe, expect, it } from "vitest";
import { calibrationError, type Forecast, lift, skill } from "./study/judge.ts";
import { type StudyResult, study, USUAL_STUDY } from "./study/run.ts";

const SMALL = { ...USUAL_STUDY, records: 1_500, judgedOn: [120, 150] };

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("in a world whose demand and theft are not those of the model", () => {
  let results: readonly StudyResult[] = [];
  beforeAll(() => {
    results = [1, 2, 3].map((seed) => study({ ...SMALL, seed }));
  });

  it("the count list finds phantom stock at least eight times as often as random counts", () => {
    expect(mean(results.map(({ phantomLift }) => phantomLift))).toBeGreaterThan(8);
  });

  it("and wrong records at least twice as often, where no more than a third to a half of all are wrong", () => {
    expect(mean(results.map(({ wrongShare }) => wrongShare))).toBeGreaterThan(0.25);
    expect(mean(results.map(({ wrongLift }) => wrongLift))).toBeGreaterThan(2);
  });

  it("what is told as a probability happens as often", () => {
    expect(results).toHaveLength(3);
    for (const { phantomError, confidenceError } of results) {
      expect(phantomError).toBeLessThan(0.05);
      expect(confidenceError).toBeLessThan(0.05);
    }
  });

  it("probabilities say more than the base rate does", () => {
    expect(results).toHaveLength(3);
    for (const { phantomSkill, confidenceSkill } of results) {
      expect(phantomSkill).toBeGreaterThan(0.35);
      expect(confidenceSkill).toBeGreaterThan(0.2);
    }
  });

  it("the same seed is the same study", () => {
    expect(study({ ...SMALL, records: 100, seed: 9 })).toEqual(study({ ...SMALL, records: 100, seed: 9 }));
  });
});

describe("in a world without theft or mistakes", () => {
  it("no record is wrong, and counts teach that they can be believed", () => {
    const { wrongShare, confidenceForecasts } = study({ ...SMALL, trouble: 0, seed: 4 });
    expect(wrongShare).toBe(0);
    expect(mean(confidenceForecasts.map(({ probability }) => probability))).toBeGreaterThan(0.85);
  });
});

describe("the measures", () => {
  const told = (probability: number, of: number, happen: number): Forecast[] =>
    Array.from({ length: of }, (_, i) => ({ probability, happened: (i * happen) % of < happen }));

  it("calibration error is the mean distance between what was told and what happened over ten bins of equal number", () => {
    expect(calibrationError([...told(0.1, 50, 5), ...told(0.8, 50, 40)])).toBeCloseTo(0, 12);
    expect(calibrationError([...told(0.1, 50, 15), ...told(0.8, 50, 40)])).toBeCloseTo(
      0.5 * calibrationError(told(0.1, 50, 15)),
      12,
    );
    expect(calibrationError(told(0.1, 10, 10))).toBeCloseTo(0.9, 12);
  });

  it("skill is 0 for the base rate and 1 for foresight", () => {
    expect(skill(told(0.3, 10, 3))).toBeCloseTo(0, 12);
    expect(skill([...told(1, 3, 3), ...told(0, 7, 0)])).toBe(1);
  });

  it("lift is how often among the chosen beside how often among all", () => {
    expect(lift([1, 2], [1, 2, 3, 4, 5, 6], (item) => item === 1)).toBeCloseTo(3, 12);
  });
});
