/** One more node under load: shards move to it, and nobody notices. */

import { scenario } from "../scenario.ts";

export const joinNode = scenario({
  name: "join-node",
  does: "adds a node under load; no request may fail after its retries",
  nodes: 3,
  natsServers: 3,
  features: ["sharesShards", "grows"],
  async run({ cluster, shoppers, say, untilEveryShardServes }) {
    const begun = performance.now();
    const node = await cluster.addNode?.();
    const joinMs = performance.now() - begun;
    say(`${node?.id} joined`);
    const servesAfterwardsMs = await untilEveryShardServes();
    const { gaveUp, slowestMs } = shoppers.trouble;
    if (gaveUp > 0) throw new Error(`${gaveUp} requests failed after their retries`);
    return { joinMs, servesAfterwardsMs, slowestRequestMs: slowestMs };
  },
});
