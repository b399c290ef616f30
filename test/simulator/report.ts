/** A failing seed in words. */

import type { RunReport } from "./run.ts";

/** The failure with everything needed to see it again. */
export function describeFailure(report: RunReport): string {
  const { seed, plan, failure, trace, digest } = report;
  return [
    ...trace,
    "",
    `seed ${seed} failed: ${failure?.message}`,
    failure?.stack ?? "",
    `plan: ${JSON.stringify(plan)}`,
    `trace digest: ${digest}`,
    `again: npm run simulate -- --from ${seed} --seeds 1`,
  ].join("\n");
}
