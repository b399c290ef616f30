/** A process killed at any moment of a checkpoint leaves the one before or the whole new one (S1), and all it reported (S2). */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openLmdbSnapshotStore } from "../../src/snapshot/index.ts";
import { pairsOf } from "../contracts/snapshot-store-contract.ts";
import { KEYS } from "./checkpoint-loop.ts";

const ROUNDS = 10;
/** The kills are spread over the length of a checkpoint, about 15 ms. */
const SPREAD_MS = 2;
const LOOP = fileURLToPath(new URL("./checkpoint-loop.ts", import.meta.url));

it("a killed writer leaves whole checkpoints, and every one it reported (S1, S2)", async () => {
  const path = await mkdtemp(join(tmpdir(), "stockgrid-kill-"));
  let next = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const reported = await writeAndKill(path, next, round * SPREAD_MS);
    const found = await numberOfCheckpoint(path);
    expect(found).toBeGreaterThanOrEqual(reported);
    next = found + 1;
  }
  await rm(path, { recursive: true });
}, 60_000);

/** Kills the writer some time into a later checkpoint than the ones it reported; resolves to the last number reported. */
async function writeAndKill(path: string, from: number, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [LOOP, path, String(from)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  let output = "";
  child.stdout.on("data", (data: Buffer) => {
    if (output === "") setTimeout(() => child.kill("SIGKILL"), afterMs);
    output += data.toString();
  });
  await ended;
  return Number(output.trimEnd().split("\n").at(-1));
}

/** The mark, once everything is seen to be of its checkpoint. */
async function numberOfCheckpoint(path: string): Promise<number> {
  const store = await openLmdbSnapshotStore({ path });
  const mark = Buffer.from(store.mark() ?? []).toString();
  const numbers = pairsOf(store, "records").map(([, value]) => value.split(" ")[0]);
  expect(numbers).toEqual(new Array(KEYS).fill(mark));
  await store.close();
  return Number(mark);
}
