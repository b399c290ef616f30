/**
 * What a member has to do, read off what it sees: the map, who is alive, what it holds. Pure, and decided anew in every pass; nothing here changes anything.
 */

import type { LanePlace, ShardId, ShardOrigin } from "../base/index.ts";
import type { Placement } from "./place.ts";
import type { Holding, Tenure } from "./shard-host.ts";
import type { ShardClaim, ShardMap } from "./shard-map.ts";

/** One look at the world. */
export interface View {
  readonly lane: string;
  readonly tenure: Tenure;
  readonly map: ShardMap;
  readonly isLeaving: boolean;
  /** Who should have each shard. Undefined while own beats fail: nothing is moved or taken over then. */
  readonly placed: readonly Placement[] | undefined;
  holding(shard: ShardId): Holding | undefined;
  /** A claim of this member may have been stored without its knowing: nothing may be thrown away. */
  readonly isUncertain: boolean;
  /** Not suspected. */
  isAlive(lane: string): boolean;
  /** Alive, and may be given shards. */
  isServing(lane: string): boolean;
  /** Writer epoch that the member last told, 0 when it has none. */
  writerOf(lane: string): number;
  /** How far the member's own lane is in its checkpoints, as it last told; 0 when it told nothing. */
  durableOf(lane: string): number;
}

/** Calls back with every shard that was ever claimed. */
export function eachClaim(map: ShardMap, visit: (claim: ShardClaim, shard: ShardId) => void): void {
  for (let shard = 0; shard < map.claims.length; shard++) {
    const claim = map.claims[shard];
    if (claim !== undefined) visit(claim, shard as ShardId);
  }
}

/** The claim is this tenure's own: it may be adopted. */
export function isMine(view: View, claim: ShardClaim): boolean {
  return claim.owner === view.lane && claim.writer === view.tenure.writer;
}

export function isServed(holding: Holding | undefined): boolean {
  return holding?.state === "served" || holding?.state === "closing";
}

/** Complete through its lane, as far as that was read. */
export function isWhole(holding: Holding): boolean {
  return holding.state !== "filling" && holding.state !== "stale";
}

/**
 * Where the next claim of a shard continues, given what is held after its owner's lane was applied through `end`, behind which the claim's writer can write
 * nothing. Undefined when what is held does not reach so far.
 *
 * When the claim's own adoption never came to be, nothing of the shard is in the owner's lane: the next claim continues from where that one would have.
 */
export function continuation(claim: ShardClaim, holding: Holding | undefined, end: LanePlace): ShardOrigin | undefined {
  if (holding === undefined || !isWhole(holding) || holding.catchingUp || holding.unsettled) return undefined;
  if (holding.lane === claim.owner && holding.epoch === claim.epoch) return { kind: "place", ...end };
  const { origin } = claim;
  const isUnadopted = holding.epoch < claim.epoch && origin.kind === "place" && origin.lane === holding.lane;
  return isUnadopted ? origin : undefined;
}

/**
 * Where a claim of an earlier writer of the own lane continues under this one; undefined when it must be left to a standby, because the state was lost with
 * the data folder. A shard that was new, or an image, and whose adoption is not in the lane although all of it behind the claim was read, begins as it would have.
 */
export function ownAgain(view: View, claim: ShardClaim, shard: ShardId): ShardOrigin | undefined {
  const { tenure } = view;
  const holding = view.holding(shard);
  const readFrom = tenure.since ?? tenure.began - 1;
  const isUntouched = holding === undefined || (claim.origin.kind === "image" && holding.lane !== view.lane);
  if (claim.origin.kind !== "place" && isUntouched && claim.at >= readFrom) return claim.origin;
  return continuation(claim, holding, { lane: view.lane, seq: tenure.began });
}

/** What is held still ends in the lane that a prepared claim continues from: it may have been dropped and taken anew since. */
export function holdsIn(holding: Holding | undefined, origin: ShardOrigin): boolean {
  return holding !== undefined && isWhole(holding) && origin.kind === "place" && origin.lane === holding.lane;
}

/** Why this member should have a copy of the shard: to own it, to stand by, or because nobody is sure to have a better one yet. */
export type Part = "owner" | "standby" | "spare";

