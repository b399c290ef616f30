/** What the loop that keeps shards in their places asks of its member. The member implements it; the simulator runs both. */

import type { LanePlace, LaneSeq, ShardId, ShardOrigin } from "../base/index.ts";

/** The member's time as writer of its lane. Ends when it is fenced or stopped. */
export interface Tenure {
  /** Writer epoch of the lane. */
  readonly writer: number;
  /** Sequence of its announcement. */
  readonly began: LaneSeq;
  /** Last committed sequence. */
  readonly position: LaneSeq;
  /**
   * Everything in the own lane behind this sequence, up to `began`, went into what is held: 0 for an intact data folder, else where reading began. A shard claimed as
   * new behind it that is not held was never adopted. When left out, nothing is known but that the announcement itself was seen.
   */
  readonly since?: LaneSeq;
}

export interface Holding {
  readonly shard: ShardId;
  /** Epoch of the claim whose entries it follows or writes. */
  readonly epoch: number;
  /** Lane through which the state is complete: the own one for an owner. */
  readonly lane: string;
  /**
   * - `filling`: an image is being taken, or the lane is read from where a copy stopped, or the copy is in no checkpoint yet and would not outlive the process.
   * - `following`: it is as new as what has been read of its lane.
   * - `served`: owned; its adoption is committed or on its way in order.
   * - `closing`: its release is on its way.
   * - `kept`: complete through a lane that is no longer its owner's, or the own lane of an earlier tenure; to be followed, claimed or discarded.
   * - `stale`: a part of its chain was missed: good for nothing but to be taken anew or discarded.
   */
  readonly state: "filling" | "following" | "served" | "closing" | "kept" | "stale";
  /** A later owner's lane is being read for it: there may be an adoption that is not seen yet. */
  readonly catchingUp?: boolean;
  /**
   * It came along to this lane since the last checkpoint, over a lane that is not followed there: a restart would find it earlier in its chain and could not go on by itself.
   * A copy to be kept, and none to rest a claim on.
   */
  readonly unsettled?: boolean;
  /** The adoption of `epoch` was seen in `lane`, there or before; undefined when it was before this copy was taken. */
  readonly adoptedAt?: LaneSeq | undefined;
}

/** Where a standby finds a shard: the claim of its owner. */
export interface ShardSource {
  readonly owner: string;
  readonly epoch: number;
  readonly origin: ShardOrigin;
  readonly at: LaneSeq;
}

export interface Adoption {
  readonly shard: ShardId;
  readonly epoch: number;
  readonly origin: ShardOrigin;
}

/** The owner of a shard released it in favour of this member: seen in the owner's lane, everything before it applied. */
export interface Released {
  readonly shard: ShardId;
  readonly epoch: number;
  readonly place: LanePlace;
}

export interface ShardHost {
  readonly lane: string;
  /** Undefined while the lane is being taken. */
  tenure(): Tenure | undefined;
  holding(shard: ShardId): Holding | undefined;
  holdings(): Iterable<Holding>;
  /** Sequences of followed lanes, and of the own one, that are in a finished checkpoint. */
  durable(): ReadonlyMap<string, LaneSeq>;
  /** Releases in favour of this member, of shards that are neither `filling` nor `unsettled`, not yet adopted. Cleared by `adopt` and `discard`. */
  released(): Iterable<Released>;

  /**
   * Serves shards whose claims under `writer` were won. Resolves once the adoption is committed. Rejects, having done nothing, when the tenure is another,
   * when a shard is not held through its origin, or when the lane is lost on the way.
   */
  adopt(writer: number, adoptions: readonly Adoption[]): Promise<void>;
  /** Closes shards and commits their release. Resolves to the place. Rejects when the tenure is another or is lost on the way. */
  release(writer: number, shards: readonly ShardId[], to: string): Promise<LanePlace>;
  /**
   * Takes the shard as a standby, whatever it has of it, or goes over to its next owner. Resolves once it follows; rejects when it cannot (source away, tenure over):
   * ask again. Asking again is harmless, and for a later claim it replaces what was asked before.
   *
   * From the call on the shard is `filling` or `catchingUp` unless the owner's lane, from `source.at` on, is read with the shard held: a holding that is neither after
   * `reached(owner, q)`, and still names an earlier lane, therefore means that there is no adoption of `source.epoch` up to `q`. Not so after a call that was rejected.
   */
  standBy(shard: ShardId, source: ShardSource): Promise<void>;
  /** Drops the shard from memory and store. Ignored for a served one. */
  discard(shard: ShardId): void;
  /** Makes sure the lane has a newer writer than `writer`: seals it unless that is so already. Resolves to the last sequence then. */
  seal(lane: string, writer: number): Promise<LaneSeq>;
  /** Writes to the own lane, so that a seal by another member is noticed without a command. Asking again meanwhile does nothing. */
  probe(): void;
  /** Ends the tenure and takes the lane again: under the next one nothing is this member's that it does not hold. */
  stepDown(): void;
  /** Resolves once the followed lane is applied through the place; rejects when it is not followed or cannot be read. */
  reached(place: LanePlace): Promise<void>;
}
