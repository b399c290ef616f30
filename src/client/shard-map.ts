/**
 * Who owns which shard, as far as a client knows: a hint that saves a forward, never more. A wrong owner forwards the request, or refuses it
 * with nothing done.
 *
 * O1. An owner is named only from a map that was read not long ago.
 * O2. A lane that failed to answer is not named again for a while, unless a newer map says so.
 */

import { shardOfHash } from "../base/index.ts";

/** As `stockgrid.v1.cluster.map` answers. */
export interface ShardMap {
  /** Shards of the cluster. */
  readonly shards: number;
  /** Grows with every change of owners. */
  readonly revision: number;
  /** Lane of the owner of each shard, empty for a shard that nobody serves now. */
  readonly owners: readonly string[];
}

const SHARDS_MAX = 65_536;
/** Lanes become a token of a subject. */
const LANE = /^[A-Za-z0-9=_-]{0,200}$/;

/** Whether an answer is a map that can be used. */
export function isShardMap(body: unknown): body is ShardMap {
  if (typeof body !== "object" || body === null) return false;
  const { shards, revision, owners } = body as Partial<Record<keyof ShardMap, unknown>>;
  if (!Number.isInteger(shards) || (shards as number) < 1 || (shards as number) > SHARDS_MAX) return false;
  if (!Number.isSafeInteger(revision) || !Array.isArray(owners) || owners.length !== shards) return false;
  return owners.every((owner) => typeof owner === "string" && LANE.test(owner));
}

export class Owners {
  readonly #oldMs: number;
  readonly #penaltyMs: number;
  #map: ShardMap | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  /** Lane to when it may be named again. No larger than the number of lanes of one map. */
  readonly #silent = new Map<string, number>();

  /** A map is used for `oldMs`; a silent lane is passed over for `penaltyMs`. */
  constructor(oldMs: number, penaltyMs: number) {
    this.#oldMs = oldMs;
    this.#penaltyMs = penaltyMs;
  }

  get map(): ShardMap | undefined {
    return this.#map;
  }

  learn(map: ShardMap, nowMs: number): void {
    if (map.revision !== this.#map?.revision) this.#silent.clear();
    this.#map = map;
    this.#readAtMs = nowMs;
  }

  /** Lane of the owner, or undefined when it is not known well enough. O(1). */
  ownerOf(hash: number, nowMs: number): string | undefined {
    const map = this.#map;
    if (map === undefined || nowMs - this.#readAtMs > this.#oldMs) return undefined;
    const lane = map.owners[shardOfHash(hash, map.shards)];
    if (lane === undefined || lane === "") return undefined;
    const until = this.#silent.get(lane);
    if (until === undefined) return lane;
    if (until > nowMs) return undefined;
    this.#silent.delete(lane);
    return lane;
  }

  /** The lane did not answer, or does not serve. */
  wasSilent(lane: string, nowMs: number): void {
    this.#silent.set(lane, nowMs + this.#penaltyMs);
  }
}
