import { describe, expect, it } from "vitest";
import { openLoopChart, overloadChart, throughputChart } from "../../bench/lib/charts.ts";
import { LatencyRecorder, Tally } from "../../src/loadgen/index.ts";

const latency = new LatencyRecorder().summary();

function someRun(): ReturnType<Tally["result"]> {
  const tally = new Tally();
  tally.ended("accepted", 2);
  tally.sample(1);
  tally.ended("refused", 1);
  tally.sample(2);
  return tally.result(2, 0);
}

describe("the charts", () => {
  it("name every server of the throughput chart", () => {
    const sample = { perSecond: 1000, accepted: 1000, others: 0, latency, cpuUs: 20 };
    const rounds = { grid: [sample], fastify: [sample] };
    const svg = throughputChart({ cases: [{ connections: 64, skus: 10_000, rounds }], skipped: [] });
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    for (const text of ["grid", "fastify", "64 connections, 10000 SKUs"]) expect(svg).toContain(text);
  });

  it("draw latency and overload", () => {
    const result = someRun();
    const runs = [0.5, 1].map((share) => ({ skus: 1, share, perSecond: 100, result }));
    expect(openLoopChart({ capacityPerSecond: 100, connections: 2, runs })).toContain("p99.9");
    const figures = { capacityPerSecond: 1, offeredPerSecond: 2, underWayMax: 2, result, memory: [], memoryGrowth: 1 };
    expect(overloadChart({ runs: [{ api: "HTTP", ...figures }] })).toContain("refused");
  });
});
