/** SIGSTOP and SIGCONT: a node that others must take for dead, and that wakes up believing that nothing happened. */

import { setTimeout as pause } from "node:timers/promises";
import { scenario } from "../scenario.ts";

const PAUSE_MS = 5_000;

export const pauseNode = scenario({
  name: "pause-node",
  does: "stops a node in its tracks for 5 s and lets it go on; where others share its shards, measures until they serve",
  nodes: 1,
  natsServers: 1,
  features: [],
  async run({ cluster, random, say, untilEveryShardServes }) {
    const { id } = random.pick(cluster.nodes());
    await cluster.pause(id);
    say(`${id} paused`);
    const taken = cluster.features.sharesShards ? untilEveryShardServes() : Promise.resolve(undefined);
    const [takenOverMs] = await Promise.all([taken, pause(PAUSE_MS)]);
    await cluster.resume(id);
    const servesAfterWakingMs = await untilEveryShardServes();
    return { servesAfterWakingMs, ...(takenOverMs === undefined ? {} : { takenOverMs }) };
  },
});
