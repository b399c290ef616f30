/** Real processes under load, killed at random. The long form: `node test/crash/cli.ts --kills 50`. */

import { describe, expect, it } from "vitest";
import { runCrashes } from "./crash-run.ts";

const KILLS = Number(process.env["CRASH_KILLS"] ?? 6);
const SECONDS_A_KILL = 30;

describe("killing the grid, the nats-server or both under load", () => {
  it(
    "loses no acknowledged change, oversells nothing, and leaves the feed complete and exactly once",
    async () => {
      const lines: string[] = [];
      const report = await runCrashes({ kills: KILLS, seed: 1, say: (line) => lines.push(line) });
      expect(lines).toHaveLength(KILLS);
      expect(report.acknowledged).toBeGreaterThan(50);
      expect(report.refused).toBeGreaterThan(0);
      expect(report.lostConnections).toBeGreaterThan(0);
    },
    (KILLS + 2) * SECONDS_A_KILL * 1_000,
  );
});
