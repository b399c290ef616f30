/** L7 to L11: what reverses, what waits, and how a wait ends. */

import { describe, expect, it } from "vitest";
import type { EpochMs } from "../../src/base/index.ts";
import { type Movement, type StockEvent, WAITING_MAX } from "../../src/stock/index.ts";
import { ARRIVALS_BEGIN, HERE, SKU, THERE, World } from "./world.ts";

const MINUTE_MS = 60_000;

function given(id: string, type: Movement["type"], quantity: number, more: Partial<Movement> = {}): Movement {
  return { id, type, sku: SKU, location: HERE, quantity, ...more };
}

function eventsOf(world: World): StockEvent[] {
  return world.entries.flatMap((entry) => (entry.entry === "stock" ? [entry.event] : []));
}

function moved(...movements: readonly Movement[]): World {
  const world = new World();
  for (const movement of movements) world.move(movement);
  return world;
}

describe("L7: a void", () => {
  it("undoes the movement it names, at the time of that movement, whatever its own quantity", () => {
    const at = 5_000 as EpochMs;
    const sale = given("s", "sale", 3, { occurredAt: at });
    const world = moved(
      given("r", "receipt", 9, { occurredAt: 1_000 as EpochMs }),
      sale,
      given("v", "void", 77, { reverses: "s" }),
    );
    expect(world.record().onHand).toBe(9);
    expect(eventsOf(world).at(-1)).toMatchObject({
      kind: "voided",
      cause: "v",
      reverses: "s",
      quantity: 3,
      onHand: 3,
      occurredAt: at,
    });
  });

  it("of a movement from before the last count leaves onHand, and says so", () => {
    const sale = given("s", "sale", 3, { occurredAt: 5_000 as EpochMs });
    const world = moved(sale, given("c", "count", 4, { occurredAt: 6_000 as EpochMs }), given("v", "void", 0, { reverses: "s" }));
    expect(world.record().onHand).toBe(4);
    expect(eventsOf(world).at(-1)).toMatchObject({ kind: "voided", quantity: 3, onHand: 0, note: "before-count" });
  });

  it("of a count brings back what was before it", () => {
    const receipt = given("r", "receipt", 9, { occurredAt: 1_000 as EpochMs });
    const count = given("c", "count", 4, { occurredAt: 6_000 as EpochMs });
    const sale = given("s", "sale", 1, { occurredAt: 7_000 as EpochMs });
    const world = moved(receipt, count, sale, given("v", "void", 0, { reverses: "c" }));
    expect(world.record()).toMatchObject({ onHand: 8, countedAt: 0 });
    expect(eventsOf(world).at(-1)).toMatchObject({ kind: "count-voided", quantity: 4, onHand: 5 });
  });

  it("L8: undoes it once", () => {
    const world = moved(
      given("s", "sale", 3),
      given("v", "void", 3, { reverses: "s" }),
      given("w", "void", 3, { reverses: "s" }),
    );
    expect(world.record()).toMatchObject({ onHand: 0, version: 4 });
    expect(eventsOf(world).at(-1)).toMatchObject({ kind: "voided", cause: "w", quantity: 0, onHand: 0, note: "nothing-to-undo" });
  });

  it.each([
    ["a movement of another location", given("s", "sale", 3, { location: THERE })],
    ["a pick", given("s", "pick", 3)],
    ["a void", given("s", "void", 3, { reverses: "other" })],
  ])("of %s changes nothing, also when it came first", (_name, named) => {
    const voiding = given("v", "void", 3, { reverses: "s" });
    for (const order of [
      [named, voiding],
      [voiding, named],
    ]) {
      const world = moved(given("other", "sale", 5), ...order);
      expect(eventsOf(world).find(({ kind, cause }) => kind === "voided" && cause === "v")).toMatchObject({
        onHand: 0,
        note: "nothing-to-undo",
      });
    }
  });

  it("without a name has nothing to undo", () => {
    expect(eventsOf(moved(given("v", "void", 3)))).toMatchObject([{ kind: "voided", onHand: 0, note: "unmatched" }]);
  });
});

