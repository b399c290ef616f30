/** Snapshot values come back as they were written; those of earlier releases are read. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EpochMs, LocationId, ReservationId, Sku } from "../../src/base/index.ts";
import {
  decodeMovementUse,
  decodeParticipation,
  decodeReservation,
  encodeMovementUse,
  encodeParticipation,
  encodeReservation,
} from "../../src/codec/index.ts";
import type { Participation, Reservation } from "../../src/reservation/index.ts";
import type { MovementUse } from "../../src/shard/index.ts";
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

  it("of a movement's id of the first release has no SKU", () => {
    const bytes = encodeMovementUse({ version: 7, at: 5 as EpochMs });
    expect(decodeMovementUse(bytes, "m")).toEqual({ version: 7, at: 5, sku: undefined, attempt: undefined });
  });
});
