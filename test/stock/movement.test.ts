/** What each movement does to a record, one row a case, and what it must never do, whatever the case. */

import { describe, expect, it } from "vitest";
import { LEVEL_MAX, QUANTITY_MAX } from "../../src/base/index.ts";
import {
  available,
  decideMovement,
  evolve,
  HISTORY_MAX,
  levelOf,
  type Movement,
  type StockRecord,
} from "../../src/stock/index.ts";
import { applied, movementOf, ms, NOW, recordWith } from "./build.ts";

type Row = readonly [
  name: string,
  before: Partial<StockRecord>,
  movement: Pick<Movement, "type" | "quantity"> & Partial<Movement>,
  kinds: readonly string[],
  after: Partial<StockRecord>,
];

const EFFECTS: readonly Row[] = [
  ["a receipt adds", { onHand: 5 }, { type: "receipt", quantity: 3 }, ["received"], { onHand: 8 }],
  ["a return adds", { onHand: 5 }, { type: "return", quantity: 3 }, ["returned"], { onHand: 8 }],
  ["a transfer-in adds", { onHand: 5 }, { type: "transfer-in", quantity: 3 }, ["transferred-in"], { onHand: 8 }],
  ["a sale takes", { onHand: 5 }, { type: "sale", quantity: 3 }, ["sold"], { onHand: 2 }],
  ["a transfer-out takes", { onHand: 5 }, { type: "transfer-out", quantity: 3 }, ["transferred-out"], { onHand: 2 }],
  ["damage takes", { onHand: 5 }, { type: "damage", quantity: 3 }, ["damaged"], { onHand: 2, unavailable: 0 }],
  ["damage for another reason takes", { onHand: 5 }, { type: "damage", quantity: 3, reason: "wet" }, ["damaged"], { onHand: 2 }],
  [
    "damage in quarantine stays on hand",
    { onHand: 5 },
    { type: "damage", quantity: 3, reason: "quarantine" },
    ["damaged"],
    { onHand: 5, unavailable: 3 },
  ],
  ["an adjustment adds", { onHand: 5 }, { type: "adjustment", quantity: 2 }, ["adjusted"], { onHand: 7 }],
  ["an adjustment takes", { onHand: 5 }, { type: "adjustment", quantity: -2 }, ["adjusted"], { onHand: 3 }],
  ["a count replaces", { onHand: 5 }, { type: "count", quantity: 9 }, ["counted"], { onHand: 9, countedAt: NOW }],
  ["a count of nothing empties", { onHand: 5 }, { type: "count", quantity: 0 }, ["counted"], { onHand: 0 }],
  ["nothing moved is still an event", { onHand: 5 }, { type: "receipt", quantity: 0 }, ["received"], { onHand: 5, version: 1 }],
  ["a sale below zero is told", { onHand: 1 }, { type: "sale", quantity: 3 }, ["sold", "oversold"], { onHand: -2, version: 2 }],
  [
    "a sale of held units is told",
    { onHand: 3, held: 2 },
    { type: "sale", quantity: 2 },
    ["sold", "oversold"],
    { onHand: 1, held: 2 },
  ],
  ["a sale to exactly zero is not oversold", { onHand: 3, held: 2 }, { type: "sale", quantity: 1 }, ["sold"], { onHand: 2 }],
  ["what is oversold already is told once", { onHand: -1 }, { type: "sale", quantity: 1 }, ["sold"], { onHand: -2 }],
  [
    "a receipt that does not cover is not told again",
    { onHand: -5 },
    { type: "receipt", quantity: 1 },
    ["received"],
    { onHand: -4 },
  ],
  [
    "quarantine can oversell",
    { onHand: 3, allocated: 2 },
    { type: "damage", quantity: 2, reason: "quarantine" },
    ["damaged", "oversold"],
    { onHand: 3, unavailable: 2 },
  ],
  [
    "safety stock is not available",
    { onHand: 3, safetyStock: 3 },
    { type: "sale", quantity: 1 },
    ["sold", "oversold"],
    { onHand: 2, safetyStock: 3 },
  ],
  [
    "a sale from before the last count leaves onHand",
    { onHand: 9, countedAt: NOW },
    { type: "sale", quantity: 2, occurredAt: ms(NOW - 1) },
    ["sold"],
    { onHand: 9, version: 1 },
  ],
  [
    "a sale from the instant of the last count takes",
    { onHand: 9, countedAt: ms(NOW - 5) },
    { type: "sale", quantity: 2, occurredAt: ms(NOW - 5) },
    ["sold"],
    { onHand: 7 },
  ],
  [
    "a count from before the last count leaves everything",
    { onHand: 9, countedAt: NOW },
    { type: "count", quantity: 2, occurredAt: ms(NOW - 1) },
    ["counted"],
    { onHand: 9, countedAt: NOW, version: 1 },
  ],
  [
    "quarantine from before the last count still is not sellable",
    { onHand: 9, countedAt: NOW },
    { type: "damage", quantity: 2, reason: "quarantine", occurredAt: ms(NOW - 1) },
    ["damaged"],
    { onHand: 9, unavailable: 2 },
  ],
  [
    "a time in the future is now",
    { onHand: 5 },
    { type: "count", quantity: 9, occurredAt: ms(NOW + 60_000) },
    ["counted"],
    { onHand: 9, countedAt: NOW },
  ],
  [
    "without a time, a sale after the clock was set back is later than the count",
    { onHand: 5, countedAt: ms(NOW + 50) },
    { type: "sale", quantity: 2 },
    ["sold"],
    { onHand: 3 },
  ],
  [
    "the largest quantity is counted exactly",
    {},
    { type: "receipt", quantity: QUANTITY_MAX },
    ["received"],
    { onHand: QUANTITY_MAX },
  ],
];

