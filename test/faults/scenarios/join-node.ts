/** One more node under load: shards move to it, no more than must, and nobody notices. */

import { settledOwners } from "../admin.ts";
import { scenario } from "../scenario.ts";

export const joinNode = scenario({
  name: "join-node",
  does: "adds a node under load: at most 1/N of the shards and 5 % may move, and no request may fail after its retries",
  nodes: 3,
  natsServers: 3,
  features: ["sharesShards", "grows", "admin"],
  async run({ cluster, shoppers, say, untilEveryShardServes }) {
    const before = await settledOwners(cluster);
    const begun = performance.now();
    const node = await cluster.addNode?.();
    const joinMs = performance.now() - begun;
    say(`${node?.id} joined`);
    const after = await settledOwners(cluster);
    const moved = after.filter((owner, shard) => owner !== before[shard]).length / after.length;
    const most = 1 / cluster.nodes().length + 0.05;
    if (moved > most)
      throw new Error(`${(100 * moved).toFixed(1)} % of the shards moved, at most ${(100 * most).toFixed(1)} % may`);
    const servesAfterwardsMs = await untilEveryShardServes();
    const { gaveUp, slowestMs } = shoppers.trouble;
    if (gaveUp > 0) throw new Error(`${gaveUp} requests failed after their retries`);
    return { joinMs, movedPercent: 100 * moved, servesAfterwardsMs, slowestRequestMs: slowestMs };
  },
});
