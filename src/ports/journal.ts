/**
 * A journal lane: an append-only log of byte records with one writer at a time, fenced by the log itself.
 *
 * J1. Records have the sequences 1, 2, 3 ... without holes.
 * J2. `append` stores a record only as the direct successor of `expectedLast`; of any number of racing writers one wins.
 * J3. A record reported as committed is found by every later read, on any reader, for as long as it is not trimmed.
 * J4. `unknown` promises nothing: the record may be there, may come later, or never.
 */

import type { LaneSeq } from "../base/index.ts";

export type AppendOutcome =
  /** Stored and durable as `seq`, which is `expectedLast + 1`. */
  | { readonly kind: "committed"; readonly seq: LaneSeq }
  /** The lane's last sequence is not `expectedLast`: nothing of this attempt was stored. */
  | { readonly kind: "wrong-sequence" }
  /** No answer in time, or a connection lost with the attempt in flight. */
  | { readonly kind: "unknown"; readonly reason: string };

export interface LaneBounds {
  /** Sequence of the oldest record kept; `last + 1` when the lane is empty. */
  readonly first: LaneSeq;
  /** Sequence of the newest record; 0 when there never was one. */
  readonly last: LaneSeq;
}

export interface Journal {
  /** Bounds as the leader of the lane sees them. Rejects when it cannot be asked. */
  bounds(): Promise<LaneBounds>;
  /** Starts one append; `done` is called exactly once, never before `append` returns. The bytes must not change until then. */
  append(record: Uint8Array, expectedLast: LaneSeq, done: (outcome: AppendOutcome) => void): void;
  /** One record as the leader has it, or undefined when it is not there. Rejects when it cannot be asked. */
  read(seq: LaneSeq): Promise<Uint8Array | undefined>;
  /**
   * Calls back with every record from `from` to `to` inclusive, in order, and resolves after the last.
   * The bytes are valid during the call only. Rejects on a hole, when a record was trimmed, and when the callback throws.
   */
  replay(from: LaneSeq, to: LaneSeq, onRecord: (seq: LaneSeq, record: Uint8Array) => void): Promise<void>;
  /** Removes all records before `keepFrom`. */
  trim(keepFrom: LaneSeq): Promise<void>;
  /** Lets go of the connection; an append in flight ends as `unknown`. */
  close(): Promise<void>;
}
