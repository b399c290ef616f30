/** The answer of `GET /v1/cluster` as the commands read it, and how far a change of the cluster is. */

import { CommandFailed } from "./command.ts";
import { asRecord, type Connection } from "./connection.ts";

export interface ClusterView {
  readonly node: string;
  readonly member: string;
  readonly revision: number;
  readonly ready: boolean;
  readonly lead?: string;
  readonly draining: readonly string[];
  readonly members: readonly {
    readonly lane: string;
    readonly node: string;
    readonly state: string;
    readonly suspected: boolean;
    readonly version: string;
    readonly httpUrl: string;
    readonly owned: number;
    readonly standby: number;
    readonly last?: number;
    readonly followers: readonly { readonly member: string; readonly durable: number; readonly lag?: number }[];
  }[];
  readonly shards: readonly {
    readonly shard: number;
    readonly owner: string;
    readonly epoch: number;
    readonly standbys: readonly string[];
    readonly state: string;
    readonly wanted?: string;
    readonly pinned: boolean;
  }[];
}

/** Rejects with CommandFailed when the node does not answer, or not with a cluster. */
export async function readCluster(connection: Connection, stop: AbortSignal): Promise<ClusterView> {
  const body = await connection.ask("GET", "/v1/cluster", undefined, {}, stop);
  const { members, shards } = asRecord(body);
  if (!Array.isArray(members) || !Array.isArray(shards)) throw new CommandFailed(`${connection.url} is no node of this version`);
  return body as ClusterView;
}

/** How far something is: done when nothing is left. */
export interface Progress {
  readonly left: number;
  readonly words: string;
}

export function moveProgress(view: ClusterView, shard: number, to: string): Progress {
  const found = view.shards[shard];
  const isThere = found?.owner === to && found.state === "owned";
  return { left: isThere ? 0 : 1, words: `shard ${shard} is at ${found?.owner || "nobody"}` };
}

/** Until every shard is where it should be. */
export function settleProgress(view: ClusterView): Progress {
  const left = view.shards.filter(({ owner, state, wanted }) => state !== "owned" || (wanted !== undefined && wanted !== owner));
  return { left: left.length, words: `${left.length} of ${view.shards.length} shards to move` };
}

export function drainProgress(view: ClusterView, node: string): Progress {
  const owned = view.members.filter((member) => member.node === node).reduce((sum, member) => sum + member.owned, 0);
  const unsettled = view.draining.includes(node) ? owned : Math.max(owned, 1);
  return { left: unsettled, words: `${node} still owns ${owned} shards` };
}

/** Until the node has that many members, all serve, and the shards are where they should be. */
export function membersProgress(view: ClusterView, node: string, count: number): Progress {
  const there = view.members.filter((member) => member.node === node);
  const serving = there.filter(({ state, suspected }) => state === "serving" && !suspected).length;
  const missing = Math.abs(count - serving) + (there.length - serving);
  const { left } = settleProgress(view);
  return { left: missing + left, words: `${serving} of ${count} members serve, ${left} shards to move` };
}