describe("a movement", () => {
  it.each(EFFECTS)("%s", (_name, before, movement, kinds, after) => {
    const { record, events } = applied(recordWith(before), movementOf(movement));
    expect(events.map((event) => event.kind)).toEqual(kinds);
    expect(record).toMatchObject(after);
    expect(record.version).toBe(kinds.length);
  });

  it("that oversells says by how many units, with a version of its own", () => {
    const [, oversold] = applied(recordWith({ onHand: 1 }), movementOf({ type: "sale", quantity: 4 })).events;
    expect(oversold).toMatchObject({ kind: "oversold", quantity: 3, version: 2, onHand: 0, held: 0, cause: "m" });
  });

  it.each([
    ["above", LEVEL_MAX, 1],
    ["below", -LEVEL_MAX, -1],
  ])("that takes a level %s what can be counted is refused", (_name, onHand, quantity) => {
    const decision = decideMovement(recordWith({ onHand }), movementOf({ type: "adjustment", quantity }), NOW);
    expect(decision).toMatchObject({ kind: "level-out-of-range" });
  });

  it("never writes a negative zero, which JSON and the journal would tell apart", () => {
    for (const type of ["sale", "damage", "count", "transfer-out"] as const) {
      const { events } = applied(recordWith({}), movementOf({ type, quantity: 0 }));
      expect(events.some((event) => Object.values(event).some((value) => Object.is(value, -0)))).toBe(false);
    }
  });
});

describe("a count of the past", () => {
  it("keeps what happened after it on top", () => {
    let { record } = applied(recordWith({ onHand: 10 }), movementOf({ type: "sale", quantity: 3, occurredAt: ms(NOW - 10) }));
    ({ record } = applied(record, movementOf({ type: "receipt", quantity: 5, occurredAt: ms(NOW - 30) })));
    ({ record } = applied(record, movementOf({ type: "count", quantity: 100, occurredAt: ms(NOW - 20) })));
    expect(record).toMatchObject({ onHand: 97, countedAt: NOW - 20 });
  });

  it("leaves what happened in its own millisecond on top", () => {
    let { record } = applied(recordWith({ onHand: 10 }), movementOf({ type: "sale", quantity: 3, occurredAt: ms(NOW - 20) }));
    ({ record } = applied(record, movementOf({ type: "count", quantity: 100, occurredAt: ms(NOW - 20) })));
    expect(record.onHand).toBe(97);
  });

  it("without a time includes what came before it, also in its own millisecond", () => {
    let { record } = applied(recordWith({ onHand: 10 }), movementOf({ type: "sale", quantity: 3 }));
    ({ record } = applied(record, movementOf({ type: "count", quantity: 100 })));
    expect(record.onHand).toBe(100);
    ({ record } = applied(record, movementOf({ type: "sale", quantity: 1 })));
    expect(record.onHand).toBe(99);
  });

  it("keeps shipped reservations on top as well", () => {
    const shipped = { ...applied(recordWith({ onHand: 10 }), movementOf({ type: "sale", quantity: 4 })).events[0] };
    const after = evolve(recordWith({ onHand: 10, allocated: 4 }), { ...shipped, kind: "fulfilled", allocated: -4 } as never);
    const { record } = applied(after, movementOf({ type: "count", quantity: 10, occurredAt: ms(NOW - 1) }));
    expect(record).toMatchObject({ onHand: 6, allocated: 0 });
  });

  it("remembers at most a fixed number of movements and never loses a unit of them", () => {
    let record = recordWith({});
    const many = HISTORY_MAX * 3;
    for (let i = 0; i < many; i++)
      ({ record } = applied(record, movementOf({ type: "receipt", quantity: 1, occurredAt: ms(NOW - many + i) })));
    expect(record.ledger.history).toHaveLength(2 * HISTORY_MAX);
    expect(levelOf(record.ledger)).toBe(many);
    ({ record } = applied(record, movementOf({ type: "count", quantity: 50, occurredAt: ms(NOW - 11) })));
    expect(record.onHand).toBe(61);
  });

  it("that is older than the history takes the place of what is folded, and says so", () => {
    let record = recordWith({});
    for (let i = 0; i < HISTORY_MAX + 5; i++)
      ({ record } = applied(record, movementOf({ type: "receipt", quantity: 2, occurredAt: ms(NOW - 100 + i) })));
    const { record: after, events } = applied(record, movementOf({ type: "count", quantity: 3, occurredAt: ms(NOW - 98) }));
    expect(events[0]).toMatchObject({ kind: "counted", note: "before-history", onHand: 3 - 2 * 5 });
    expect(after).toMatchObject({ onHand: 3 + 2 * HISTORY_MAX, countedAt: NOW - 98 });
  });

  it("that is older than the last count, or of its time and not lower, changes nothing and says so", () => {
    const { record } = applied(recordWith({}), movementOf({ type: "count", quantity: 7, occurredAt: ms(NOW - 5) }));
    for (const [quantity, agoMs] of [
      [3, 6],
      [8, 5],
      [7, 5],
    ] as const) {
      const { record: after, events } = applied(record, movementOf({ type: "count", quantity, occurredAt: ms(NOW - agoMs) }));
      expect(events[0]).toMatchObject({ kind: "counted", note: "before-count", onHand: 0 });
      expect(after).toMatchObject({ onHand: 7, version: 2, countedAt: NOW - 5 });
    }
  });

  it("is what is available, too", () => {
    const { record } = applied(recordWith({ onHand: 2, held: 1 }), movementOf({ type: "count", quantity: 7 }));
    expect(available(record)).toBe(6);
  });
});
