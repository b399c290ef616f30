import { describe, expect, it } from "vitest";
import { dueMs } from "../../src/loadgen/index.ts";

describe("the schedule of an open loop", () => {
  it("spaces requests evenly without a ramp", () => {
    const schedule = { perSecond: 200, rampSeconds: 0 };
    expect([0, 1, 200].map((index) => dueMs(schedule, index))).toEqual([0, 5, 1000]);
  });

  it("sends half as many during a linear ramp, then the full rate", () => {
    const schedule = { perSecond: 100, rampSeconds: 10 };
    expect(dueMs(schedule, 0)).toBe(0);
    expect(dueMs(schedule, 125)).toBeCloseTo(5000);
    expect(dueMs(schedule, 500)).toBeCloseTo(10_000);
    expect(dueMs(schedule, 600)).toBeCloseTo(11_000);
  });

  it("never goes back in time where the ramp ends", () => {
    const schedule = { perSecond: 37, rampSeconds: 3 };
    for (let index = 1; index < 500; index++) expect(dueMs(schedule, index)).toBeGreaterThan(dueMs(schedule, index - 1));
  });
});
