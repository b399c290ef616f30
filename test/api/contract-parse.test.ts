/** Requests read into commands: what is let through, and what is said about the rest. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalJson,
  fingerprintOf,
  formatTime,
  movementItems,
  type Parsed,
  parseAvailability,
  parseEnvelope,
  parseLocation,
  parseMovement,
  parseReserve,
  parseTime,
  parseTransit,
} from "../../src/api/contract/index.ts";
import type { EpochMs } from "../../src/base/index.ts";
import { STUB_ID } from "./nats-stub-grid.ts";

const LINE = { sku: "A", location: "dc", quantity: 2 };
const ID = STUB_ID;

function given<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(parsed.problem.detail);
  return parsed.value;
}

/** Slug and first path of what is refused. */
function refusalOf(parsed: Parsed<unknown>): string {
  if (parsed.ok) return "accepted";
  return `${parsed.problem.status} ${parsed.problem.errors?.[0]?.path ?? ""}`;
}

describe("a body to reserve", () => {
  it("has one line, held for 900 s in mode all unless it says otherwise", () => {
    expect(given(parseReserve(LINE, undefined))).toEqual({ lines: [LINE], mode: "all", ttlMs: 900_000 });
  });

  it("has lines and every option", () => {
    const body = { lines: [LINE, { ...LINE, sku: "B" }], mode: "partial", ttlSeconds: 604_800, reference: "r", channel: "c" };
    const { idempotency, ...rest } = given(parseReserve(body, "k"));
    expect(rest).toEqual({ lines: body.lines, mode: "partial", ttlMs: 604_800_000, reference: "r", channel: "c" });
    expect(idempotency).toEqual({ key: "k", fingerprint: fingerprintOf("reserve", "", body) });
  });

  it("may sum lines of one place up to the largest quantity", () => {
    const lines = [
      { ...LINE, quantity: 2_147_483_646 },
      { ...LINE, quantity: 1 },
    ];
    expect(parseReserve({ lines }, undefined).ok).toBe(true);
  });

  const cases: readonly (readonly [string, unknown, string])[] = [
    ["nothing", undefined, "400 "],
    ["null", null, "400 "],
    ["an array", [LINE], "400 "],
    ["a number as text", { ...LINE, quantity: "2" }, "400 /quantity"],
    ["a fraction", { ...LINE, quantity: 1.5 }, "400 /quantity"],
    ["no units", { ...LINE, quantity: 0 }, "400 /quantity"],
    ["too many units", { ...LINE, quantity: 2_147_483_648 }, "400 /quantity"],
    ["null for an option", { ...LINE, ttlSeconds: null }, "400 /ttlSeconds"],
    ["no time", { ...LINE, ttlSeconds: 0 }, "400 /ttlSeconds"],
    ["too much time", { ...LINE, ttlSeconds: 604_801 }, "400 /ttlSeconds"],
    ["an unknown mode", { ...LINE, mode: "some" }, "400 /mode"],
    ["an unknown member", { ...LINE, qty: 2 }, "400 "],
    ["a member named __proto__", JSON.parse('{"sku":"A","location":"dc","quantity":1,"__proto__":{}}'), "400 "],
    ["both one line and lines", { ...LINE, lines: [LINE] }, "400 "],
    ["no lines", { lines: [] }, "400 /lines"],
    ["501 lines", { lines: Array(501).fill(LINE) }, "400 /lines"],
    ["an empty id", { ...LINE, sku: "" }, "400 /sku"],
    ["an id of white space", { ...LINE, sku: " " }, "400 /sku"],
    ["the id ..", { ...LINE, location: ".." }, "400 /location"],
    ["a control character in an id", { lines: [LINE, { ...LINE, sku: "a\u0007" }] }, "400 /lines/1/sku"],
    ["half a surrogate pair", { ...LINE, reference: "\ud83d" }, "400 /reference"],
    ["a sum beyond the largest quantity", { lines: [{ ...LINE, quantity: 2_147_483_647 }, LINE] }, "400 /lines"],
  ];

  it.each(cases)("is refused with %s", (_what, body, refusal) => {
    expect(refusalOf(parseReserve(body, undefined))).toBe(refusal);
  });

  it("takes ids of 64 code points outside the basic plane, not 65", () => {
    expect(parseReserve({ ...LINE, sku: "😀".repeat(64) }, undefined).ok).toBe(true);
    expect(refusalOf(parseReserve({ ...LINE, sku: "😀".repeat(65) }, undefined))).toBe("400 /sku");
  });

  it.each([
    ["", false],
    ["k".repeat(255), true],
    ["k".repeat(256), false],
    ["a\u0000b", false],
  ])("judges the idempotency key %j", (key, accepted) => {
    expect(parseReserve(LINE, key).ok).toBe(accepted);
  });

  it("names at most 8 faults, however many there are", () => {
    const parsed = parseReserve({ lines: Array.from({ length: 500 }, () => ({})) }, undefined);
    expect(parsed.ok ? [] : parsed.problem.errors).toHaveLength(8);
  });
});

