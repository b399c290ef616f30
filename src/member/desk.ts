/** What work that takes more than one turn needs of its member: time, turns, commits, and the others. */

import type { Clock } from "../ports/index.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { MemberState } from "./member-state.ts";
import type { MemberLimits } from "./options.ts";
import type { Peers } from "./peers.ts";
import type { Turn } from "./turn.ts";

export interface Desk {
  readonly clock: Clock;
  readonly state: MemberState;
  readonly bounds: MemberLimits;
  readonly peers: Peers | undefined;
  readonly commit: GroupCommit;
  /** A turn now; holds that are due end first. */
  turn(): Turn;
  /** A number that no other claim of this member has had lately. */
  newAttempt(): number;
  /** Runs work that a timer or a peer set off; a broken invariant in it rebuilds the member. */
  guarded(work: () => void): void;
}

/** Pauses between two times the same is asked, ms. */
export const ASK_MS_FIRST = 100;
export const ASK_MS_MAX = 5_000;

export function nextPause(pauseMs: number): number {
  return Math.min(pauseMs * 2, ASK_MS_MAX);
}
