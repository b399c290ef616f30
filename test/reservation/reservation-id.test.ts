/** The form of reservation ids. */

import { describe, expect, it } from "vitest";
import { type EpochMs, hash32 } from "../../src/base/index.ts";
import { formatReservationId, skuHashOfReservationId } from "../../src/reservation/index.ts";

const AT = 1_767_225_600_000 as EpochMs;

describe("a reservation id", () => {
  it("leads back to the hash of its first SKU", () => {
    for (const sku of ["a", "sku-1", "größe", "0"]) {
      const hash = hash32(sku);
      expect(skuHashOfReservationId(formatReservationId(AT, 7, hash))).toBe(hash);
    }
  });

  it("sorts by the time it was made", () => {
    const ids = [AT, AT + 1, AT + 36 ** 5].map((at) => formatReservationId(at as EpochMs, 1, 1));
    expect([...ids].sort()).toEqual(ids);
  });

  it("differs for different counts of one millisecond", () => {
    const ids = new Set(Array.from({ length: 1_000 }, (_, count) => formatReservationId(AT, 2 ** 36 - 1 - count, 1)));
    expect(ids.size).toBe(1_000);
  });

  it.each([
    "",
    "x",
    "0mjuohsfd9183aad-6183620",
    "0mjuohsfd9183aad-6183620F",
    "0mjuohsfd9183aad_6183620f",
    "0mjuohsfd9183aad-6183620f\n",
  ])("is not %j", (text) => {
    expect(skuHashOfReservationId(text)).toBeUndefined();
  });

  it("keeps its form for ever, since clients keep them", () => {
    expect(formatReservationId(AT, 123_456_789, 0xdeadbeef)).toBe("0mjuohs00075bcd15-deadbeef");
  });
});
