/**
 * The production member, keeper and router in the simulated cluster: every seed must hold O1 to O5, W1 to W9 and every promise made to a client. A seed that
 * once failed stays in REGRESSIONS, whatever it runs into today.
 */

import { describe, expect, it } from "vitest";
import { type ClusterReport, runClusterSeed } from "./cluster-run.ts";
import { productionProgram } from "./production-node.ts";
import { describeClusterFailure } from "./report.ts";

const SEEDS = Number(process.env["SEEDS"] ?? 120);
const SEEDS_A_TEST = 10;
/** The first whose clients also send what is late, and reverse. */
const REVERSALS_SEED = 5_001;
/** Seeds beyond the first ones that found something. */
const REGRESSIONS = [
  141, 155, 179, 183, 219, 230, 300, 324, 1169, 1246, 1308, 1601, 1963, 2075, 2097, 2126, 10380, 20812, 20918, 62151,
];

async function expectSound(seed: number): Promise<ClusterReport> {
  const report = await runClusterSeed(seed, productionProgram);
  if (report.failure !== undefined) expect.fail(describeClusterFailure(report));
  return report;
}

describe("a production cluster in a seeded world", () => {
  const blocks = Array.from({ length: Math.ceil(SEEDS / SEEDS_A_TEST) }, (_, block) => 1 + block * SEEDS_A_TEST);

  it.each(blocks)(
    "keeps every promise in the seeds from %i",
    async (first) => {
      const reports: ClusterReport[] = [];
      for (let seed = first; seed < first + SEEDS_A_TEST; seed++) reports.push(await expectSound(seed));
      expect(Math.max(...reports.map((report) => report.adoptions / report.plan.shards))).toBeGreaterThan(3);
      expect(reports.reduce((sum, report) => sum + report.answers, 0)).toBeGreaterThan(SEEDS_A_TEST * 50);
    },
    120_000,
  );

  it("keeps every promise in seeds with late movements and reversals", async () => {
    for (let seed = REVERSALS_SEED; seed < REVERSALS_SEED + SEEDS_A_TEST; seed++) await expectSound(seed);
  }, 120_000);

  it.each(REGRESSIONS)(
    "passes seed %i, which found a bug",
    async (seed) => {
      await expectSound(seed);
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
});
