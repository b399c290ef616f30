/** kill -9 of the NATS server that leads a lane, or of the only one, which is started again. */

import { scenario } from "../scenario.ts";

export const killNatsLeader = scenario({
  name: "kill-nats-leader",
  does: "kills the NATS server that leads a lane and measures until every shard serves again",
  nodes: 1,
  natsServers: 1,
  features: [],
  outageMsMax: 12_000,
  async run({ cluster, random, say, untilEveryShardServes }) {
    const servers = cluster.natsServers();
    const { id: node } = random.pick(cluster.nodes());
    const led = await cluster.leaderOfLane?.(node);
    const id = led ?? random.pick(servers).id;
    await cluster.kill(id);
    say(`${id} killed`);
    if (servers.length === 1) await cluster.start(id);
    const servesAgainMs = await untilEveryShardServes();
    if (servers.length > 1) await cluster.start(id);
    await cluster.ready();
    return { servesAgainMs };
  },
});
