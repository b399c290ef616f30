/**
 * The simulated cluster, run over a toy program that keeps the protocol: right, it passes every seed, and broken on purpose, each defect is found. So a seed
 * that fails over another program is that program's fault.
 */

import { describe, expect, it } from "vitest";
import { type ClusterReport, runClusterSeed } from "./cluster-run.ts";
import { describeClusterFailure } from "./report.ts";
import { type Defect, toyProgram } from "./toy-node.ts";

const SEEDS = 16;
const SEEDS_A_TEST = 8;
/** Seeds within which a defect must show. */
const DEFECT_SEEDS_MAX = 20;

async function expectSound(seed: number): Promise<ClusterReport> {
  const report = await runClusterSeed(seed, toyProgram());
  if (report.failure !== undefined) expect.fail(describeClusterFailure(report));
  return report;
}

async function firstFailure(defect: Defect): Promise<string> {
  for (let seed = 1; seed <= DEFECT_SEEDS_MAX; seed++) {
    const { failure } = await runClusterSeed(seed, toyProgram(defect));
    if (failure !== undefined) return failure.message;
  }
  return "nothing was found";
}

describe("a toy cluster in a seeded world", () => {
  const blocks = Array.from({ length: SEEDS / SEEDS_A_TEST }, (_, block) => 1 + block * SEEDS_A_TEST);

  it.each(blocks)(
    "keeps every promise in the seeds from %i",
    async (first) => {
      const reports: ClusterReport[] = [];
      for (let seed = first; seed < first + SEEDS_A_TEST; seed++) reports.push(await expectSound(seed));
      expect(Math.max(...reports.map((report) => report.adoptions / report.plan.shards))).toBeGreaterThan(3);
      expect(reports.reduce((sum, report) => sum + report.answers, 0)).toBeGreaterThan(SEEDS_A_TEST * 20);
    },
    60_000,
  );

  it.each([3, 8])(
    "replays seed %i to the same line",
    async (seed) => {
      const [one, two] = [await expectSound(seed), await expectSound(seed)];
      expect(two.digest).toBe(one.digest);
      expect(two.trace).toEqual(one.trace);
    },
    60_000,
  );

  it.each([
    ["no-seal", /^W[89]: /],
    ["claims-without-compare", /^W[89]: /],
    ["answers-before-commit", /not committed/],
    ["ignores-fencing", /not committed|was read (as never seen|at)/],
    ["forgets-keys", /^W7: .*key/],
    ["strict-reads-from-memory", /was read (as never seen|at)/],
    ["never-takes-over", /waited .* every shard to be served/],
  ] as const)(
    "broken by %s fails",
    async (defect, message) => {
      expect(await firstFailure(defect)).toMatch(message);
    },
    60_000,
  );
});
