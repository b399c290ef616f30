/**
 * The shard map: which member may serve which shard, and from where it continues. One value in a key-value bucket, changed by
 * compare-and-set only; see docs/spec/cluster.md.
 */

import type { LaneSeq, ShardId, ShardOrigin } from "../base/index.ts";

export interface ShardClaim {
  /** Lane of the member that may serve the shard. Empty for a shard that nobody has claimed yet (after a restore). */
  readonly owner: string;
  /** Writer epoch of that lane under which it was claimed. */
  readonly writer: number;
  /** Grows by one with each claim; 1 for the first. */
  readonly epoch: number;
  readonly origin: ShardOrigin;
  /** Last sequence of the owner's lane when it claimed: its `adopted` entry stands behind it. */
  readonly at: LaneSeq;
  /** Lanes of members that follow the shard and have caught up, best first. */
  readonly standbys: readonly string[];
}

export interface ShardMap {
  /** Shards of the cluster, 1 to 65,536; fixed when the cluster is first started. */
  readonly shards: number;
  /** One a shard; undefined for one that was never claimed. */
  readonly claims: readonly (ShardClaim | undefined)[];
  /** Nodes that are to own nothing. */
  readonly draining: readonly string[];
  /** Shards that an operator wants at a member. */
  readonly pins: ReadonlyMap<ShardId, string>;
  /**
   * Names the restore that the cluster lives from; undefined while it was never restored. What members keep on disk from another life is of no use to them.
   */
  readonly life?: string | undefined;
}

export const MAP_KEY = "map";
