/** Losses: a node, a NATS server, the quorum. */

import { type Procedure, plain } from "../procedure.ts";
import type { Stage } from "../stage.ts";

async function servedByTheOthers(stage: Stage): Promise<void> {
  await stage.served();
  await stage.everyShardWrites();
  await stage.answersGoOn();
}

export const losingANode: Procedure = {
  heading: "Losing a node",
  checks: "the others serve, it comes back with its disk, with an empty one, and from standing still; no request fails",
  on: "cluster",
  load: true,
  steps: [
    { command: "npm run cluster -- kill node-2", before: (stage) => stage.standbys(), after: servedByTheOthers },
    { command: "npm run cluster -- start node-2", after: (stage) => stage.standbys() },
    { command: "npm run cluster -- kill node-2", after: servedByTheOthers },
    plain("rm -r data/cluster/node-2"),
    { command: "npm run cluster -- start node-2", after: (stage) => stage.standbys() },
    {
      command: "npm run cluster -- freeze node-2",
      after: async (stage) => {
        // Until it is missed, its shards count as served.
        await stage.until("nothing is owned by node-2", () => stage.ownsNothing("node-2"));
        await stage.served("node-2");
        await stage.answersGoOn();
      },
    },
    { command: "npm run cluster -- thaw node-2", after: (stage) => stage.standbys() },
  ],
  outageMsMax: 15_000,
};

export const losingANatsServer: Procedure = {
  heading: "Losing a NATS server",
  checks: "two servers go on, the third copies what it missed, or everything; no request fails",
  on: "cluster",
  load: true,
  steps: [
    { command: "npm run cluster -- kill nats-2", before: (stage) => stage.natsHealthy(), after: servedByTheOthers },
    { command: "npm run cluster -- start nats-2", after: (stage) => stage.natsHealthy() },
    { command: "npm run cluster -- kill nats-2", after: servedByTheOthers },
    plain("rm -r data/cluster/nats-2/store"),
    { command: "npm run cluster -- start nats-2", after: (stage) => stage.natsHealthy() },
  ],
  finish: async (stage) => {
    await stage.until("every stream to have all copies", () => stage.copiesAreCurrent());
  },
  outageMsMax: 15_000,
};

export const losingTheQuorum: Procedure = {
  heading: "Losing the quorum of NATS",
  checks: "nothing is acknowledged without a quorum, everything is with it again, no node ended; no request fails for good",
  on: "cluster",
  load: true,
  steps: [
    { command: "npm run cluster -- kill nats-1", before: (stage) => stage.natsHealthy() },
    { command: "npm run cluster -- kill nats-2", after: (stage) => stage.nothingIsAcknowledged() },
    { command: "npm run cluster -- start nats-1", after: servedByTheOthers },
    { command: "npm run cluster -- start nats-2", after: (stage) => stage.natsHealthy() },
  ],
  outageMsMax: 120_000,
};
