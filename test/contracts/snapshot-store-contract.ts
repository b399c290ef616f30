/**
 * What every SnapshotStore must do (src/ports/snapshot-store.ts, S1 to S3), run on the LMDB adapter and on the simulator's.
 * `reopen` closes the store and opens it again on the same data.
 */

import { afterEach, describe, expect, it } from "vitest";
import { type CheckpointWriter, type SnapshotStore, TABLES, type Table } from "../../src/ports/index.ts";

export interface StoreUnderTest {
  store(): SnapshotStore;
  reopen(): Promise<void>;
  dispose(): Promise<void>;
}

const LAST = "\u{10FFFF}";

export function describeSnapshotStoreContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`snapshot store contract: ${name}`, () => {
    const opened: StoreUnderTest[] = [];

    afterEach(async () => {
      for (const store of opened.splice(0)) await store.dispose();
    });

    async function newStore(): Promise<StoreUnderTest> {
      const store = await makeStore();
      opened.push(store);
      return store;
    }

    async function newOpenStore(): Promise<SnapshotStore> {
      return (await newStore()).store();
    }

    it("has no mark and no keys at first", async () => {
      const store = await newOpenStore();
      expect(store.mark()).toBeUndefined();
      for (const table of TABLES) {
        expect(store.count(table)).toBe(0);
        expect(keysOf(store, table)).toEqual([]);
      }
    });

    it("shows nothing of a checkpoint before its commit, and all of it with its mark after (S1)", async () => {
      const store = await newOpenStore();
      const writer = store.begin();
      putAll(writer, "records", { a: "1", b: "2" });
      expect([store.get("records", "a"), store.mark()]).toEqual([undefined, undefined]);
      await commit(writer, "m1");
      expect(read(store, "records", "a")).toBe("1");
      expect(text(store.mark())).toBe("m1");
      expect(store.count("records")).toBe(2);
    });

    it("calls `done` once and not before commit returns", async () => {
      const store = await newOpenStore();
      let calls = 0;
      const done = Promise.withResolvers<void>();
      store.begin().commit(bytes("m"), () => {
        calls++;
        done.resolve();
      });
      expect(calls).toBe(0);
      await done.promise;
      await commit(store.begin(), "n");
      expect(calls).toBe(1);
    });

    it("shows the new data inside `done`, also when the turn had read the old (S2)", async () => {
      const store = await newOpenStore();
      await commitAll(store, "m0", { a: "0" });
      for (let round = 1; round <= 50; round++) {
        const stopReading = readInEveryPhase(store);
        await new Promise<void>((resolve, reject) => {
          const writer = store.begin();
          putAll(writer, "records", { a: String(round) });
          writer.commit(bytes(`m${round}`), (error) => {
            const seen = [read(store, "records", "a"), text(store.mark()), keysOf(store, "records").length];
            stopReading();
            if (error !== undefined) reject(error);
            else if (seen.join() !== [round, `m${round}`, 1].join()) reject(new Error(`round ${round} saw ${seen.join()}`));
            else resolve();
          });
        });
      }
    });

    it("keeps checkpoint and mark over a reopen (S2)", async () => {
      const tested = await newStore();
      await commitAll(tested.store(), "m1", { a: "1", b: "2" });
      await tested.reopen();
      expect(text(tested.store().mark())).toBe("m1");
      expect(pairsOf(tested.store(), "records")).toEqual([
        ["a", "1"],
        ["b", "2"],
      ]);
    });

    it("overwrites and deletes, in the order of the calls", async () => {
      const store = await newOpenStore();
      await commitAll(store, "m1", { a: "1", b: "2", c: "3" });
      const writer = store.begin();
      writer.put("records", "a", bytes("10"));
      writer.delete("records", "b");
      writer.delete("records", "never there");
      writer.delete("records", "c");
      writer.put("records", "c", bytes("30"));
      writer.put("records", "d", bytes("4"));
      writer.delete("records", "d");
      await commit(writer, "m2");
      expect(pairsOf(store, "records")).toEqual([
        ["a", "10"],
        ["c", "30"],
      ]);
      expect(store.count("records")).toBe(2);
    });

    it("keeps tables apart", async () => {
      const store = await newOpenStore();
      const writer = store.begin();
      for (const table of TABLES) writer.put(table, "k", bytes(table));
      await commit(writer, "m");
      for (const table of TABLES) expect(pairsOf(store, table)).toEqual([["k", table]]);
    });

    it("forgets an abandoned checkpoint", async () => {
      const store = await newOpenStore();
      const writer = store.begin();
      putAll(writer, "records", { a: "1" });
      writer.abandon();
      await commitAll(store, "m", { b: "2" });
      expect(keysOf(store, "records")).toEqual(["b"]);
    });

    it("copies what it was given: bytes changed after put or commit do not count", async () => {
      const store = await newOpenStore();
      const [value, mark] = [bytes("old"), bytes("old")];
      const writer = store.begin();
      writer.put("records", "a", value);
      value.set(bytes("new"));
      const done = new Promise<void>((resolve) => writer.commit(mark, () => resolve()));
      mark.set(bytes("new"));
      await done;
      expect([read(store, "records", "a"), text(store.mark())]).toEqual(["old", "old"]);
    });

    it("gives bytes away: they stay as they are through later reads, and changing them changes nothing", async () => {
      const store = await newOpenStore();
      await commitAll(store, "m", { a: "aaaa", b: "bbbb" });
      const first = store.get("records", "a") as Uint8Array;
      store.get("records", "b");
      keysOf(store, "records");
      expect(text(first)).toBe("aaaa");
      first.fill(0);
      expect(read(store, "records", "a")).toBe("aaaa");
    });

    it.each([0, 1, 5_000, 40_000, 3_000_000])("keeps a value of %i bytes", async (length) => {
      const store = await newOpenStore();
      const value = Uint8Array.from({ length }, (_, index) => (index * 7) % 256);
      const writer = store.begin();
      writer.put("reservations", "k", value);
      await commit(writer, "m");
      expect(Buffer.compare(store.get("reservations", "k") as Uint8Array, value)).toBe(0);
      const scanned = [...store.scan("reservations", { from: "k", to: LAST })];
      expect(Buffer.compare(scanned[0]?.value as Uint8Array, value)).toBe(0);
    });

    it("takes keys of 1,900 bytes, with U+0000 and any other character", async () => {
      const store = await newOpenStore();
      const keys = ["k".repeat(1_900), "é".repeat(950), "\u{1F600}".repeat(475), "a\0b", "\0", "a", "a\0"];
      await commitAll(store, "m", Object.fromEntries(keys.map((key) => [key, `value of ${key}`])));
      for (const key of keys) expect(read(store, "records", key)).toBe(`value of ${key}`);
      expect(keysOf(store, "records")).toEqual([...keys].sort(byUtf8));
    });

    describe("scan", () => {
      const KEYS = ["a", "b", "b\0", "b\0x", "ba", "c", "é", "\uFFEE", "\u{1F600}"];

      async function filled(): Promise<SnapshotStore> {
        const store = await newOpenStore();
        await commitAll(store, "m", Object.fromEntries(KEYS.map((key) => [key, key])));
        return store;
      }

      it("gives keys in the byte order of UTF-8", async () => {
        expect(keysOf(await filled(), "records")).toEqual(KEYS);
      });

      it.each([
        ["a", "c", ["a", "b", "b\0", "b\0x", "ba"]],
        ["b", "b\u0001", ["b", "b\0", "b\0x"]],
        ["b\0", "b\u0001", ["b\0", "b\0x"]],
        ["aa", "b", []],
        ["d", "a", []],
        ["c", "c", []],
        ["é", LAST, ["é", "\uFFEE", "\u{1F600}"]],
      ])("from %j, inclusive, to %j, exclusive", async (from, to, expected) => {
        const found = [...(await filled()).scan("records", { from, to })].map(({ key }) => key);
        expect(found).toEqual(expected);
      });

      it.each([0, 1, 4, 100])("gives at most the limit of %i", async (limit) => {
        const found = [...(await filled()).scan("records", { from: "", to: LAST, limit })].map(({ key }) => key);
        expect(found).toEqual(KEYS.slice(0, limit));
      });

      it("may be left early, and the store read meanwhile", async () => {
        const store = await filled();
        for (const { key, value } of store.scan("records", { from: "", to: LAST })) {
          expect(read(store, "records", "c")).toBe("c");
          expect(keysOf(store, "records")).toEqual(KEYS);
          expect(text(value)).toBe(key);
          if (key === "ba") break;
        }
        await commitAll(store, "m2", { z: "z" });
        expect(read(store, "records", "z")).toBe("z");
      });
    });

    it("finishes the commits in flight before close resolves", async () => {
      const tested = await newStore();
      const committed = commitAll(tested.store(), "m", { a: "1" });
      await tested.reopen();
      await committed;
      expect(text(tested.store().mark())).toBe("m");
    });
  });
}