describe("a transition", () => {
  it("means all of it without a body", () => {
    expect(given(parseTransit("confirm", ID, undefined, undefined))).toEqual({ id: ID, transition: "confirm" });
  });

  it("has lines, or seconds to extend", () => {
    expect(given(parseTransit("release", ID, { lines: [LINE] }, undefined)).lines).toEqual([LINE]);
    expect(given(parseTransit("extend", ID, { ttlSeconds: 60 }, undefined)).ttlMs).toBe(60_000);
  });

  it.each([
    ["extend", {}, "400 "],
    ["extend", undefined, "400 "],
    ["extend", { ttlSeconds: 1, lines: [] }, "400 "],
    ["confirm", { ttlSeconds: 1 }, "400 "],
    ["confirm", [], "400 "],
    ["fulfill", { lines: [{ ...LINE, quantity: 0 }] }, "400 /lines/0/quantity"],
  ] as const)("%s is refused with %j", (transition, body, refusal) => {
    expect(refusalOf(parseTransit(transition, ID, body, undefined))).toBe(refusal);
  });

  it("of an id that was never given out is of nothing", () => {
    expect(refusalOf(parseTransit("confirm", "no-such-thing", {}, undefined))).toBe("404 ");
  });
});

describe("a movement", () => {
  const MOVE = { id: "m", type: "receipt", sku: "A", location: "dc", quantity: 1 };

  it("has an instant whatever its offset", () => {
    const { occurredAt } = given(parseMovement({ ...MOVE, occurredAt: "2026-03-01T10:30:00.5+01:00" }));
    expect(occurredAt).toBe(Date.UTC(2026, 2, 1, 9, 30, 0, 500));
  });

  it("is signed for an adjustment only", () => {
    expect(given(parseMovement({ ...MOVE, type: "adjustment", quantity: -3 })).quantity).toBe(-3);
    expect(refusalOf(parseMovement({ ...MOVE, quantity: -3 }))).toBe("400 /quantity");
  });

  it.each([
    [{ ...MOVE, type: "gift" }, "400 /type"],
    [{ ...MOVE, id: "" }, "400 /id"],
    [{ ...MOVE, id: 7 }, "400 /id"],
    [{ ...MOVE, occurredAt: "yesterday" }, "400 /occurredAt"],
    [{ ...MOVE, toLocation: "." }, "400 /toLocation"],
    [{ ...MOVE, reverses: "" }, "400 /reverses"],
    [{ ...MOVE, reverses: "m" }, "400 /reverses"],
    [{ ...MOVE, type: "void" }, "400 /reverses"],
    [5, "400 "],
  ])("is refused when it is %j", (item, refusal) => {
    expect(refusalOf(parseMovement(item))).toBe(refusal);
  });

  it("may name the movement that it undoes or follows from", () => {
    expect(given(parseMovement({ ...MOVE, type: "void", reverses: "sale-1" })).reverses).toBe("sale-1");
    expect(given(parseMovement({ ...MOVE, type: "ship", reverses: "pick-1" })).reverses).toBe("pick-1");
    expect(given(parseMovement({ ...MOVE, type: "return" })).reverses).toBeUndefined();
  });

  it("comes alone or in arrays of up to 10,000", () => {
    expect(given(movementItems(MOVE))).toEqual([MOVE]);
    expect(movementItems(Array(10_000).fill(MOVE)).ok).toBe(true);
    expect(refusalOf(movementItems(Array(10_001).fill(MOVE)))).toBe("413 ");
    expect(refusalOf(movementItems("text"))).toBe("400 ");
  });
});

