/** What `cluster status` and the metrics show: plain data, as one member sees it. */

import type { LaneSeq, ShardId } from "../base/index.ts";
import type { Beats } from "./beats.ts";
import type { MemberState } from "./membership.ts";
import type { Placement } from "./place.ts";
import type { Holding } from "./shard-host.ts";
import type { ShardClaim, ShardMap } from "./shard-map.ts";

export interface MemberStatus {
  readonly lane: string;
  readonly node: string;
  readonly state: MemberState;
  readonly writer: number;
  readonly version: string;
  readonly httpUrl: string;
  /** Looks dead from here. */
  readonly suspected: boolean;
  /** Beats of the member that answers since this one was last heard. */
  readonly silentBeats: number;
  readonly owned: number;
  readonly standby: number;
  /** Sequences of lanes that are in its checkpoints. */
  readonly durable: Readonly<Record<string, LaneSeq>>;
}

export interface ShardStatus {
  readonly shard: ShardId;
  /** Empty while nobody has claimed it. */
  readonly owner: string;
  readonly writer: number;
  readonly epoch: number;
  readonly standbys: readonly string[];
  /** Who should own it; undefined when nobody may. */
  readonly wanted: string | undefined;
  readonly pinned: boolean;
  /**
   * - `free`: never claimed, or restored and not yet claimed.
   * - `waiting`: its owner looks dead or has another writer than the claim.
   * - `owned`: its owner is alive under the claim.
   */
  readonly state: "free" | "waiting" | "owned";
  /** What the member that answers has of it. */
  readonly here: Holding["state"] | undefined;
}

export interface ClusterStatus {
  /** Of the member that answers. */
  readonly lane: string;
  readonly revision: number;
  /** Its own beats are stored, so that what it says of the others can be believed. */
  readonly ready: boolean;
  readonly draining: readonly string[];
  readonly members: readonly MemberStatus[];
  readonly shards: readonly ShardStatus[];
}

export interface StatusSources {
  readonly lane: string;
  readonly map: ShardMap;
  readonly revision: number;
  readonly beats: Beats;
  readonly placed: readonly Placement[] | undefined;
  readonly holding: (shard: ShardId) => Holding | undefined;
}

export function clusterStatus(sources: StatusSources): ClusterStatus {
  const { lane, map, revision, beats } = sources;
  const shards = map.claims.map((claim, shard) => shardStatus(sources, claim, shard as ShardId));
  return { lane, revision, ready: beats.isReady, draining: map.draining, members: membersStatus(beats, map), shards };
}

function membersStatus(beats: Beats, map: ShardMap): MemberStatus[] {
  const owned = new Map<string, number>();
  const standby = new Map<string, number>();
  const add = (counts: Map<string, number>, lane: string): void => void counts.set(lane, (counts.get(lane) ?? 0) + 1);
  for (const claim of map.claims) {
    if (claim === undefined) continue;
    add(owned, claim.owner);
    for (const lane of claim.standbys) add(standby, lane);
  }
  return beats.members().map(({ beat: _, ...info }) => ({
    ...info,
    suspected: beats.suspected(info.lane),
    silentBeats: beats.silence(info.lane),
    owned: owned.get(info.lane) ?? 0,
    standby: standby.get(info.lane) ?? 0,
  }));
}

function shardStatus({ map, beats, placed, holding }: StatusSources, claim: ShardClaim | undefined, shard: ShardId): ShardStatus {
  const { owner = "", writer = 0, epoch = 0, standbys = [] } = claim ?? {};
  const isOwned = !beats.suspected(owner) && beats.member(owner)?.writer === writer;
  return {
    shard,
    owner,
    writer,
    epoch,
    standbys,
    wanted: placed?.[shard]?.owner,
    pinned: map.pins.has(shard),
    state: owner === "" ? "free" : isOwned ? "owned" : "waiting",
    here: holding(shard)?.state,
  };
}
