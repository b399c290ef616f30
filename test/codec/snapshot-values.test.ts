/** Snapshot values come back as they were written; those of earlier releases are read. */

import fc from "fast-check";
import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import type { EpochMs, LocationId, ReservationId, Sku } from "../../src/base/index.ts";
import {
  decodeMovementUse,
  decodeParticipation,
  decodeReservation,
  decodeStockRecord,
  encodeMovementUse,
  encodeParticipation,
  encodeReservation,
  encodeStockRecord,
  isWaitingRecord,
} from "../../src/codec/index.ts";
import type { Participation, Reservation } from "../../src/reservation/index.ts";
import type { MovementUse } from "../../src/shard/index.ts";
import { EFFECT_KINDS, EMPTY_LEDGER, emptyRecord, levelOf, type StockRecord } from "../../src/stock/index.ts";
import { propertySettings } from "../fast-check.ts";

const id = "0mjuohs00075bcd15-deadbeef" as ReservationId;
const units = fc.nat(2 ** 31 - 1);
const time = fc.nat(2 ** 42) as fc.Arbitrary<EpochMs>;
const sku = fc.string({ minLength: 1, maxLength: 8 }) as fc.Arbitrary<Sku>;
const location = fc.string({ minLength: 1, maxLength: 8 }) as fc.Arbitrary<LocationId>;
const levels = { sku, location, held: units, allocated: units, fulfilled: units };

const reservation: fc.Arbitrary<Reservation> = fc.record({
  id: fc.constant(id),
  version: fc.nat(),
  mode: fc.constantFrom("all" as const, "partial" as const),
  createdAt: time,
  expiresAt: time,
  updatedAt: time,
  lastTransition: fc.constantFrom("held" as const, "released" as const),
  stage: fc.constantFrom("opening" as const, "standing" as const, "refused" as const),
  unsettled: fc.boolean(),
  reference: fc.option(fc.string(), { nil: undefined }),
  channel: fc.option(fc.string(), { nil: undefined }),
  lines: fc.array(fc.record({ ...levels, requested: units, quantity: units }), { maxLength: 4 }),
});

const participation: fc.Arbitrary<Participation> = fc.record({
  id: fc.constant(id),
  version: fc.nat(),
  at: time,
  lines: fc.array(fc.record(levels), { maxLength: 4 }),
});

const use: fc.Arbitrary<MovementUse> = fc
  .record({ version: fc.integer({ min: -1 }), at: time, sku, attempt: fc.option(fc.nat(), { nil: undefined }) })
  .map((made) => made);

const effect = fc.record({
  kind: fc.constantFrom(...EFFECT_KINDS),
  location,
  occurredAt: time,
  units: fc.integer(),
  isVoided: fc.boolean(),
});

const waiting = fc.record({
  id: fc.string(),
  type: fc.constantFrom("void" as const, "return" as const),
  reverses: fc.string(),
  quantity: units,
  occurredAt: time,
  since: time,
  reason: fc.option(fc.string(), { nil: undefined }),
  reference: fc.option(fc.string(), { nil: undefined }),
});

const half = time.map((at) => at - 0.5);
const record: fc.Arbitrary<StockRecord> = fc
  .record({
    onHand: fc.integer(),
    held: units,
    allocated: units,
    unavailable: units,
    inbound: units,
    safetyStock: units,
    version: fc.nat(),
    updatedAt: time,
    countedAt: time,
    ledger: fc.record({
      history: fc.array(fc.tuple(fc.oneof(time, half), fc.integer()), { maxLength: 5 }).map((entries) => entries.flat()),
      base: fc.integer(),
      foldedTo: fc.oneof(time, half, fc.constant(-1)),
      foldedCount: fc.oneof(time, fc.constant(-1)),
      waiting: fc.array(waiting, { maxLength: 3 }),
    }),
  })
  .map((levelsAndLedger) => ({ ...emptyRecord("s" as Sku, "l" as LocationId), ...levelsAndLedger }));

/** The first format of a record: its levels, and the moves since the last count. */
function firstFormat(fields: readonly number[]): Uint8Array {
  return Uint8Array.of(1, ...new Packr({ useRecords: false }).pack(fields));
}