describe("L9: a reversal that comes first", () => {
  it("is pending, changes nothing but the version, and is settled with its movement", () => {
    const world = new World();
    expect(world.move(given("v", "void", 3, { reverses: "s" }))).toEqual({ kind: "pending", version: 1 });
    expect(world.record()).toMatchObject({ onHand: 0, version: 1 });
    expect(world.move(given("s", "sale", 3))).toEqual({ kind: "applied", version: 2 });
    expect(eventsOf(world).map(({ kind }) => kind)).toEqual(["void-pending", "sold", "oversold", "voided"]);
    expect(world.record()).toMatchObject({ onHand: 0, version: 4, ledger: { waiting: [] } });
  });

  it("is a duplicate when it comes again, while it waits and after", () => {
    const world = new World();
    const voiding = given("v", "void", 3, { reverses: "s" });
    world.move(voiding);
    expect(world.move(voiding)).toEqual({ kind: "duplicate", version: 1 });
    world.move(given("s", "sale", 3));
    expect(world.move(voiding)).toEqual({ kind: "duplicate", version: 1 });
    expect(world.record().onHand).toBe(0);
  });

  it("at another location waits for the sale of the same SKU: a return to another store", () => {
    const world = new World();
    expect(world.move(given("r", "return", 1, { reverses: "s", location: THERE })).kind).toBe("pending");
    world.move(given("s", "sale", 3));
    expect(world.record(THERE)).toMatchObject({ onHand: 1, version: 2, ledger: { waiting: [] } });
  });

  it("keeps the time at which it happened", () => {
    const world = new World();
    world.move(given("r", "return", 2, { reverses: "s", occurredAt: 9_000 as EpochMs, reason: "too small", reference: "rma-1" }));
    world.move(given("c", "count", 10, { occurredAt: 8_000 as EpochMs }));
    world.move(given("s", "sale", 3, { occurredAt: 7_000 as EpochMs }));
    expect(world.record().onHand).toBe(12);
    expect(eventsOf(world).at(-1)).toMatchObject({
      kind: "returned",
      occurredAt: 9_000,
      reason: "too small",
      reference: "rma-1",
    });
  });

  it("is settled with what it waits for, when that waited too", () => {
    const world = moved(given("v", "void", 2, { reverses: "r" }), given("r", "return", 2, { reverses: "s" }));
    expect(world.record().ledger.waiting).toHaveLength(2);
    world.move(given("s", "sale", 5));
    expect(world.record()).toMatchObject({ onHand: -5, ledger: { waiting: [] } });
  });

  it("of a type that does not wait only names what it follows from", () => {
    const world = new World();
    expect(world.move(given("p", "ship", 2, { reverses: "pick-1" })).kind).toBe("applied");
    expect(eventsOf(world)[0]).toMatchObject({ kind: "shipped", reverses: "pick-1", onHand: -2 });
  });
});

describe("L10: what has waited long enough", () => {
  it("is applied as unmatched: a return adds its quantity, a void nothing", () => {
    const world = moved(given("v", "void", 3, { reverses: "s" }), given("r", "return", 2, { reverses: "s" }));
    world.now = (ARRIVALS_BEGIN + MINUTE_MS - 1) as EpochMs;
    world.settleOverdue(MINUTE_MS);
    expect(world.record().ledger.waiting).toHaveLength(2);
    world.now = (ARRIVALS_BEGIN + MINUTE_MS) as EpochMs;
    world.settleOverdue(MINUTE_MS);
    expect(world.record()).toMatchObject({ onHand: 2, version: 4, ledger: { waiting: [] } });
    expect(eventsOf(world).slice(2)).toMatchObject([
      { kind: "returned", cause: "r", onHand: 2, note: "unmatched" },
      { kind: "voided", cause: "v", onHand: 0, note: "unmatched" },
    ]);
  });

  it("settles what waited for it, too", () => {
    const world = moved(given("r", "return", 2, { reverses: "s" }), given("v", "void", 2, { reverses: "r" }));
    world.now = (ARRIVALS_BEGIN + MINUTE_MS) as EpochMs;
    world.settleOverdue(MINUTE_MS);
    expect(world.record()).toMatchObject({ onHand: 0, version: 4, ledger: { waiting: [] } });
  });
});

describe("L11: at most a fixed number of reversals wait in a record", () => {
  it("one more, and the one that waited longest is applied as unmatched", () => {
    const world = new World();
    for (let n = 0; n <= WAITING_MAX; n++) {
      world.now = (ARRIVALS_BEGIN + n) as EpochMs;
      // The ids sort the other way round.
      const result = world.move(given(`r-${99 - n}`, "return", 1, { reverses: `s-${n}` }));
      expect(result).toMatchObject({ kind: "pending", version: n < WAITING_MAX ? n + 1 : n + 2 });
    }
    const { onHand, ledger } = world.record();
    expect([onHand, ledger.waiting.length]).toEqual([1, WAITING_MAX]);
    expect(eventsOf(world).slice(-2)).toMatchObject([
      { kind: "returned", cause: "r-99", note: "unmatched" },
      { kind: "return-pending" },
    ]);
  });
});

describe("the entries of a shard in which something waits and is settled", () => {
  it("come to the same when they are read", () => {
    const world = moved(
      given("v", "void", 3, { reverses: "s" }),
      given("r", "return", 2, { reverses: "t" }),
      given("s", "sale", 3),
      given("c", "count", 8, { occurredAt: 4_000 as EpochMs }),
    );
    const read = world.replayed();
    expect(read.record()).toEqual(world.record());
    expect(read.move(given("t", "sale", 5)).kind).toBe("applied");
    expect(read.record().ledger.waiting).toEqual([]);
  });
});
