import { describe, expect, it } from "vitest";
import { LatencyRecorder, Tally } from "../../src/loadgen/index.ts";

describe("latencies", () => {
  it("gives quantiles within three significant digits", () => {
    const recorder = new LatencyRecorder();
    for (let ms = 1; ms <= 1000; ms++) recorder.recordMs(ms);
    const summary = recorder.summary();
    expect(summary.count).toBe(1000);
    expect(summary.p50Ms).toBeCloseTo(500, -1);
    expect(summary.p99Ms / 990).toBeCloseTo(1, 2);
    expect(summary.p999Ms / 999).toBeCloseTo(1, 2);
    expect(summary.maxMs / 1000).toBeCloseTo(1, 2);
  });

  it("is all zero before anything was recorded", () => {
    expect(new LatencyRecorder().summary()).toEqual({ count: 0, meanMs: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 });
  });

  it("takes an hour and more without failing", () => {
    const recorder = new LatencyRecorder();
    recorder.recordMs(7_200_000);
    expect(recorder.summary().maxMs).toBeGreaterThan(3_590_000);
  });
});

describe("the tally of a run", () => {
  it("counts every outcome once and keeps refusals out of the latency of what was accepted", () => {
    const tally = new Tally();
    tally.offered = 4;
    tally.ended("accepted", 2);
    tally.ended("refused", 900);
    const first = tally.sample(1);
    tally.ended("accepted", 4);
    tally.ended("failed", 50);
    const result = tally.result(2, 0);
    expect(first).toMatchObject({ second: 1, accepted: 1, refused: 1, other: 0 });
    expect(result.counts).toEqual({ accepted: 2, refused: 1, rejected: 0, failed: 1 });
    expect(result.acceptedPerSecond).toBe(1);
    expect(result.accepted.count).toBe(2);
    expect(result.accepted.maxMs).toBeLessThan(5);
    expect(result.refused.count).toBe(1);
  });

  it("does not count answers that came after sending ended for the rate", () => {
    const tally = new Tally();
    tally.ended("accepted", 1);
    tally.sendingEnded();
    tally.ended("accepted", 1);
    const result = tally.result(1, 0);
    expect(result.acceptedPerSecond).toBe(1);
    expect(result.counts.accepted).toBe(2);
  });
});
