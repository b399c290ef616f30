/** The admin API of a cluster under test, as scenarios use it. */

import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";

export interface SeenShard {
  readonly shard: number;
  readonly owner: string;
  readonly state: string;
  readonly standbys: readonly string[];
}

export interface SeenCluster {
  readonly members: readonly { readonly lane: string; readonly node: string; readonly state: string }[];
  readonly shards: readonly SeenShard[];
}

const WAIT_MS_MAX = 60_000;
const LOOK_MS = 20;

/** As the first node that runs sees it. */
export async function seenCluster(cluster: Cluster): Promise<SeenCluster> {
  const answer = await fetch(`${urlOf(cluster)}/v1/cluster`);
  if (!answer.ok) throw new Error(`GET /v1/cluster: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as SeenCluster;
}

/** Resolves once the map gives the shard to the lane, with its owner alive. */
export async function moveShard(cluster: Cluster, shard: number, to: string): Promise<void> {
  const asked = await fetch(`${urlOf(cluster)}/v1/cluster/moves`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ shard, to }),
  });
  if (!asked.ok) throw new Error(`POST /v1/cluster/moves: ${asked.status} ${await asked.text()}`);
  await until(`shard ${shard} to be at ${to}`, async () => {
    const seen = (await seenCluster(cluster)).shards[shard];
    return seen?.owner === to && seen.state === "owned";
  });
}

/** Resolves once every shard has an owner that is alive, and the owners stayed the same for two seconds. */
export async function settledOwners(cluster: Cluster): Promise<readonly string[]> {
  let before = "";
  let since = performance.now();
  let owners: readonly string[] = [];
  await until("the shards to stay where they are", async () => {
    const { shards } = await seenCluster(cluster);
    owners = shards.map(({ owner }) => owner);
    const now = JSON.stringify(owners);
    if (now !== before || shards.some(({ state }) => state !== "owned")) {
      before = now;
      since = performance.now();
    }
    return performance.now() - since > 2_000;
  });
  return owners;
}

function urlOf(cluster: Cluster): string {
  const url = cluster.nodes().find(({ httpUrl }) => httpUrl !== undefined)?.httpUrl;
  if (url === undefined) throw new Error("no node runs");
  return url;
}

async function until(what: string, met: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX;
  while (!(await met())) {
    if (performance.now() > deadline) throw new Error(`waited ${WAIT_MS_MAX} ms in vain for ${what}`);
    await delay(LOOK_MS);
  }
}
