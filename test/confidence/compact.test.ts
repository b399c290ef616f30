/** The bytes of a belief: what comes back is what went in, and everything else is refused by name. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CorruptData, type EpochMs } from "../../src/base/index.ts";
import { beliefOf, decodeBelief, encodeBelief, type Spread } from "../../src/confidence/index.ts";
import { propertySettings } from "../fast-check.ts";
import { anyBelief } from "./build.ts";

const AT = 1_700_000_000_000 as EpochMs;
const BELIEF = beliefOf(3, [0.25, 0.75]) as Spread;

describe("the bytes of a belief", () => {
  it("come back bit for bit, also from the middle of other bytes", () => {
    fc.assert(
      fc.property(anyBelief, fc.maxSafeNat(), fc.nat(7), (belief, at, offset) => {
        if (belief === undefined) return;
        const bytes = encodeBelief({ belief, at: at as EpochMs });
        const among = new Uint8Array(bytes.length + offset + 3).fill(9);
        among.set(bytes, offset);
        expect(decodeBelief(among.subarray(offset, offset + bytes.length), "here")).toEqual({ belief, at });
      }),
      propertySettings(300),
    );
  });

  it("of version 1 are laid out as written down", () => {
    expect(Buffer.from(encodeBelief({ belief: BELIEF, at: AT })).toString("hex")).toBe(
      "01000000000000084000008056febc78420000803e0000403f",
    );
  });

  it.each([
    ["another version", (bytes: Uint8Array) => bytes.with(0, 2), /version 2, version 1 is known/],
    ["nothing", () => new Uint8Array(), /version undefined/],
    ["no weights", (bytes: Uint8Array) => bytes.slice(0, 17), /17 bytes/],
    ["half a weight", (bytes: Uint8Array) => bytes.slice(0, 19), /19 bytes/],
    [
      "too many weights",
      (bytes: Uint8Array) => {
        const long = new Uint8Array(17 + 4 * 257);
        long.set(bytes.slice(0, 17));
        return long;
      },
      /not 1 to 256/,
    ],
    ["units below zero", (bytes: Uint8Array) => bytes.with(8, 0xc0), /begins at -3/],
    ["a time that is none", (bytes: Uint8Array) => bytes.with(16, 0x7f).with(15, 0xf8), /as of time NaN/],
    ["a negative probability", (bytes: Uint8Array) => bytes.with(20, 0xbe), /sum to NaN/],
    ["a sum that is not 1", (bytes: Uint8Array) => bytes.with(20, 0x3f), /sum to/],
  ] as const)("are refused: %s", (_name, damage, reason) => {
    const damaged = damage(encodeBelief({ belief: BELIEF, at: AT }));
    expect(() => decodeBelief(damaged, "here")).toThrow(CorruptData);
    expect(() => decodeBelief(damaged, "here")).toThrow(reason);
  });
});
