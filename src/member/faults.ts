/** Faults that more than one part of a member answers with. */

import type { Fault, ShardId } from "../base/index.ts";

/** The shard is another member's. */
export function notOwner(shard: ShardId): Fault {
  return { kind: "fault", code: "not-owner", retryAfterMs: 0, detail: `shard ${shard} is not served by this member` };
}

export function unknownOutcome(reason: string): Fault {
  return { kind: "fault", code: "outcome-unknown", retryAfterMs: 1_000, detail: `${reason}; retry with the same key` };
}
