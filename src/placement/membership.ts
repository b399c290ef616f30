/** What a member tells the others of itself with each beat. */

import type { LaneSeq } from "../base/index.ts";

/**
 * - `joining`: it follows, and owns nothing yet.
 * - `serving`: it may be given shards.
 * - `leaving`: it gives its shards away and stops.
 */
export type MemberState = "joining" | "serving" | "leaving";

export interface MemberInfo {
  readonly lane: string;
  readonly node: string;
  readonly writer: number;
  readonly state: MemberState;
  /** Grows with each beat of this tenure. */
  readonly beat: number;
  /** Of the program. */
  readonly version: string;
  readonly httpUrl: string;
  /** Sequences of lanes that are in its checkpoints: nobody trims beyond. */
  readonly durable: Readonly<Record<string, LaneSeq>>;
}
