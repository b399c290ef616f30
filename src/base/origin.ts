/** Where the state of a shard continues when a member takes it: the links of the chain that its entries form over the lanes. */

import type { LaneSeq } from "./ids.ts";

/** A place in a lane: right after this record. */
export interface LanePlace {
  readonly lane: string;
  readonly seq: LaneSeq;
}

export type ShardOrigin =
  /** Nothing ever happened to the shard. */
  | { readonly kind: "new" }
  /** Everything of the shard up to this place, in that lane and those before it. */
  | { readonly kind: "place"; readonly lane: string; readonly seq: LaneSeq }
  /** Rows restored from a backup, by the name of the object that holds them. */
  | { readonly kind: "image"; readonly name: string };
