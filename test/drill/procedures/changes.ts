/** Changes that are planned: upgrades, more and fewer nodes and members. */

import { type Procedure, plain, type Step } from "../procedure.ts";
import type { Stage } from "../stage.ts";

/** The next node only when every shard is served and has a standby. */
const restartNode = (name: string): Step => ({
  command: `npm run cluster -- restart ${name}`,
  before: (stage) => stage.standbys(),
  after: (stage) => stage.answersGoOn(),
});

export const rollingUpgrade: Procedure = {
  heading: "Rolling upgrade",
  checks: "standbys before each node, /healthz of all servers around the server; no request fails",
  on: "cluster",
  load: true,
  steps: [
    restartNode("node-1"),
    restartNode("node-2"),
    restartNode("node-3"),
    {
      command: "npm run cluster -- restart nats-1",
      before: async (stage) => {
        await stage.standbys();
        await stage.natsHealthy();
      },
      after: async (stage) => {
        await stage.natsHealthy();
        await stage.answersGoOn();
      },
    },
  ],
  outageMsMax: 10_000,
};

interface Owned {
  readonly members: readonly { readonly node: string; readonly owned: number }[];
}

async function owned(stage: Stage, node: string): Promise<{ members: number; shards: number }> {
  const view = (await (await fetch(`${stage.urlOf("node-1")}/v1/cluster`)).json()) as Owned;
  const members = view.members.filter((member) => member.node === node);
  return { members: members.length, shards: members.reduce((total, member) => total + member.owned, 0) };
}

export const scaleOut: Procedure = {
  heading: "Scale out",
  checks: "the new node gets shards, the node gets its members; no request fails",
  on: "cluster",
  load: true,
  steps: [
    {
      command: "npm run cluster -- add",
      after: async (stage) => {
        await stage.until("node-4 owns shards", async () => (await owned(stage, "node-4")).shards > 0);
        await stage.standbys();
      },
    },
    plain("stockgrid cluster status"),
    {
      command: "stockgrid cluster members 4 --wait --url http://node-1:8080",
      after: async (stage) => {
        await stage.until("node-1 has four members", async () => (await owned(stage, "node-1")).members === 4);
        await stage.standbys();
      },
    },
  ],
};

export const scaleIn: Procedure = {
  heading: "Scale in",
  checks: "a drained node owns nothing and answers; a removed one's shards are served and followed; no request fails",
  on: "cluster",
  load: true,
  prepare: async (stage) => {
    await stage.session.run("npm run cluster -- add");
    await stage.session.run("stockgrid cluster members 2 --wait --url http://node-1:8080");
    await stage.until("node-4 owns shards", async () => (await owned(stage, "node-4")).shards > 0);
    await stage.standbys();
  },
  steps: [
    {
      command: "stockgrid cluster drain node-4 --wait",
      after: async (stage) => {
        const { shards } = await owned(stage, "node-4");
        if (shards > 0) throw new Error(`node-4 drains, and owns ${shards} shards`);
        const answer = await fetch(`${stage.urlOf("node-4")}/v1/locations`);
        if (!answer.ok) throw new Error(`node-4 drains, and answers ${answer.status}`);
        await stage.served();
      },
    },
    {
      command: "stockgrid cluster undrain node-4",
      after: (stage) => stage.until("node-4 owns shards again", async () => (await owned(stage, "node-4")).shards > 0),
    },
    { command: "npm run cluster -- remove node-4", before: (stage) => stage.standbys(), after: (stage) => stage.standbys() },
    {
      command: "stockgrid cluster members 1 --wait --url http://node-1:8080",
      after: async (stage) => {
        await stage.until("node-1 has one member", async () => (await owned(stage, "node-1")).members === 1);
        await stage.standbys();
      },
    },
  ],
};
