/** Reads values from a grid's `/metrics`. */

import { waitFor } from "./wait.ts";

export interface MeteredGrid {
  readonly client: { readonly url: URL };
}

const SETTLED_MS_MAX = 120_000;

/**
 * Resolves when the feed has published all that was committed. What it does after a run belongs to the run's CPU time, and
 * must not disturb the next contender.
 */
export async function feedSettled(grid: MeteredGrid): Promise<void> {
  await waitFor("the feed to catch up", SETTLED_MS_MAX, async () =>
    (await metricOf(grid, "stockgrid_feed_lag_seconds")) === 0 ? true : undefined,
  );
}

/** Largest value of a metric over its labels, undefined when it is not there. */
export async function metricOf(grid: MeteredGrid, name: string): Promise<number | undefined> {
  const answer = await fetch(new URL("/metrics", grid.client.url));
  const text = await answer.text();
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, "gm"))].map((match) => Number(match[1]));
  return values.length === 0 ? undefined : Math.max(...values);
}
