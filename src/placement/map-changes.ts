/**
 * Changes of the shard map as pure functions: each returns a new map, or the same one when there is nothing to change.
 *
 * M1. Epochs of a shard grow by one with each claim, whoever claims.
 * M2. The owner of a shard is never among its standbys, and nobody is twice.
 * M3. Only claims change `owner`, `writer`, `epoch`, `origin` and `at`.
 */

import { invariant, type LaneSeq, type ShardId, type ShardOrigin } from "../base/index.ts";
import type { ShardClaim, ShardMap } from "./shard-map.ts";

export const SHARDS_MAX = 65_536;

export interface NewClaim {
  readonly shard: ShardId;
  readonly owner: string;
  readonly writer: number;
  /** One more than that of the claim it follows; 1 for a shard never claimed. */
  readonly epoch: number;
  readonly origin: ShardOrigin;
  readonly at: LaneSeq;
  /** A member that keeps the shard and becomes a standby: the owner that gave it away. */
  readonly keeper?: string;
  /** A member that is not a standby any more: the dead owner. */
  readonly without?: string;
}

/** A map of a cluster that never ran. `shards` is 1 to 65,536. */
export function firstMap(shards: number): ShardMap {
  invariant(
    Number.isInteger(shards) && shards >= 1 && shards <= SHARDS_MAX,
    `a cluster has 1 to ${SHARDS_MAX} shards, not ${shards}`,
  );
  return { shards, claims: new Array<undefined>(shards).fill(undefined), draining: [], pins: new Map() };
}

export interface Restore {
  /** Shards of the cluster from now on, 1 to 65,536. */
  readonly shards: number;
  /** Names this restore; no other ever had it. */
  readonly life: string;
  /** Of all claims that were ever made, also of the cluster that the backup is of. */
  readonly epochMax: number;
  readonly imageOf: (shard: ShardId) => string;
}

/** A map in which every shard waits to be claimed from an image. Nothing of the map before it is kept. O(shards). */
export function restoredMap({ shards, life, epochMax, imageOf }: Restore): ShardMap {
  const claims = firstMap(shards).claims.map((_, shard): ShardClaim => {
    const origin: ShardOrigin = { kind: "image", name: imageOf(shard as ShardId) };
    return { owner: "", writer: 0, epoch: epochMax + 1, origin, at: 0 as LaneSeq, standbys: [] };
  });
  return { ...firstMap(shards), claims, life };
}

/** All claims at once. Throws InvariantBroken when one does not follow from the claim that is there. O(shards). */
export function claim(map: ShardMap, claims: readonly NewClaim[]): ShardMap {
  if (claims.length === 0) return map;
  const next = [...map.claims];
  for (const wanted of claims) {
    checkShard(map, wanted.shard);
    next[wanted.shard] = following(next[wanted.shard], wanted);
  }
  return { ...map, claims: next };
}

function following(before: ShardClaim | undefined, wanted: NewClaim): ShardClaim {
  const { shard, owner, writer, epoch, origin, at, keeper, without } = wanted;
  const lastEpoch = before?.epoch ?? 0;
  invariant(epoch === lastEpoch + 1, `shard ${shard} is in epoch ${lastEpoch} and cannot be claimed in ${epoch}`);
  invariant(owner !== "" && writer >= 1 && at >= 0, `shard ${shard} is claimed by nobody that could write`);
  invariant(
    before?.owner !== owner || writer >= before.writer,
    `shard ${shard} was claimed by a later writer of ${owner} than ${writer}`,
  );
  const isFresh = before === undefined || before.owner === "";
  invariant(
    origin.kind === "place" || isFresh || isSame(origin, before.origin),
    `shard ${shard} has a past and cannot begin anew`,
  );
  const standbys = (before?.standbys ?? []).filter((lane) => lane !== owner && lane !== without && lane !== keeper);
  if (keeper !== undefined && keeper !== owner) standbys.push(keeper);
  return { owner, writer, epoch, origin, at, standbys };
}

/** The owner died or restarted between its claim and its adoption: the next claim continues from where that one would have. */
function isSame(a: ShardOrigin, b: ShardOrigin): boolean {
  if (a.kind === "image") return b.kind === "image" && a.name === b.name;
  return a.kind === b.kind;
}

/** Lists `lane` as a standby of the shards. `order` sorts the standbys of a shard, best first. O(shards). */
export function addStandby(
  map: ShardMap,
  lane: string,
  shards: Iterable<ShardId>,
  order: (shard: ShardId, standbys: readonly string[]) => readonly string[] = (_, standbys) => standbys,
): ShardMap {
  return editClaims(map, shards, (claim, shard) => {
    if (claim.owner === lane || claim.standbys.includes(lane)) return claim;
    return { ...claim, standbys: order(shard, [...claim.standbys, lane]) };
  });
}

/** O(shards). */
export function removeStandby(map: ShardMap, lane: string, shards: Iterable<ShardId>): ShardMap {
  return editClaims(map, shards, (claim) => {
    if (!claim.standbys.includes(lane)) return claim;
    return { ...claim, standbys: claim.standbys.filter((other) => other !== lane) };
  });
}

function editClaims(map: ShardMap, shards: Iterable<ShardId>, edit: (claim: ShardClaim, shard: ShardId) => ShardClaim): ShardMap {
  let claims: (ShardClaim | undefined)[] | undefined;
  for (const shard of shards) {
    const before = (claims ?? map.claims)[shard];
    const after = before && edit(before, shard);
    if (after === before) continue;
    claims ??= [...map.claims];
    claims[shard] = after;
  }
  return claims === undefined ? map : { ...map, claims };
}

/** The node is to own nothing. */
export function drain(map: ShardMap, node: string): ShardMap {
  return map.draining.includes(node) ? map : { ...map, draining: [...map.draining, node].sort() };
}

export function undrain(map: ShardMap, node: string): ShardMap {
  return map.draining.includes(node) ? { ...map, draining: map.draining.filter((other) => other !== node) } : map;
}

/** The shard is to be at this member as long as that is there. Throws InvariantBroken for a shard the map does not have. */
export function pin(map: ShardMap, shard: ShardId, lane: string): ShardMap {
  checkShard(map, shard);
  return map.pins.get(shard) === lane ? map : { ...map, pins: new Map(map.pins).set(shard, lane) };
}

export function unpin(map: ShardMap, shard: ShardId): ShardMap {
  if (!map.pins.has(shard)) return map;
  return { ...map, pins: new Map([...map.pins].filter(([pinned]) => pinned !== shard)) };
}

function checkShard(map: ShardMap, shard: ShardId): void {
  invariant(Number.isInteger(shard) && shard >= 0 && shard < map.shards, `there is no shard ${shard} among ${map.shards}`);
}
