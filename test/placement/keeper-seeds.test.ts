/** The keeper against seeded interleavings: no two owners that can both write, one chain a shard, everything served in the end. SEEDS and SEED change what is run. */

import { describe, expect, it } from "vitest";
import { runSeed } from "./cluster-run.ts";

/**
 * Seeds that found something: 46 claimed from a copy that had been dropped since it was prepared; 126 discarded a copy while a claim that rests on it was still to land.
 */
const FOUND = [46, 126];
const FIRST = Number(process.env["SEED"] ?? 1);
const COUNT = process.env["SEED"] === undefined ? Number(process.env["SEEDS"] ?? 12) : 1;
const SEEDS = [
  ...(process.env["SEED"] === undefined ? FOUND : []),
  ...Array.from({ length: COUNT }, (_, index) => FIRST + index),
];

describe("keepers in a world of faults", () => {
  it.each(SEEDS)("keep O1 to O5 and serve every shard again: seed %i", async (seed) => {
    const run = await runSeed(seed);
    expect(run.unserved()).toEqual([]);
  });
});
