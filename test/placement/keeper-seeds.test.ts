/** The keeper against seeded interleavings: no two owners that can both write, one chain a shard, everything served in the end. SEEDS and SEED change what is run. */

import { describe, expect, it } from "vitest";
import { runSeed } from "./cluster-run.ts";

const FIRST = Number(process.env["SEED"] ?? 1);
const COUNT = process.env["SEED"] === undefined ? Number(process.env["SEEDS"] ?? 25) : 1;

describe("keepers in a world of faults", () => {
  it.each([...new Array(COUNT).keys()].map((index) => FIRST + index))(
    "keep O1 to O5 and serve every shard again: seed %i",
    async (seed) => {
      const run = await runSeed(seed);
      expect(run.unserved()).toEqual([]);
    },
  );
});
