/** Percentiles and text of the reports. */

import { expect, it } from "vitest";
import { describeRuns, spreadOf, summarize } from "./report.ts";

it("takes percentiles by nearest rank", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(spreadOf(values)).toEqual({ runs: 100, p50: 50, p90: 90, p99: 99, max: 100 });
  expect(spreadOf([7])).toEqual({ runs: 1, p50: 7, p90: 7, p99: 7, max: 7 });
});

it("sums up the runs of each scenario, also figures that only some runs have", () => {
  const runs = [
    { scenario: "a", seed: 1, measured: { servesAgainMs: 10 } },
    { scenario: "a", seed: 2, measured: { servesAgainMs: 30, rebuiltMs: 5 } },
    { scenario: "b", seed: 1, measured: {} },
  ];
  const summary = summarize(runs);
  expect(summary).toMatchObject([
    { scenario: "a", runs: 2, measured: { servesAgainMs: { runs: 2, p50: 10, max: 30 }, rebuiltMs: { runs: 1 } } },
    { scenario: "b", runs: 1, measured: {} },
  ]);
  expect(describeRuns(summary)).toMatch(/a: 2 runs.*\n {2}servesAgainMs +p50 10 .* max 30/);
});
