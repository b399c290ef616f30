/** The one answer to a command for a shard that is not served here. */

import type { Fault } from "../base/index.ts";

export const NOT_OWNER: Fault = {
  kind: "fault",
  code: "not-owner",
  retryAfterMs: 0,
  detail: "the shard is not served by this member",
};
