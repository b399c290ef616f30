/** K1 to K3 for any history of movements and reservations, against a model as naive as can be. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ReservationId } from "../../src/base/index.ts";
import {
  available,
  decideMovement,
  evolve,
  followReservation,
  holdable,
  type Ledger,
  levelOf,
  MOVEMENT_TYPES,
  type Movement,
  movedUnits,
  type StockEvent,
  type StockRecord,
} from "../../src/stock/index.ts";
import { propertySettings } from "../fast-check.ts";
import { movementOf, ms, NOW, recordWith } from "./build.ts";

type Step =
  | { readonly do: "move"; readonly movement: Movement; readonly passMs: number }
  | { readonly do: "hold" | "confirm" | "release" | "fulfill"; readonly units: number; readonly passMs: number };

const movement = fc.record({
  type: fc.constantFrom(...MOVEMENT_TYPES),
  quantity: fc.nat(20),
  sign: fc.constantFrom(1, -1),
  agoMs: fc.option(fc.integer({ min: -5, max: 40 })),
  quarantine: fc.boolean(),
});

const steps = fc.array(
  fc.oneof(
    fc.tuple(movement, fc.nat(10)).map(([made, passMs]): Step => ({ do: "move", movement: movementFrom(made), passMs })),
    fc.record({
      do: fc.constantFrom("hold" as const, "confirm" as const, "release" as const, "fulfill" as const),
      units: fc.integer({ min: 1, max: 8 }),
      passMs: fc.nat(10),
    }),
  ),
  { maxLength: 80 },
);

function movementFrom(made: {
  type: Movement["type"];
  quantity: number;
  sign: number;
  agoMs: number | null;
  quarantine: boolean;
}): Movement {
  return movementOf({
    type: made.type,
    quantity: made.type === "adjustment" ? made.sign * made.quantity : made.quantity,
    occurredAt: made.agoMs === null ? undefined : ms(-made.agoMs),
    reason: made.quarantine ? "quarantine" : undefined,
  });
}

interface History {
  readonly records: readonly StockRecord[];
  readonly events: readonly StockEvent[];
}

function play(taken: readonly Step[]): History {
  const records = [recordWith({})];
  const events: StockEvent[] = [];
  let now = NOW as number;
  for (const step of taken) {
    now += step.passMs;
    for (const event of eventsOf(records.at(-1) as StockRecord, step, now)) {
      events.push(event);
      records.push(evolve(records.at(-1) as StockRecord, event));
    }
  }
  return { records, events };
}

function eventsOf(record: StockRecord, step: Step, now: number): readonly StockEvent[] {
  if (step.do === "move") {
    const { occurredAt } = step.movement;
    const at = occurredAt === undefined ? undefined : ms(now + occurredAt);
    const decided = decideMovement(record, { ...step.movement, occurredAt: at }, ms(now));
    return "kind" in decided ? [] : decided;
  }
  const [kind, delta] = deltaOf(record, step.do, step.units);
  return [followReservation(record, kind, delta, "r" as ReservationId, ms(now))];
}

function deltaOf(record: StockRecord, transition: "hold" | "confirm" | "release" | "fulfill", units: number) {
  const held = Math.min(units, record.held);
  const allocated = Math.min(units, record.allocated);
  if (transition === "hold") return ["held", { held: Math.min(units, holdable(record)), allocated: 0, fulfilled: 0 }] as const;
  if (transition === "confirm") return ["confirmed", { held: -held, allocated: held, fulfilled: 0 }] as const;
  if (transition === "release") return ["released", { held: -held, allocated: 0, fulfilled: 0 }] as const;
  return ["fulfilled", { held: 0, allocated: -allocated, fulfilled: allocated }] as const;
}

/** The last count that was true latest, the lowest of one time, and what happened at its time or after: everything else is history. */
function naiveOnHand(events: readonly StockEvent[]): number {
  const counts = events.filter(({ kind }) => kind === "counted");
  const since = Math.max(Number.NEGATIVE_INFINITY, ...counts.map(({ occurredAt }) => occurredAt));
  const counted = counts.filter(({ occurredAt }) => occurredAt === since).map(({ quantity }) => quantity);
  const moved = events.filter(({ occurredAt }) => occurredAt >= since).reduce((sum, event) => sum + movedUnits(event), 0);
  return (counted.length === 0 ? 0 : Math.min(...counted)) + moved;
}

function deepFrozen(ledger: Ledger): Ledger {
  return Object.freeze({ ...ledger, history: Object.freeze([...ledger.history]), waiting: Object.freeze([...ledger.waiting]) });
}

describe("a stock record", () => {
  it("K1: grows its version by one with each event", () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { records, events } = play(taken);
        expect(records.map((record) => record.version)).toEqual(records.map((_, index) => index));
        expect(events.map((event) => event.version)).toEqual(events.map((_, index) => index + 1));
      }),
      propertySettings(300),
    );
  });

  it("K2: is the sum of the deltas of its events", () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { records, events } = play(taken);
        const last = records.at(-1) as StockRecord;
        for (const level of ["onHand", "held", "allocated", "unavailable"] as const) {
          expect(last[level]).toBe(events.reduce((sum, event) => sum + event[level], 0));
        }
      }),
      propertySettings(300),
    );
  });

  it("K2: has on hand what was counted last and what happened since, while it remembers every movement", () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { records, events } = play(taken.slice(0, 30));
        expect((records.at(-1) as StockRecord).onHand).toBe(naiveOnHand(events));
      }),
      propertySettings(1_000),
    );
  });

  it("K4: has on hand what its ledger says, however long the history", () => {
    fc.assert(
      fc.property(steps, (taken) => {
        for (const record of play(taken).records) expect(levelOf(record.ledger)).toBe(record.onHand);
      }),
      propertySettings(300),
    );
  });

  it("K3: never changes once it is made", () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { records, events } = play(taken);
        const frozen = records.map((record) => Object.freeze({ ...record, ledger: deepFrozen(record.ledger) }));
        events.forEach((event, index) => {
          expect(evolve(frozen[index] as StockRecord, Object.freeze({ ...event }))).toEqual(records[index + 1]);
        });
      }),
      propertySettings(200),
    );
  });

  it("is never oversold by a hold, and says so when a movement oversells it", () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { records, events } = play(taken);
        events.forEach((event, index) => {
          const [before, after] = [records[index] as StockRecord, records[index + 1] as StockRecord];
          if (event.kind === "held" && event.held > 0) expect(available(after)).toBeGreaterThanOrEqual(0);
          const crosses = available(before) >= 0 && available(after) < 0;
          if (crosses) expect(events[index + 1]?.kind).toBe("oversold");
          if (event.kind === "oversold") expect(event.quantity).toBe(-available(after));
        });
      }),
      propertySettings(300),
    );
  });
});