describe("other bodies", () => {
  it("of availability name each SKU once, and at most 1,000", () => {
    expect(given(parseAvailability({ skus: ["A", "B", "A"] }))).toEqual({ skus: ["A", "B"], locations: undefined });
    expect(refusalOf(parseAvailability({ skus: Array(1_001).fill("A") }))).toBe("413 ");
    expect(refusalOf(parseAvailability({ skus: [] }))).toBe("400 /skus");
    expect(refusalOf(parseAvailability({ skus: ["A", ""] }))).toBe("400 /skus/1");
  });

  it("of a location are bounded in depth and size", () => {
    const body = { type: "dc", name: "n" };
    const deep = JSON.parse(`${'{"a":'.repeat(17)}1${"}".repeat(17)}`) as unknown;
    expect(given(parseLocation("dc", { ...body, attributes: { a: [1] } }))).toEqual({
      id: "dc",
      ...body,
      attributes: { a: [1] },
    });
    expect(refusalOf(parseLocation("dc", { ...body, attributes: deep }))).toBe("400 /attributes");
    expect(refusalOf(parseLocation("dc", { ...body, attributes: { a: "x".repeat(20_000) } }))).toBe("400 /attributes");
    expect(refusalOf(parseLocation("dc", { ...body, latitude: 91 }))).toBe("400 /latitude");
    expect(refusalOf(parseLocation("dc", { ...body, timeZone: "Mars/Olympus" }))).toBe("400 /timeZone");
  });

  it("on NATS give id and key apart from the body that HTTP has", () => {
    expect(given(parseEnvelope({ id: ID, idempotencyKey: "k", lines: [] }, true))).toEqual({
      id: ID,
      key: "k",
      body: { lines: [] },
    });
    expect(given(parseEnvelope(LINE, false))).toEqual({ id: undefined, key: undefined, body: LINE });
    expect(refusalOf(parseEnvelope({ lines: [] }, true))).toBe("400 /id");
    expect(refusalOf(parseEnvelope({ idempotencyKey: 1 }, false))).toBe("400 /idempotencyKey");
  });
});

describe("a fingerprint", () => {
  it("is equal for bodies equal as JSON, whatever the order of members", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        const turned = Object.fromEntries(Object.entries(body).reverse());
        expect(fingerprintOf("reserve", "", turned)).toBe(fingerprintOf("reserve", "", body));
        expect(JSON.parse(canonicalJson(body))).toEqual(JSON.parse(JSON.stringify(body)));
      }),
    );
  });

  it("differs by operation, reservation, and body", () => {
    const prints = [
      fingerprintOf("confirm", ID, {}),
      fingerprintOf("release", ID, {}),
      fingerprintOf("confirm", "other", {}),
      fingerprintOf("confirm", ID, { lines: [LINE] }),
      fingerprintOf("confirm", ID, { lines: [{ ...LINE, quantity: 3 }] }),
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });
});

describe("a time", () => {
  it("is written and read back to the same millisecond", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
        const text = formatTime(ms as EpochMs);
        expect(text).toBe(new Date(ms).toISOString());
        expect(parseTime(text)).toBe(ms);
      }),
    );
  });

  it.each([
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2016-12-31T23:59:60Z",
    "2026-01-01T00:00:00",
    "2026-01-01 00:00:00Z",
    "2026-01-01T00:00:00+25:00",
    "1969-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z",
    "",
  ])("is refused when it is %j", (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  it.each([
    ["2024-02-29T00:00:00z", Date.UTC(2024, 1, 29)],
    ["2026-01-01T00:00:00.123456Z", Date.UTC(2026, 0, 1, 0, 0, 0, 123)],
    ["2026-01-01T00:00:00-00:30", Date.UTC(2026, 0, 1, 0, 30)],
  ])("%s is read", (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });
});
