/** kill -9 of a node under load: how long until every shard serves again. Alone, it has to be started again first. */

import { scenario } from "../scenario.ts";

export const killNode = scenario({
  name: "kill-node",
  does: "kills a node with SIGKILL under load and measures until every shard serves again",
  nodes: 1,
  natsServers: 1,
  features: [],
  async run({ cluster, random, say, untilEveryShardServes }) {
    const { id } = random.pick(cluster.nodes());
    await cluster.kill(id);
    say(`${id} killed`);
    if (!cluster.features.sharesShards) await cluster.start(id);
    if (!cluster.features.sharesShards) void cluster.ready().catch(() => undefined);
    const servesAgainMs = await untilEveryShardServes();
    if (cluster.features.sharesShards) await cluster.start(id);
    await cluster.ready();
    return { servesAgainMs };
  },
});
