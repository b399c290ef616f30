/** Answers: the text of a reservation is its view, whatever is in it. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyMovements,
  availabilityView,
  locationsView,
  reservationJson,
  reservationView,
  stockView,
} from "../../src/api/contract/index.ts";
import type { EpochMs, LocationId, Sku } from "../../src/base/index.ts";
import type { Reservation } from "../../src/reservation/index.ts";
import type { Location } from "../../src/shard/index.ts";
import { STUB_ID, StubGrid, stubRecord } from "./nats-stub-grid.ts";

const units = fc.nat({ max: 2_147_483_647 });
const at = fc.integer({ min: 0, max: 253_402_300_799_999 }).map((ms) => ms as EpochMs);
const text = fc.string({ unit: "binary", minLength: 1, maxLength: 64 });

const reservations: fc.Arbitrary<Reservation> = fc.record({
  id: fc.constant(STUB_ID),
  version: fc.nat(),
  mode: fc.constantFrom("all" as const, "partial" as const),
  lastTransition: fc.constantFrom("held" as const, "released" as const),
  stage: fc.constant("standing" as const),
  unsettled: fc.boolean(),
  createdAt: at,
  expiresAt: at,
  updatedAt: at,
  reference: fc.option(text, { nil: undefined }),
  channel: fc.option(text, { nil: undefined }),
  lines: fc.array(
    fc.record({
      sku: text.map((it) => it as Sku),
      location: text.map((it) => it as LocationId),
      requested: units,
      quantity: units,
      held: units,
      allocated: units,
      fulfilled: units,
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

describe("the text of a reservation", () => {
  it("equals JSON of its view", () => {
    fc.assert(
      fc.property(reservations, (reservation) => {
        expect(reservationJson(reservation)).toBe(JSON.stringify(reservationView(reservation)));
      }),
    );
  });
});

describe("a view", () => {
  it("of stock sums the levels of its records", () => {
    const records = ["dc", "shop"].map((location) => stubRecord("A" as Sku, location as LocationId));
    const view = stockView("A", records);
    expect(view.totals).toEqual({ onHand: 80, held: 4, allocated: 0, unavailable: 0, inbound: 0, safetyStock: 0, available: 76 });
    expect(view.records[0]).toMatchObject({ available: 38, version: 3, updatedAt: "2026-01-02T03:04:05.678Z" });
    expect(availabilityView(records).items[1]).toEqual({ sku: "A", location: "shop", available: 38, version: 3 });
  });

  it("of locations names the next page only when there is one", () => {
    const found = ["a", "b", "c"].map((id) => ({ id, type: "dc", name: id, version: 1, updatedAt: 0 }) as Location);
    expect(locationsView(found, 2).next).toBe("b");
    expect(locationsView(found, 3)).not.toHaveProperty("next");
    expect(locationsView([], 3)).toEqual({ items: [] });
  });
});

describe("a list of movements", () => {
  const MOVE = { id: "1", type: "receipt", sku: "A", location: "dc", quantity: 1 };
  const outcomeOf = (grid: StubGrid, items: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve) => applyMovements(grid, items, resolve));

  it("is answered item by item in the order given", async () => {
    const items = [MOVE, { id: "2" }, 7, { ...MOVE, id: "4" }];
    const outcome = (await outcomeOf(new StubGrid(), items)) as { results: { id: unknown; status: string }[] };
    expect(outcome.results.map(({ id, status }) => [id, status])).toEqual([
      ["1", "applied"],
      ["2", "rejected"],
      [null, "rejected"],
      ["4", "applied"],
    ]);
  });

  it("that is empty is answered at once", async () => {
    expect(await outcomeOf(new StubGrid(), [])).toEqual({ results: [] });
  });

  it("that met nothing but a full queue is that problem as a whole", async () => {
    const grid = new StubGrid();
    grid.onMove = () => ({ kind: "fault", code: "too-many-requests", retryAfterMs: 10, detail: "full" });
    expect(await outcomeOf(grid, [MOVE, MOVE])).toMatchObject({ status: 429, retryAfterSeconds: 1 });
    expect(await outcomeOf(grid, [MOVE, 7])).toMatchObject({ results: [{ status: "rejected" }, { status: "rejected" }] });
  });
});
