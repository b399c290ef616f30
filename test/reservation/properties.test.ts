/** R1 to R3 for any sequence of transitions, against a bag of units that each are in one place. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EpochMs } from "../../src/base/index.ts";
import {
  decideTransition,
  evolveReservation,
  heldUnits,
  type Reservation,
  statusOf,
  type Transition,
} from "../../src/reservation/index.ts";
import { propertySettings } from "../fast-check.ts";
import { fresh, isEvent, MADE, part } from "./build.ts";

const parts = fc.option(
  fc.array(
    fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 1, max: 4 })).map(([sku, units]) => part(sku, units)),
    { minLength: 1, maxLength: 4 },
  ),
  { nil: undefined },
);

const transition: fc.Arbitrary<Transition> = fc.oneof(
  fc.record({ kind: fc.constantFrom("confirm" as const, "release" as const, "fulfill" as const), lines: parts }),
  fc.record({ kind: fc.constant("extend" as const), ttlMs: fc.integer({ min: 1, max: 900_000 }) }),
  fc.constant({ kind: "expire" } as const),
);

const story = fc.record({
  quantities: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
  steps: fc.array(fc.record({ transition, passMs: fc.nat(400_000) }), { maxLength: 25 }),
});

type Place = "held" | "allocated" | "fulfilled" | "back";

/** One entry a unit: where it is. The model of a line. */
type Bag = Place[];

const MOVES: Readonly<Record<string, (bag: Bag, units: number) => void>> = {
  confirmed: (bag, units) => move(bag, units, ["held"], "allocated"),
  released: (bag, units) => move(bag, units, ["held", "allocated"], "back"),
  fulfilled: (bag, units) => move(bag, units, ["allocated"], "fulfilled"),
  expired: (bag, units) => move(bag, units, ["held"], "back"),
  extended: () => undefined,
};

function move(bag: Bag, units: number, from: readonly Place[], to: Place): void {
  for (let left = units; left > 0; left--) {
    const place = from.find((each) => bag.includes(each));
    if (place === undefined) throw new Error(`no unit left to move to ${to}`);
    bag[bag.indexOf(place)] = to;
  }
}

function count(bag: Bag, place: Place): number {
  return bag.filter((each) => each === place).length;
}

interface Told {
  readonly quantities: readonly number[];
  readonly steps: readonly { readonly transition: Transition; readonly passMs: number }[];
}

/** Plays a story; `see` is shown every reservation with the bags that should be equal to it. */
function play({ quantities, steps }: Told, see: (after: Reservation, bags: readonly Bag[], before: Reservation) => void): void {
  let reservation = fresh(...quantities);
  const bags = quantities.map((quantity): Bag => new Array<Place>(quantity).fill("held"));
  let now = MADE as number;
  for (const step of steps) {
    now += step.passMs;
    const decision = decideTransition(reservation, step.transition, now as EpochMs);
    if (!isEvent(decision)) continue;
    for (const { line, held, allocated, fulfilled } of decision.changes) {
      const units = Math.max(allocated, fulfilled, 0 - held - allocated);
      MOVES[decision.kind]?.(bags[line] as Bag, units);
    }
    const before = reservation;
    reservation = evolveReservation(reservation, decision);
    see(reservation, bags, before);
  }
}

describe("a reservation", () => {
  it("R1: has every unit in exactly one place", () => {
    fc.assert(
      fc.property(story, (told) => {
        play(told, (reservation, bags) => {
          reservation.lines.forEach((line, index) => {
            const bag = bags[index] as Bag;
            const { held, allocated, fulfilled } = line;
            expect({ held, allocated, fulfilled }).toEqual({
              held: count(bag, "held"),
              allocated: count(bag, "allocated"),
              fulfilled: count(bag, "fulfilled"),
            });
            expect(held + allocated + fulfilled).toBeLessThanOrEqual(line.quantity);
          });
        });
      }),
      propertySettings(1_000),
    );
  });

  it("R2: has a status that follows from its units and its last transition", () => {
    fc.assert(
      fc.property(story, (told) => {
        play(told, (reservation, bags) => {
          const places = new Set(bags.flat());
          const status = statusOf(reservation);
          if (places.has("held")) expect(status).toBe("held");
          else if (places.has("allocated")) expect(status).toBe("confirmed");
          else expect(status).toBe(reservation.lastTransition);
        });
      }),
      propertySettings(500),
    );
  });

  it("R3: grows its version by one with each event and never changes once it is made", () => {
    fc.assert(
      fc.property(story, (told) => {
        play(told, (after, _bags, before) => {
          expect(after.version).toBe(before.version + 1);
          const copy = structuredClone(before);
          for (const kind of ["confirm", "release", "fulfill", "expire"] as const)
            decideTransition(before, { kind }, after.updatedAt);
          expect(before).toEqual(copy);
        });
      }),
      propertySettings(300),
    );
  });

  it("answers a repeat of a whole transition with nothing to do, never with a second effect", () => {
    fc.assert(
      fc.property(story, fc.constantFrom("confirm" as const, "release" as const, "expire" as const), (told, kind) => {
        play(told, (reservation) => {
          const now = (reservation.updatedAt + 1) as EpochMs;
          const decision = decideTransition(reservation, { kind }, now);
          if (!isEvent(decision)) return;
          const again = decideTransition(evolveReservation(reservation, decision), { kind }, now);
          expect(again === undefined || !isEvent(again)).toBe(true);
        });
      }),
      propertySettings(300),
    );
  });

  it("holds nothing once it has expired", () => {
    fc.assert(
      fc.property(story, (told) => {
        play(told, (reservation) => {
          const decision = decideTransition(reservation, { kind: "expire" }, reservation.expiresAt);
          const after = isEvent(decision) ? evolveReservation(reservation, decision) : reservation;
          expect(heldUnits(after)).toBe(0);
        });
      }),
      propertySettings(300),
    );
  });
});
