/**
 * What every KeyValue must do (src/ports/key-value.ts, B1 to B3), run on the JetStream adapter and on the simulator's.
 * Each test has a bucket of its own; `open` gives any number of views of it, as separate members have them.
 */

import { afterEach, describe, expect, it } from "vitest";
import type { KeyValue, KeyValueEntry } from "../../src/ports/index.ts";

export interface BucketUnderTest {
  open(): Promise<KeyValue>;
  dispose(): Promise<void>;
}

const RACE_ROUNDS = 50;
const RACE_WRITERS = 3;

export function describeKeyValueContract(name: string, makeBucket: () => Promise<BucketUnderTest>): void {
  describe(`key-value contract: ${name}`, () => {
    const buckets: BucketUnderTest[] = [];

    afterEach(async () => {
      for (const bucket of buckets.splice(0)) await bucket.dispose();
    });

    async function newBucket(): Promise<BucketUnderTest> {
      const bucket = await makeBucket();
      buckets.push(bucket);
      return bucket;
    }

    async function openOne(): Promise<KeyValue> {
      return await (await newBucket()).open();
    }

    describe("put and get", () => {
      it("find nothing under a key that was never put", async () => {
        expect(await (await openOne()).get("a")).toBeUndefined();
      });

      it("make a key that does not exist, and only then, when 0 is expected (B1)", async () => {
        const bucket = await openOne();
        const revision = await bucket.put("a.b", bytes("1"), 0);
        expect(revision).toBeGreaterThan(0);
        expect(await bucket.put("a.b", bytes("2"), 0)).toBeUndefined();
        expect(plain(await bucket.get("a.b"))).toEqual({ key: "a.b", value: "1", revision });
      });

      it("replace the value at the expected revision and at no other (B1)", async () => {
        const bucket = await openOne();
        const first = (await bucket.put("a", bytes("1"), 0)) as number;
        const second = (await bucket.put("a", bytes("2"), first)) as number;
        expect(second).toBeGreaterThan(first);
        for (const expected of [first, second + 1, 0]) expect(await bucket.put("a", bytes("x"), expected)).toBeUndefined();
        expect(plain(await bucket.get("a"))).toEqual({ key: "a", value: "2", revision: second });
      });

      it("count revisions over the whole bucket, and keep keys apart", async () => {
        const bucket = await openOne();
        const first = (await bucket.put("a", bytes("1"), 0)) as number;
        const other = (await bucket.put("b", bytes("2"), 0)) as number;
        expect(other).toBeGreaterThan(first);
        expect(await bucket.put("a", bytes("3"), first)).toBeGreaterThan(other);
      });

      it("let exactly one of several racing writers win each round (B1)", async () => {
        const shared = await newBucket();
        const writers: KeyValue[] = [];
        for (let writer = 0; writer < RACE_WRITERS; writer++) writers.push(await shared.open());
        let revision = 0;
        for (let round = 0; round < RACE_ROUNDS; round++) {
          const results = await Promise.all(writers.map((bucket, id) => bucket.put("k", bytes(`${round}/${id}`), revision)));
          const winners = results.flatMap((result, id) => (result === undefined ? [] : [id]));
          expect(winners).toHaveLength(1);
          revision = results[winners[0] as number] as number;
          const seen = await (writers[(round + 1) % RACE_WRITERS] as KeyValue).get("k");
          expect(plain(seen)).toEqual({ key: "k", value: `${round}/${winners[0]}`, revision });
        }
      });

      it("keep empty and large values byte for byte", async () => {
        const bucket = await openOne();
        const large = Uint8Array.from({ length: 200_000 }, (_, index) => index % 251);
        await bucket.put("empty", new Uint8Array(0), 0);
        await bucket.put("large", large, 0);
        expect((await bucket.get("empty"))?.value).toHaveLength(0);
        expect(Buffer.compare((await bucket.get("large"))?.value ?? new Uint8Array(0), large)).toBe(0);
      });
    });

    describe("overwrite", () => {
      it("stores whatever is there", async () => {
        const bucket = await openOne();
        const first = await bucket.overwrite("a", bytes("1"));
        const second = await bucket.overwrite("a", bytes("2"));
        expect(second).toBeGreaterThan(first);
        expect(plain(await bucket.get("a"))).toEqual({ key: "a", value: "2", revision: second });
        expect(await bucket.put("a", bytes("3"), first)).toBeUndefined();
      });
    });

    describe("delete", () => {
      it("takes the key away, also one that is not there", async () => {
        const bucket = await openOne();
        await bucket.put("a", bytes("1"), 0);
        await bucket.delete("a");
        await bucket.delete("never");
        expect(await bucket.get("a")).toBeUndefined();
        expect(await bucket.get("never")).toBeUndefined();
      });

      it("frees the key for who expects 0, with a higher revision, and refuses who knew the old value (B1)", async () => {
        const bucket = await openOne();
        const first = (await bucket.put("a", bytes("1"), 0)) as number;
        await bucket.delete("a");
        expect(await bucket.put("a", bytes("x"), first)).toBeUndefined();
        const again = (await bucket.put("a", bytes("2"), 0)) as number;
        expect(again).toBeGreaterThan(first);
        expect(await bucket.put("a", bytes("3"), 0)).toBeUndefined();
        expect(plain(await bucket.get("a"))).toEqual({ key: "a", value: "2", revision: again });
      });
    });

    describe("watch", () => {
      it("settles at once on an empty bucket", async () => {
        const seen = watch(await openOne());
        await seen.settled;
        expect(seen.newest.size).toBe(0);
        seen.stop();
      });

      it("shows all that exists before it settles, then each change and deletion (B3)", async () => {
        const shared = await newBucket();
        const [writer, reader] = [await shared.open(), await shared.open()];
        for (const key of ["a", "b.c", "d"]) await writer.put(key, bytes(`${key}1`), 0);
        await writer.delete("d");
        const seen = watch(reader);
        await seen.settled;
        expect(seen.values()).toEqual({ a: "a1", "b.c": "b.c1" });
        await writer.overwrite("a", bytes("a2"));
        await writer.put("e", bytes("e1"), 0);
        await writer.delete("b.c");
        await expect.poll(() => seen.values()).toEqual({ a: "a2", e: "e1" });
        seen.stop();
      });

      it("never goes back in the revisions of a key, and ends with the newest value (B3)", async () => {
        const bucket = await openOne();
        const seen = watch(bucket);
        for (let round = 1; round <= 100; round++) await bucket.overwrite(`k${round % 3}`, bytes(String(round)));
        await expect.poll(() => seen.values()).toEqual({ k0: "99", k1: "100", k2: "98" });
        expect(seen.wentBack).toEqual([]);
        seen.stop();
      });

      it("says nothing more once it is stopped, and leaves other watches alone", async () => {
        const bucket = await openOne();
        const [stopped, going] = [watch(bucket), watch(bucket)];
        await Promise.all([stopped.settled, going.settled]);
        stopped.stop();
        await bucket.put("a", bytes("1"), 0);
        await expect.poll(() => going.values()).toEqual({ a: "1" });
        expect(stopped.values()).toEqual({});
        going.stop();
      });
    });
  });
}

export interface Watching {
  readonly newest: Map<string, KeyValueEntry>;
  readonly settled: Promise<void>;
  /** Keys that were shown with a revision that was not higher than before. */
  readonly wentBack: string[];
  values(): Record<string, string>;
  stop(): void;
}

/** A watch that keeps what it is shown. */
export function watch(bucket: KeyValue): Watching {
  const newest = new Map<string, KeyValueEntry>();
  const revisions = new Map<string, number>();
  const wentBack: string[] = [];
  const settled = Promise.withResolvers<void>();
  const stop = bucket.watch((key, entry) => {
    if (entry === undefined) newest.delete(key);
    else {
      newest.set(key, entry);
      if (entry.revision <= (revisions.get(key) ?? 0)) wentBack.push(key);
      revisions.set(key, entry.revision);
    }
  }, settled.resolve);
  const values = (): Record<string, string> => Object.fromEntries([...newest].map(([key, entry]) => [key, text(entry.value)]));
  return { newest, settled: settled.promise, wentBack, values, stop };
}

export function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

export function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}

export function plain(entry: KeyValueEntry | undefined): object | undefined {
  return entry === undefined ? undefined : { ...entry, value: text(entry.value) };
}