/** Reads all the time, in timers, in the check phase and in between, so that some read of this turn precedes any `done`. */
function readInEveryPhase(store: SnapshotStore): () => void {
  let reading = true;
  const again = (plan: (callback: () => void) => void): void => {
    if (!reading) return;
    store.get("records", "a");
    plan(() => again(plan));
  };
  again((callback) => setTimeout(callback, 0));
  again(setImmediate);
  return () => {
    reading = false;
  };
}

export function commit(writer: CheckpointWriter, mark: string): Promise<void> {
  return new Promise((resolve, reject) =>
    writer.commit(bytes(mark), (error) => (error === undefined ? resolve() : reject(error))),
  );
}

/** One checkpoint of `records`. */
export function commitAll(store: SnapshotStore, mark: string, records: Readonly<Record<string, string>>): Promise<void> {
  const writer = store.begin();
  putAll(writer, "records", records);
  return commit(writer, mark);
}

function putAll(writer: CheckpointWriter, table: Table, values: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(values)) writer.put(table, key, bytes(value));
}

export function pairsOf(store: SnapshotStore, table: Table): [string, string][] {
  return [...store.scan(table, { from: "", to: LAST })].map(({ key, value }) => [key, text(value)]);
}

function keysOf(store: SnapshotStore, table: Table): string[] {
  return pairsOf(store, table).map(([key]) => key);
}

function read(store: SnapshotStore, table: Table, key: string): string | undefined {
  const value = store.get(table, key);
  return value === undefined ? undefined : text(value);
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

function text(value: Uint8Array | undefined): string {
  return new TextDecoder().decode(value);
}
