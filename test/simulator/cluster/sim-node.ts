/** What the simulator needs of a program that it runs as the members of a cluster. */

import type { Grid, MemberLimits } from "../../../src/member/index.ts";
import type { ClusterPorts } from "../world/index.ts";
import type { Claim } from "./chains.ts";

export interface SimNodeOptions {
  /** Lane of the member. */
  readonly lane: string;
  /** Name of its machine: members of one machine are of one node. */
  readonly node: string;
  readonly shards: number;
  readonly limits: Partial<MemberLimits>;
  readonly ports: ClusterPorts;
  /** Something that must never happen; the run fails. */
  failed(error: unknown): void;
}

/** One member with all that belongs to it: it follows, keeps shards in their places, routes. */
export interface SimNode {
  /** Takes commands for any shard, from the start to the end. */
  readonly grid: Grid;
  /** Resolves once it takes part; it need not own a shard. When it rejects, the process ends and another one is started. */
  start(): Promise<void>;
  /** Gives its shards away, unless there is nobody to take them, and stops. */
  stop(): Promise<void>;
}

export interface Program {
  nodeOf(options: SimNodeOptions): SimNode;
  /** Bucket and key of the shard map. */
  readonly stateBucket: string;
  readonly mapKey: string;
  claimsOf(value: Uint8Array): readonly (Claim | undefined)[];
}
