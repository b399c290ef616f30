/** How a record follows what a reservation decided for one of its lines. */

import { describe, expect, it } from "vitest";
import type { ReservationId } from "../../src/base/index.ts";
import { causeOf, evolve, followReservation, holdable, STOCK_EVENT_KINDS } from "../../src/stock/index.ts";
import { NOW, recordWith } from "./build.ts";

const ID = "r" as ReservationId;

describe("a record that follows a reservation", () => {
  it.each([
    ["held", { held: 2, allocated: 0, fulfilled: 0 }, 2, { onHand: 20, held: 7, allocated: 5 }],
    ["confirmed", { held: -2, allocated: 2, fulfilled: 0 }, 2, { onHand: 20, held: 3, allocated: 7 }],
    ["released", { held: -2, allocated: -3, fulfilled: 0 }, 5, { onHand: 20, held: 3, allocated: 2 }],
    ["expired", { held: -4, allocated: 0, fulfilled: 0 }, 4, { onHand: 20, held: 1, allocated: 5 }],
    ["fulfilled", { held: 0, allocated: -3, fulfilled: 3 }, 3, { onHand: 17, held: 5, allocated: 2 }],
  ] as const)("is %s by the units of the line", (kind, delta, quantity, after) => {
    const record = recordWith({ onHand: 20, held: 5, allocated: 5, version: 3 });
    const event = followReservation(record, kind, delta, ID, NOW);
    expect(event).toMatchObject({ kind, quantity, version: 4, cause: ID, at: NOW, occurredAt: NOW });
    expect(evolve(record, event)).toMatchObject({ ...after, version: 4, updatedAt: NOW });
  });

  it.each([
    ["what is available", { onHand: 10, held: 1, allocated: 2, unavailable: 3, safetyStock: 1 }, 3],
    ["nothing when nothing is there", {}, 0],
    ["nothing when it is oversold", { onHand: -3 }, 0],
  ])("may be held for %s", (_name, levels, units) => {
    expect(holdable(recordWith(levels))).toBe(units);
  });

  it("names a reservation or a movement as its cause, for every kind of event", () => {
    expect(STOCK_EVENT_KINDS.filter((kind) => causeOf(kind) === "reservation")).toEqual([
      "held",
      "released",
      "expired",
      "confirmed",
      "fulfilled",
    ]);
  });
});
