/**
 * What an operator may see and change of the cluster, for every front end: the seam to the member that answers, its status as a view, and where a shard
 * is to go.
 */

import type { ShardId } from "../../base/index.ts";
import type { ClusterStatus, MemberStatus } from "../../placement/index.ts";
import { checked, checkOf, good, type Parsed } from "./check.ts";
import { invalidRequest, problem } from "./problems.ts";
import { type ClusterView, DrainSchema, MembersCountSchema, MoveShardSchema } from "./schemas/index.ts";

/** The cluster as the member that is asked can see and change it. Changes resolve once the shard map says so, before shards have moved. */
export interface ClusterAdmin {
  /** Of the member that is asked. */
  readonly node: string;
  /** Undefined before the shard map was read. */
  status(): ClusterStatus | undefined;
  /** Node that publishes the feed, as far as is known. */
  lead(): string | undefined;
  /** Last sequences of lanes; those that cannot be had now are left out. Never rejects. */
  laneEnds(lanes: readonly string[]): Promise<ReadonlyMap<string, number>>;
  pin(shard: ShardId, lane: string): Promise<void>;
  unpin(shard: ShardId): Promise<void>;
  drain(node: string): Promise<void>;
  undrain(node: string): Promise<void>;
  /** Begins to change the number of members of this node; `status` shows when it is done. Rejects with why it cannot begin. */
  resize(members: number): Promise<void>;
}

/** Undefined before the shard map was read. One request a lane. */
export async function clusterView(admin: ClusterAdmin): Promise<ClusterView | undefined> {
  const status = admin.status();
  if (status === undefined) return undefined;
  const { lane: member, revision, ready, draining, members, shards } = status;
  const ends = await admin.laneEnds(members.map(({ lane }) => lane));
  const lead = admin.lead();
  return {
    ...{ node: admin.node, member, revision, ready, draining: [...draining] },
    ...(lead === undefined ? {} : { lead }),
    members: members.map((one) => memberView(one, members, ends.get(one.lane))),
    shards: shards.map(({ shard, owner, epoch, standbys, state, wanted, pinned }) => ({
      ...{ shard, owner, epoch, standbys: [...standbys], state, pinned },
      ...(wanted === undefined ? {} : { wanted }),
    })),
  };
}

function memberView(one: MemberStatus, all: readonly MemberStatus[], last: number | undefined): ClusterView["members"][number] {
  const { lane, node, state, suspected, version, httpUrl, writer, owned, standby } = one;
  const followers = all.flatMap(({ lane: member, durable }) => {
    const seq = durable[lane];
    if (member === lane || seq === undefined) return [];
    return [{ member, durable: seq, ...(last === undefined ? {} : { lag: Math.max(0, last - seq) }) }];
  });
  const seen = { lane, node, state, suspected, version, httpUrl, writer, owned, standby };
  return { ...seen, ...(last === undefined ? {} : { last }), followers };
}

const MOVE = checkOf(MoveShardSchema);
const DRAIN = checkOf(DrainSchema);
const COUNT = checkOf(MembersCountSchema);

export interface ShardMove {
  readonly shard: ShardId;
  readonly lane: string;
}

/** A move by the names that are known now: `to` is a lane, else a node, which stands for its member with the fewest shards. */
export function parseMove(body: unknown, status: ClusterStatus): Parsed<ShardMove> {
  const move = checked(MOVE, body);
  if (!move.ok) return move;
  const { shard, to } = move.value;
  const known = knownShard(shard, status);
  if (!known.ok) return known;
  const { members } = status;
  const there = members.filter(({ lane, suspected, state }) => lane === to && !suspected && state === "serving");
  const ofNode = members.filter(({ node, suspected, state }) => node === to && !suspected && state === "serving");
  const [first] = [...there, ...ofNode.sort((a, b) => a.owned - b.owned)];
  if (first === undefined) {
    return {
      ok: false,
      problem: problem("conflict", `${to} is neither a member nor a node that serves; GET /v1/cluster lists them`),
    };
  }
  return good({ shard: known.value, lane: first.lane });
}

/** A shard of the path or of a body that the cluster has. */
export function knownShard(shard: number | string, { shards }: ClusterStatus): Parsed<ShardId> {
  const number = typeof shard === "number" ? shard : /^\d{1,5}$/.test(shard) ? Number(shard) : Number.NaN;
  if (number < shards.length) return good(number as ShardId);
  const message = `must be a whole number from 0 to ${shards.length - 1}`;
  return { ok: false, problem: invalidRequest([{ path: typeof shard === "number" ? "/shard" : "path shard", message }]) };
}

/** Any name: a node may be drained before it joins. */
export function parseDrain(body: unknown): Parsed<string> {
  const drain = checked(DRAIN, body);
  return drain.ok ? good(drain.value.node) : drain;
}

export function parseMembersCount(body: unknown): Parsed<number> {
  const count = checked(COUNT, body);
  return count.ok ? good(count.value.count) : count;
}
