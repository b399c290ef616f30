/** The msgpack guard: exactly what JSON could have said gets through (invariants G1 to G3 of msgpack-guard.ts). */

import fc from "fast-check";
import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { decodeMsgpack, encodeMsgpack } from "../../src/api/nats/msgpack.ts";
import { MSGPACK_DEPTH_MAX, msgpackProblem } from "../../src/api/nats/msgpack-guard.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

const nested = (levels: number): Uint8Array => new Uint8Array(levels + 1).fill(0x91, 0, levels).fill(0xc0, levels);

describe("msgpack guard", () => {
  it.each([
    ["nothing at all", bytes(), "ends in the middle"],
    ["two values", bytes(0x01, 0x01), "bytes after"],
    ["a string shorter than it claims", bytes(0xd9, 0x05, 0x61), "ends in the middle"],
    ["an array of four thousand million elements", bytes(0xdd, 0xff, 0xff, 0xff, 0xff), "ends in the middle"],
    ["a map of four thousand million entries", bytes(0xdf, 0xff, 0xff, 0xff, 0xff), "ends in the middle"],
    ["a length cut short", bytes(0xdb, 0x00), "ends in the middle"],
    ["a number cut short", bytes(0xcd, 0x00), "ends in the middle"],
    ["a map that ends after a key", bytes(0x81, 0xa1, 0x61), "ends in the middle"],
    ["a map with a number as key", bytes(0x81, 0x01, 0x01), "map key"],
    ["a map with a map as key", bytes(0x81, 0x80, 0x01), "map key"],
    ["the first byte that is never used", bytes(0xc1), "type 0xc1"],
    ["binary", bytes(0xc4, 0x01, 0x00), "type 0xc4"],
    ["an extension of fixed size", bytes(0xd4, 0x00, 0x00), "type 0xd4"],
    ["a record definition as msgpackr writes it", new Packr({ useRecords: true }).pack({ a: 1 }), "type 0xd4"],
    ["a date", new Packr().pack(new Date(0)), "type 0xd6"],
    ["a string that is not UTF-8", bytes(0xa1, 0xff), "not UTF-8"],
    ["too many levels", nested(MSGPACK_DEPTH_MAX + 1), "levels deep"],
    ["a million levels", nested(1_000_000), "levels deep"],
  ])("refuses %s", (_name, input, reason) => {
    expect(msgpackProblem(input)).toContain(reason);
    expect(() => decodeMsgpack(input)).toThrow(reason);
  });

  it.each([
    ["the deepest nesting allowed", nested(MSGPACK_DEPTH_MAX)],
    ["an integer of 64 bits", bytes(0xcf, 0, 0, 0, 0, 0, 0, 0, 5)],
    ["a negative integer of 64 bits", bytes(0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ["small numbers that other settings read as records", bytes(0x40)],
    ["an empty map in an empty place", bytes(0x92, 0x80, 0x90)],
  ])("lets %s through", (_name, input) => {
    expect(msgpackProblem(input)).toBeUndefined();
  });

  it("reads 64-bit integers as numbers", () => {
    expect(decodeMsgpack(bytes(0xcf, 0, 0, 0, 0, 0, 0, 0, 5))).toBe(5);
    expect(decodeMsgpack(bytes(0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).toBe(-1);
  });

  it("cannot reach the prototype of an object", () => {
    const decoded = decodeMsgpack(encodeMsgpack(JSON.parse('{"__proto__":{"polluted":1}}')));
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect((decoded as { polluted?: number }).polluted).toBeUndefined();
  });

  it("gives back every JSON value it was given", () => {
    const json = fc
      .jsonValue({ maxDepth: 4, noUnicodeString: false })
      .filter((value) => !JSON.stringify(value).includes("__proto__"));
    fc.assert(
      fc.property(json, (value) => {
        expect(decodeMsgpack(encodeMsgpack(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("leaves out what is undefined, as JSON does", () => {
    expect(decodeMsgpack(encodeMsgpack({ a: undefined, b: 1 }))).toEqual({ b: 1 });
  });

  it("answers for any bytes, and never lets through what then cannot be decoded", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (input) => {
        if (msgpackProblem(input) === undefined) decodeMsgpack(input);
      }),
      { numRuns: 5_000 },
    );
  });
});
