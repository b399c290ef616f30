/** The small parts of the client: back-off, who owns a shard, versions seen. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hash32, shardOfHash } from "../../src/base/index.ts";
import { StockGridFault } from "../../src/client/fault.ts";
import { backoffMs, withRetries } from "../../src/client/retry.ts";
import { isShardMap, Owners } from "../../src/client/shard-map.ts";
import { VersionWatch } from "../../src/client/version-watch.ts";

const fault = (code: ConstructorParameters<typeof StockGridFault>[0]["code"], retryAfterMs = 0): StockGridFault =>
  new StockGridFault({ code, message: code, retryAfterMs });

describe("the back-off", () => {
  it("doubles up to two seconds, and any part of it may be waited", () => {
    expect([0, 1, 2, 5, 6, 1_000].map((retry) => backoffMs(retry, 1))).toEqual([50, 100, 200, 1_600, 2_000, 2_000]);
    expect(backoffMs(3, 0)).toBe(0);
    expect(backoffMs(3, 0.25)).toBe(100);
  });
});

describe("retries", () => {
  it("go on until there is an answer (T1)", async () => {
    let tries = 0;
    const once = (): Promise<number> => (++tries < 4 ? Promise.reject(fault("not-ready")) : Promise.resolve(tries));
    expect(await withRetries(once, { deadlineMs: 5_000, attemptMs: 1_000 })).toBe(4);
  });

  it("are not made for a fault that says so, nor for a defect (T1)", async () => {
    for (const error of [fault("forbidden"), new TypeError("defect")]) {
      let tries = 0;
      const once = (): Promise<never> => {
        tries++;
        return Promise.reject(error);
      };
      await expect(withRetries(once, { deadlineMs: 5_000, attemptMs: 1_000 })).rejects.toBe(error);
      expect(tries).toBe(1);
    }
  });

  it("give up with the last fault where the grid asks for more time than there is (T2)", async () => {
    const started = performance.now();
    const last = fault("not-ready", 60_000);
    await expect(withRetries(() => Promise.reject(last), { deadlineMs: 10_000, attemptMs: 1_000 })).rejects.toBe(last);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("give an attempt no more time than is left (T2)", async () => {
    const given: number[] = [];
    const once = ({ timeoutMs }: { readonly timeoutMs: number }): Promise<never> => {
      given.push(timeoutMs);
      return Promise.reject(fault("timed-out"));
    };
    await expect(withRetries(once, { deadlineMs: 200, attemptMs: 150 })).rejects.toMatchObject({ code: "timed-out" });
    expect(given[0]).toBe(150);
    for (const [index, ms] of given.entries()) expect(ms).toBeLessThanOrEqual(index === 0 ? 150 : 200);
  });

  it("end with the reason of the signal, also while waiting (T3)", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const waiting = withRetries(() => Promise.reject(fault("not-ready", 5_000)), {
      deadlineMs: 10_000,
      attemptMs: 1_000,
      signal: stop.signal,
    });
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});

const MAP = { shards: 4, revision: 7, owners: ["a", "b", "a", ""] };
const skuOf = (shard: number): string => {
  for (let i = 0; ; i++) if (shardOfHash(hash32(`s${i}`), MAP.shards) === shard) return `s${i}`;
};

describe("the owners", () => {
  it("are named from a map that is not old (O1)", () => {
    const owners = new Owners(1_000, 500);
    const hash = hash32(skuOf(1));
    expect(owners.ownerOf(hash, 0)).toBeUndefined();
    owners.learn(MAP, 0);
    expect(owners.ownerOf(hash, 1_000)).toBe("b");
    expect(owners.ownerOf(hash, 1_001)).toBeUndefined();
    expect(owners.ownerOf(hash32(skuOf(3)), 0)).toBeUndefined();
  });

  it("are passed over after they were silent, until a newer map or some time (O2)", () => {
    const owners = new Owners(10_000, 500);
    const hash = hash32(skuOf(1));
    owners.learn(MAP, 0);
    owners.wasSilent("b", 0);
    expect(owners.ownerOf(hash, 499)).toBeUndefined();
    expect(owners.ownerOf(hash32(skuOf(0)), 499)).toBe("a");
    owners.learn(MAP, 100);
    expect(owners.ownerOf(hash, 499)).toBeUndefined();
    expect(owners.ownerOf(hash, 500)).toBe("b");
    owners.wasSilent("b", 600);
    owners.learn({ ...MAP, revision: 8 }, 700);
    expect(owners.ownerOf(hash, 700)).toBe("b");
  });

  it.each([
    null,
    {},
    { ...MAP, shards: 3 },
    { ...MAP, shards: 0, owners: [] },
    { ...MAP, revision: "7" },
    { ...MAP, owners: ["a", "b", "a", "x.>"] },
    { ...MAP, owners: ["a", "b", "a", 7] },
  ])("are not read from %j", (body) => {
    expect(isShardMap(MAP)).toBe(true);
    expect(isShardMap(body)).toBe(false);
  });
});

describe("the watch over versions", () => {
  it("finds exactly the repeats and the gaps of any order of deliveries (V1, V2)", () => {
    const deliveries = fc.array(fc.record({ record: fc.constantFrom("a", "b"), version: fc.integer({ min: 1, max: 8 }) }));
    fc.assert(
      fc.property(deliveries, (all) => {
        const watch = new VersionWatch();
        const newest = new Map<string, number>();
        for (const { record, version } of all) {
          const last = newest.get(record);
          const sighting = watch.see(record, "dc", version);
          if (last !== undefined && version <= last) expect(sighting.kind).toBe("repeat");
          else if (last === undefined || version === last + 1) expect(sighting.kind).toBe("next");
          else expect(sighting).toEqual({ kind: "gap", expected: last + 1 });
          newest.set(record, Math.max(version, last ?? 0));
        }
      }),
    );
  });

  it("forgets those not seen for longest (V3)", () => {
    const watch = new VersionWatch(2);
    watch.see("a", "dc", 1);
    watch.see("b", "dc", 1);
    watch.see("a", "dc", 2);
    watch.see("c", "dc", 1);
    expect(watch.see("a", "dc", 2).kind).toBe("repeat");
    expect(watch.see("b", "dc", 5).kind).toBe("next");
  });
});
