/** The lanes of all members, for those who follow or seal them. The own lane, which is written, is a {@link Journal} too. */

import type { LaneSeq } from "../base/index.ts";
import type { Journal } from "./journal.ts";

export interface FollowedRecord {
  readonly seq: LaneSeq;
  /** The receiver's own. */
  readonly bytes: Uint8Array;
  /** Nothing was committed behind it when it was read. */
  readonly newest: boolean;
}

export interface LaneFollow {
  /**
   * The next record, in order without holes, as soon as it is committed. One call at a time. Rejects with CorruptData when it is trimmed or missing, and
   * with another error when the lane cannot be asked: open another follow then. Resolves to undefined after `close`.
   */
  next(): Promise<FollowedRecord | undefined>;
  close(): void;
}

export interface Lanes {
  /** Opens a lane, making it when it does not exist. Closing it is the caller's. */
  open(lane: string): Promise<Journal>;
  /** Records from `from` on, at least 1. */
  follow(lane: string, from: LaneSeq): LaneFollow;
}
