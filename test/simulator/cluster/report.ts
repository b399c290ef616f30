/** A failing cluster seed in words. */

import type { ClusterReport } from "./cluster-run.ts";

/** The failure with everything needed to see it again. */
export function describeClusterFailure({ seed, plan, failure, trace, digest }: ClusterReport): string {
  return [
    ...trace,
    "",
    `seed ${seed} failed: ${failure?.message}`,
    failure?.stack ?? "",
    `plan: ${JSON.stringify(plan)}`,
    `trace digest: ${digest}`,
  ].join("\n");
}
