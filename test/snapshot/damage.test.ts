/** S3: damage is reported with table and key, and never returned as data. */

import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CorruptData } from "../../src/base/index.ts";
import type { SnapshotStore } from "../../src/ports/index.ts";
import { openValue, sealValue } from "../../src/snapshot/checked-value.ts";
import { openLmdbSnapshotStore } from "../../src/snapshot/index.ts";
import { commitAll } from "../contracts/snapshot-store-contract.ts";

const RECORDS = 400;
let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "stockgrid-damage-"));
});

afterEach(async () => {
  await rm(path, { recursive: true, force: true });
});

async function writeSnapshot(): Promise<void> {
  const store = await openLmdbSnapshotStore({ path });
  await commitAll(store, "the-mark", Object.fromEntries(Array.from({ length: RECORDS }, (_, n) => [`key ${n}`, recordOf(n)])));
  await store.close();
}

function recordOf(n: number): string {
  return `value ${n} ${"v".repeat(200)}`;
}

/** Flips one bit in the middle of every place of the data file that holds the text. */
async function flipBitIn(content: string): Promise<void> {
  const file = join(path, "data.mdb");
  const data = await readFile(file);
  let found = 0;
  for (let at = data.indexOf(content); at >= 0; at = data.indexOf(content, at + 1)) {
    const middle = at + (content.length >> 1);
    data[middle] = (data[middle] as number) ^ 1;
    found++;
  }
  expect(found).toBeGreaterThan(0);
  await writeFile(file, data);
}

async function withStore(check: (store: SnapshotStore) => void): Promise<void> {
  const store = await openLmdbSnapshotStore({ path });
  try {
    check(store);
  } finally {
    await store.close();
  }
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("damage (S3)", () => {
  it("in a value is reported by get and scan with table and key, and other keys are still read", async () => {
    await writeSnapshot();
    await flipBitIn("value 7 ");
    await withStore((store) => {
      const error = thrownBy(() => store.get("records", "key 7"));
      expect(error).toBeInstanceOf(CorruptData);
      expect(error).toMatchObject({ where: 'table records, key "key 7"' });
      expect(thrownBy(() => [...store.scan("records", { from: "key 69", to: "key 8" })])).toEqual(error);
      expect(Buffer.from(store.get("records", "key 8") ?? []).toString()).toBe(recordOf(8));
    });
  });

  it("in the mark is reported", async () => {
    await writeSnapshot();
    await flipBitIn("the-mark");
    await withStore((store) => expect(thrownBy(() => store.mark())).toMatchObject({ where: 'table meta, key "mark"' }));
  });

  it("is noticed when a value turns up under another key or in another table", () => {
    const sealed = sealValue("records", "a", Buffer.from("value"));
    expect(Buffer.from(openValue("records", "a", sealed)).toString()).toBe("value");
    expect(() => openValue("records", "b", sealed)).toThrow(CorruptData);
    expect(() => openValue("keys", "a", sealed)).toThrow(CorruptData);
    expect(() => openValue("records", "a", sealed.subarray(0, 3))).toThrow(CorruptData);
  });

  it.each([0.25, 0.5, 0.75, 0.9])(
    "of a file cut to %d of its length is reported, and what is returned is right",
    async (part) => {
      await writeSnapshot();
      const file = join(path, "data.mdb");
      const { length } = await readFile(file);
      await truncate(file, Math.floor(length * part));
      const outcomes = await openAndReadAll();
      expect(outcomes.filter((outcome) => outcome !== "right" && outcome !== "corrupt")).toEqual([]);
      expect(outcomes).toContain("corrupt");
    },
  );

  it("of a file that lost its last pages never comes out as wrong data", async () => {
    await writeSnapshot();
    const file = join(path, "data.mdb");
    const { length } = await readFile(file);
    for (let pages = 1; pages <= 6; pages++) {
      await truncate(file, length - pages * 4_096);
      const outcomes = await openAndReadAll();
      expect(outcomes.filter((outcome) => outcome !== "right" && outcome !== "corrupt")).toEqual([]);
    }
  });

  it.each([
    ["something else", Buffer.alloc(100_000, "not LMDB")],
    ["zeros", Buffer.alloc(100_000)],
    ["a few bytes", Buffer.from("SG")],
  ])("of a file that is %s is reported at the start", async (_, content) => {
    await writeFile(join(path, "data.mdb"), content);
    await expect(openLmdbSnapshotStore({ path })).rejects.toBeInstanceOf(CorruptData);
  });

  it("in the second header page is reported at the start", async () => {
    await writeSnapshot();
    const file = join(path, "data.mdb");
    const data = await readFile(file);
    await writeFile(file, data.fill(0, 4_096, 8_192));
    await expect(openLmdbSnapshotStore({ path })).rejects.toBeInstanceOf(CorruptData);
  });
});

/** For each record what a reader gets: its value, CorruptData, or something that must not happen. */
async function openAndReadAll(): Promise<string[]> {
  let store: SnapshotStore;
  try {
    store = await openLmdbSnapshotStore({ path });
  } catch (error) {
    return [outcomeOfError(error)];
  }
  const outcomes = Array.from({ length: RECORDS }, (_, n) => outcomeOfRead(store, n));
  await store.close();
  return outcomes;
}

function outcomeOfRead(store: SnapshotStore, n: number): string {
  try {
    const value = store.get("records", `key ${n}`);
    if (value === undefined) return "missing";
    return Buffer.from(value).toString() === recordOf(n) ? "right" : "wrong";
  } catch (error) {
    return outcomeOfError(error);
  }
}

function outcomeOfError(error: unknown): string {
  return error instanceof CorruptData ? "corrupt" : String(error);
}

describe("a folder", () => {
  it("of an unknown format is refused with what to do", async () => {
    await writeSnapshot();
    await flipBitIn("stockgrid-snapshot 1");
    const refused = openLmdbSnapshotStore({ path });
    await expect(refused).rejects.toBeInstanceOf(CorruptData);
    await expect(refused).rejects.toThrow(/not known to this version.*start the version that wrote it/);
    await expect(refused).rejects.toMatchObject({ where: path });
  });

  it("of another application is refused, and left as it was", async () => {
    const foreign = open({ path, noSubdir: false });
    await foreign.openDB({ name: "theirs" }).put("k", "v");
    await foreign.close();
    await expect(openLmdbSnapshotStore({ path })).rejects.toThrow(/"theirs" is not a StockGrid snapshot/);
  });

  it("that was refused can be opened once it is put right", async () => {
    await writeFile(join(path, "data.mdb"), Buffer.alloc(100_000, "not LMDB"));
    await expect(openLmdbSnapshotStore({ path })).rejects.toBeInstanceOf(CorruptData);
    await rm(join(path, "data.mdb"));
    await withStore((store) => expect(store.mark()).toBeUndefined());
  });
});
