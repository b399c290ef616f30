/** Two of three NATS servers gone: nothing may be promised until they are back, and then everything goes on. */

import { setTimeout as pause } from "node:timers/promises";
import { scenario } from "../scenario.ts";

const AWAY_MS = 4_000;

export const loseQuorum = scenario({
  name: "lose-quorum",
  does: "kills all NATS servers but one, starts them again after 4 s, and measures until every shard serves again",
  nodes: 1,
  natsServers: 3,
  features: [],
  outageMsMax: AWAY_MS + 12_000,
  async run({ cluster, random, say, untilEveryShardServes }) {
    const servers = cluster.natsServers();
    const kept = random.pick(servers).id;
    const victims = servers.map(({ id }) => id).filter((id) => id !== kept);
    await Promise.all(victims.map((id) => cluster.kill(id)));
    say(`only ${kept} is left`);
    await pause(AWAY_MS);
    await Promise.all(victims.map((id) => cluster.start(id)));
    const servesAgainMs = await untilEveryShardServes();
    await cluster.ready();
    return { servesAgainMs };
  },
});
