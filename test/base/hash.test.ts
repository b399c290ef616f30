/** The hash that places SKUs on shards. Golden: a change of any of these moves data of running clusters. */

import { describe, expect, it } from "vitest";
import { hash32, shardOfHash } from "../../src/base/index.ts";

const GOLDEN: readonly (readonly [text: string, hash: number])[] = [
  ["", 0xab3e7c0b],
  ["a", 0x1a80b1b3],
  ["SKU-1", 0x35aa63cb],
  ["SKU-2", 0xe3034faa],
  ["4006381333931", 0xb7ea6efa],
  ["größe", 0xcda1b73c],
  ["鞋", 0x6bca9690],
  ["👟", 0xf6146339],
  ["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0x8234bab3],
];

describe("the hash of a SKU", () => {
  it.each(GOLDEN)("of %j is what it always was", (text, hash) => {
    expect(hash32(text)).toBe(hash);
  });

  it("goes over the UTF-8 bytes", () => {
    const bytes = new TextEncoder().encode("größe-鞋");
    let fnv = 0x811c9dc5;
    for (const byte of bytes) fnv = Math.imul(fnv ^ byte, 0x01000193);
    fnv = Math.imul(fnv ^ (fnv >>> 16), 0x85ebca6b);
    fnv = Math.imul(fnv ^ (fnv >>> 13), 0xc2b2ae35);
    expect(hash32("größe-鞋")).toBe((fnv ^ (fnv >>> 16)) >>> 0);
  });

  it("spreads SKUs that count up evenly over 256 shards", () => {
    const counts = new Array<number>(256).fill(0);
    for (let i = 0; i < 256_000; i++) {
      const shard = shardOfHash(hash32(`SKU-${i}`), 256);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(Math.max(...counts)).toBeLessThan(1_200);
    expect(Math.min(...counts)).toBeGreaterThan(800);
  });
});
