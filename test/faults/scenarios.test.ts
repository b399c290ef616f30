/**
 * Each scenario of one node once, and the loss of a node in a whole cluster. The long form, and the others:
 * `npm run faults -- --scenario <name> --nodes 3 --runs 50`.
 */

import { describe, expect, it } from "vitest";
import { makeSmallCluster, makeWholeCluster } from "./make-cluster.ts";
import { reasonToSkip, runScenario } from "./run-scenario.ts";
import { SCENARIOS } from "./scenarios/index.ts";
import { SMALL_CLUSTER_FEATURES } from "./small-cluster.ts";
import { WHOLE_CLUSTER_FEATURES } from "./whole-cluster.ts";

const RUN_MS_MAX = 120_000;
const seed = Number(process.env["FAULTS_SEED"] ?? 1);

describe("one node and one NATS server", () => {
  const fitting = SCENARIOS.filter(({ nodes, natsServers }) => nodes === 1 && natsServers === 1);

  for (const one of fitting)
    it(
      `${one.name}: ${one.does}`,
      async (context) => {
        const reason = await reasonToSkip(one, SMALL_CLUSTER_FEATURES);
        if (reason !== undefined) context.skip(reason);
        const report = await runScenario(one, { seed, makeCluster: makeSmallCluster, say: () => undefined });
        if (report.books !== undefined) {
          expect(report.books.acknowledged).toBeGreaterThan(20);
          expect(report.books.history.undecided).toEqual([]);
        }
        expect(Object.keys(report.measured)).not.toEqual([]);
      },
      RUN_MS_MAX,
    );
});

describe("three nodes and three NATS servers", () => {
  const BOUNDED = "kill-node";

  for (const one of SCENARIOS.filter(({ name }) => name === BOUNDED))
    it(
      `${one.name}: ${one.does}`,
      async (context) => {
        const reason = await reasonToSkip(one, WHOLE_CLUSTER_FEATURES);
        if (reason !== undefined) context.skip(reason);
        const report = await runScenario(one, { seed, makeCluster: makeWholeCluster(3, 3), say: () => undefined });
        expect(report.books?.acknowledged).toBeGreaterThan(20);
        expect(report.measured["servesAgainMs"]).toBeGreaterThan(0);
      },
      RUN_MS_MAX,
    );
});
