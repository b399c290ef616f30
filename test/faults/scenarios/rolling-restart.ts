/** SIGTERM to one node after another, each started again before the next: no request fails after the client's own retries. */

import { scenario } from "../scenario.ts";

export const rollingRestart = scenario({
  name: "rolling-restart",
  does: "restarts one node after another under load; no request may fail after its retries",
  nodes: 3,
  natsServers: 3,
  features: ["sharesShards"],
  async run({ cluster, shoppers, say, untilEveryShardServes }) {
    const stops: number[] = [];
    for (const { id } of cluster.nodes()) {
      const begun = performance.now();
      await cluster.stop(id);
      stops.push(performance.now() - begun);
      say(`${id} stopped`);
      await cluster.start(id);
      await cluster.ready();
    }
    const { gaveUp, slowestMs } = shoppers.trouble;
    if (gaveUp > 0) throw new Error(`${gaveUp} requests failed after their retries`);
    return { stopMs: Math.max(...stops), slowestRequestMs: slowestMs, servesAfterwardsMs: await untilEveryShardServes() };
  },
});