export function partIn(view: View, claim: ShardClaim, shard: ShardId): Part | undefined {
  const placed = view.placed?.[shard];
  if (placed === undefined || view.isLeaving) return undefined;
  if (placed.owner === view.lane) return "owner";
  if (placed.standbys.includes(view.lane)) return "standby";
  const holding = view.holding(shard);
  const isSpare = !areWantedIn(claim, placed) || isNeeded(claim, holding) || !isDurable(view, claim, holding);
  return holding !== undefined && isSpare ? "spare" : undefined;
}

/** The claim continues from this copy, and its adoption was not seen: should the claimant fail before that, this is where the shard goes on. */
export function isNeeded(claim: ShardClaim, holding: Holding | undefined): boolean {
  if (holding === undefined || !isWhole(holding) || holding.epoch >= claim.epoch) return false;
  return claim.origin.kind === "place" && claim.origin.lane === holding.lane;
}

/**
 * The owner, too, would find the shard again after a crash: until it has a checkpoint behind its adoption, what it continued is here. The checkpoint of a
 * later writer, that has not claimed the shard again, says nothing: it may have lost the shard.
 */
function isDurable(view: View, claim: ShardClaim, holding: Holding | undefined): boolean {
  return !isWarm(claim, holding) || isStoredBehind(view, claim, holding?.adoptedAt ?? 0);
}

function isStoredBehind(view: View, { owner, writer }: ShardClaim, seq: number): boolean {
  return view.writerOf(owner) === writer && view.durableOf(owner) >= seq;
}

/** A shard that this member gave away, and whose owner has no checkpoint of it yet. */
export function isGivenAndNotDurable(view: View, claim: ShardClaim): boolean {
  const { owner, at } = claim;
  return isGivenBy(view.lane, claim) && view.isServing(owner) && !isStoredBehind(view, claim, at + 1);
}

/** The shard continues with another member, from this lane. */
export function isGivenBy(lane: string, { owner, origin }: ShardClaim): boolean {
  return owner !== lane && origin.kind === "place" && origin.lane === lane;
}

function areWantedIn(claim: ShardClaim, placed: Placement): boolean {
  const isIn = (lane: string): boolean => lane === claim.owner || claim.standbys.includes(lane);
  return (placed.owner === undefined || isIn(placed.owner)) && placed.standbys.every(isIn);
}

/** It follows the owner and is as new as what was read. */
export function isWarm(claim: ShardClaim, holding: Holding | undefined): boolean {
  return holding?.state === "following" && holding.lane === claim.owner && holding.epoch === claim.epoch;
}

/** Sorts standbys: who should own the shard, who should stand by, the rest. */
export function bestFirst(placed: Placement | undefined, standbys: readonly string[]): readonly string[] {
  const rank = (lane: string): number => (lane === placed?.owner ? 0 : placed?.standbys.includes(lane) ? 1 : 2);
  return [...standbys].sort((a, b) => rank(a) - rank(b));
}

/** To whom this member should hand a shard that it serves; undefined when it keeps it, or has to wait for a copy to be warm. */
export function heirOf(view: View, claim: ShardClaim, shard: ShardId): string | undefined {
  const wanted = view.placed?.[shard]?.owner;
  const isReady = (lane: string): boolean => claim.standbys.includes(lane) && view.isServing(lane);
  if (wanted !== undefined && wanted !== view.lane && isReady(wanted)) return wanted;
  return view.isLeaving ? claim.standbys.find(isReady) : undefined;
}

export type Loss = "dead" | "restarted";

/** Why the owner of a claim does not serve it, as far as one can see: it looks dead, or it writes under another epoch than the claim's. */
export function lossOf(view: View, claim: ShardClaim): Loss | undefined {
  if (claim.owner === "" || claim.owner === view.lane || view.placed === undefined) return undefined;
  if (!view.isAlive(claim.owner)) return "dead";
  return view.writerOf(claim.owner) === claim.writer ? undefined : "restarted";
}

/** How many live standbys come before this member; undefined when it is none. */
export function rankAmongStandbys(view: View, claim: ShardClaim): number | undefined {
  const rank = claim.standbys.filter((lane) => lane === view.lane || view.isServing(lane)).indexOf(view.lane);
  return rank < 0 || view.isLeaving ? undefined : rank;
}
