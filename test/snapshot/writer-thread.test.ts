/** The writer thread: it keeps a checkpoint off the event loop, and its end is an answer, not a silence. */

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { InvariantBroken } from "../../src/base/index.ts";
import type { CheckpointWriter, SnapshotStore } from "../../src/ports/index.ts";
import { openLmdbSnapshotStore } from "../../src/snapshot/index.ts";
import { commit } from "../contracts/snapshot-store-contract.ts";

const ENTRIES = 200_000;
const SLICE = 1_000;
const VALUE_BYTES = 150;
/** Three times what is wanted, since test machines are busy. */
const DELAY_MS_MAX = 150;

/** Blocks of 512 bytes: 4 MiB. */
const FILE_BLOCKS_MAX = 8_192;
const NO_ROOM = fileURLToPath(new URL("./no-room.ts", import.meta.url));

let path: string;
let store: SnapshotStore;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "stockgrid-writer-"));
  store = await openLmdbSnapshotStore({ path });
});

afterEach(async () => {
  await store.close();
  await rm(path, { recursive: true, force: true });
});

async function putInSlices(writer: CheckpointWriter): Promise<void> {
  const value = new Uint8Array(VALUE_BYTES);
  for (let from = 0; from < ENTRIES; from += SLICE) {
    for (let n = from; n < from + SLICE; n++) writer.put("records", `sku-${(n * 7_919) % ENTRIES}`, value);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it("a checkpoint of 200,000 entries does not hold up the event loop", async () => {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const writer = store.begin();
  await putInSlices(writer);
  await commit(writer, "m");
  delay.disable();
  expect(store.count("records")).toBe(ENTRIES);
  expect(delay.max / 1e6).toBeLessThan(DELAY_MS_MAX);
});

it("checkpoints gathered side by side stay apart and are written in the order of their commits", async () => {
  const [first, second] = [store.begin(), store.begin()];
  for (let n = 0; n < 5_000; n++) {
    first.put("records", `both ${n}`, Buffer.from("first"));
    second.put("records", `both ${n}`, Buffer.from("second"));
  }
  await Promise.all([commit(second, "2"), commit(first, "1")]);
  expect(Buffer.from(store.mark() ?? []).toString()).toBe("1");
  expect(Buffer.from(store.get("records", "both 4999") ?? []).toString()).toBe("first");
});

it("a checkpoint that the disk has no room for fails whole, says why, and the store goes on", async () => {
  const command = `ulimit -f ${FILE_BLOCKS_MAX} && exec "$0" "$@"`;
  const { stdout } = await promisify(execFile)("sh", ["-c", command, process.execPath, NO_ROOM, join(path, "limited")]);
  expect(JSON.parse(stdout)).toEqual({
    failure: expect.stringMatching(/\w/),
    mark: "before",
    records: 1,
    after: 2,
  });
});

it("a key that is empty or longer than 1,900 bytes is a broken invariant", () => {
  const writer = store.begin();
  expect(() => writer.put("records", "", new Uint8Array(1))).toThrow(InvariantBroken);
  expect(() => writer.put("records", "é".repeat(951), new Uint8Array(1))).toThrow(InvariantBroken);
  expect(() => writer.delete("records", "k".repeat(1_901))).toThrow(InvariantBroken);
  writer.abandon();
});

it("a commit after close is answered with an error", async () => {
  const writer = store.begin();
  writer.put("records", "a", new Uint8Array(1));
  await store.close();
  await expect(commit(writer, "m")).rejects.toThrow(/ended/);
});

it("a checkpoint cannot be used after its end", async () => {
  const writer = store.begin();
  await commit(writer, "m");
  expect(() => writer.put("records", "a", new Uint8Array(1))).toThrow(InvariantBroken);
  expect(() => writer.commit(new Uint8Array(1), () => undefined)).toThrow(InvariantBroken);
  writer.abandon();
});