describe("a value of the snapshot", () => {
  it("of a reservation comes back as it was written, at every stage", () => {
    fc.assert(
      fc.property(reservation, (value) => {
        expect(decodeReservation(encodeReservation(value), id)).toEqual(value);
      }),
      propertySettings(300),
    );
  });

  it("of a settled reservation is of the first format, so that an older release reads it", () => {
    const value = { ...(fc.sample(reservation, 1)[0] as Reservation), stage: "standing" as const, unsettled: false };
    expect(encodeReservation(value)[0]).toBe(1);
  });

  it("of a participation comes back as it was written", () => {
    fc.assert(
      fc.property(participation, (value) => {
        expect(decodeParticipation(encodeParticipation(value), id)).toEqual(value);
      }),
      propertySettings(300),
    );
  });

  it("of a movement's id comes back as it was written", () => {
    fc.assert(
      fc.property(use, (value) => {
        expect(decodeMovementUse(encodeMovementUse(value), "m")).toEqual(value);
      }),
      propertySettings(300),
    );
  });

  it("of a movement's id comes back with what the movement did", () => {
    fc.assert(
      fc.property(use, effect, (value, did) => {
        const done = { ...value, effect: did };
        expect(decodeMovementUse(encodeMovementUse(done), "m")).toEqual(done);
      }),
      propertySettings(300),
    );
  });

  it.each([{ onHand: 3 }, { countedAt: 1 }])("of a record with %j and an empty ledger keeps it empty", (levels) => {
    const value = { ...emptyRecord("s" as Sku, "l" as LocationId), ...levels } as StockRecord;
    expect(decodeStockRecord(encodeStockRecord(value), value.sku, value.location)).toEqual(value);
  });

  it("of a stock record comes back as it was written, and shows whether something waits", () => {
    fc.assert(
      fc.property(record, (value) => {
        const bytes = encodeStockRecord(value);
        expect(decodeStockRecord(bytes, value.sku, value.location)).toEqual(value);
        expect(isWaitingRecord(bytes)).toBe(value.ledger.waiting.length > 0);
      }),
      propertySettings(300),
    );
  });

  it("of a stock record without a history is of the first format, so that it costs nothing and an older release reads it", () => {
    const value = { ...emptyRecord("s" as Sku, "l" as LocationId), version: 3, held: 1 };
    const bytes = encodeStockRecord(value);
    expect(bytes[0]).toBe(1);
    expect(decodeStockRecord(bytes, value.sku, value.location)).toEqual(value);
    expect(decodeStockRecord(bytes, value.sku, value.location).ledger).toBe(EMPTY_LEDGER);
  });

  it("of a stock record of the first release has a ledger that comes to its level", () => {
    const plain = decodeStockRecord(firstFormat([7, 0, 0, 0, 0, 0, 2, 90, 0, 50, 5, 60, 2]), "s" as Sku, "l" as LocationId);
    expect(plain.ledger).toEqual({ ...EMPTY_LEDGER, history: [50, 5, 60, 2] });
    const counted = decodeStockRecord(firstFormat([7, 0, 0, 0, 0, 0, 2, 90, 40, 40, -5, 60, 2]), "s" as Sku, "l" as LocationId);
    expect(counted.ledger).toMatchObject({ base: 10, foldedTo: 39.5, foldedCount: 40, history: [40, -5, 60, 2] });
    const moves = Array.from({ length: 32 }, (_, n) => [100 + n, 1]).flat();
    const full = decodeStockRecord(firstFormat([40, 0, 0, 0, 0, 0, 9, 90, 0, ...moves]), "s" as Sku, "l" as LocationId);
    expect(full.ledger).toMatchObject({ base: 9, foldedTo: 100, history: moves.slice(2) });
    for (const { ledger, onHand } of [plain, counted, full]) expect(levelOf(ledger)).toBe(onHand);
  });

  it("of a movement's id of the first release has no SKU", () => {
    const bytes = encodeMovementUse({ version: 7, at: 5 as EpochMs });
    expect(decodeMovementUse(bytes, "m")).toEqual({ version: 7, at: 5, sku: undefined, attempt: undefined });
  });
});
