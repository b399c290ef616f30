/** Reads values from a grid's `/metrics`. */

import type { RunningGrid } from "./grid-process.ts";

/** Largest value of a metric over its labels, undefined when it is not there. */
export async function metricOf(grid: RunningGrid, name: string): Promise<number | undefined> {
  const answer = await fetch(new URL("/metrics", grid.client.url));
  const text = await answer.text();
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, "gm"))].map((match) => Number(match[1]));
  return values.length === 0 ? undefined : Math.max(...values);
}
