/** Any entry that a journal record may carry. */

import fc from "fast-check";
import type { EpochMs, LaneSeq, LocationId, ReservationId, ShardId, ShardOrigin, Sku } from "../../src/base/index.ts";
import type { JournalRecord } from "../../src/codec/index.ts";
import { RESERVATION_EVENT_KINDS, type ReservationChanged, type ReservationMade } from "../../src/reservation/index.ts";
import { type Entry, LOCATION_TYPES, type Location } from "../../src/shard/index.ts";
import { EFFECT_KINDS, STOCK_EVENT_KINDS, STOCK_NOTES } from "../../src/stock/index.ts";

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const sku = fc.string({ unit: "grapheme", minLength: 1, maxLength: 16 }).map((value) => value as Sku);
const place = fc.string({ unit: "grapheme", minLength: 1, maxLength: 16 }).map((value) => value as LocationId);
const reservation = fc
  .constantFrom("0mjuohs00075bcd15-deadbeef", "0mjuohs00000000001-00000000")
  .map((value) => value as ReservationId);
const quantity = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const delta = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const level = fc.oneof(delta, fc.integer({ min: -(2 ** 50), max: 2 ** 50 }));
const version = fc.integer({ min: 1, max: 2 ** 40 });
const time = fc.integer({ min: 0, max: 4_102_444_800_000 }).map((value) => value as EpochMs);
const optionalText = fc.option(text, { nil: undefined });

const stock: fc.Arbitrary<Entry> = fc
  .record({
    kind: fc.constantFrom(...STOCK_EVENT_KINDS),
    sku,
    location: place,
    version,
    at: time,
    occurredAt: time,
    quantity: fc.oneof(quantity, delta),
    onHand: delta,
    held: delta,
    allocated: delta,
    unavailable: delta,
    cause: text,
    reason: optionalText,
    reference: optionalText,
    levels: fc.tuple(level, level, level, level, level, level),
    noted: fc.record({ reverses: text, note: fc.constantFrom(...STOCK_NOTES) }, { requiredKeys: [] }),
  })
  .map(({ levels: [onHand, held, allocated, unavailable, inbound, safetyStock], noted, ...event }) => ({
    entry: "stock",
    event: { ...event, ...noted },
    after: { onHand, held, allocated, unavailable, inbound, safetyStock, version: event.version, updatedAt: event.at },
  }));

const held: fc.Arbitrary<Entry> = fc
  .record({
    kind: fc.constantFrom("held" as const, "opened" as const),
    id: reservation,
    version: fc.constant(1 as const),
    at: time,
    expiresAt: time,
    mode: fc.constantFrom("all" as const, "partial" as const),
    lines: fc.array(fc.record({ sku, location: place, requested: quantity, quantity }), { maxLength: 6 }),
    reference: optionalText,
    channel: optionalText,
  })
  .map((event): Entry => ({ entry: "reservation", event: event as ReservationMade }));

const laterKinds = RESERVATION_EVENT_KINDS.filter(
  (kind): kind is ReservationChanged["kind"] => kind !== "held" && kind !== "opened",
);

const changed: fc.Arbitrary<Entry> = fc
  .record({
    kind: fc.constantFrom(...laterKinds),
    id: reservation,
    version,
    at: time,
    expiresAt: time,
    changes: fc.array(fc.record({ line: fc.nat(499), held: delta, allocated: delta, fulfilled: delta }), { maxLength: 6 }),
    unsettled: fc.boolean(),
  })
  .map(({ unsettled, ...event }) => ({ entry: "reservation", event: unsettled ? { ...event, unsettled } : event }));

const shard = fc.nat(65_535) as fc.Arbitrary<ShardId>;

const participation: fc.Arbitrary<Entry> = fc
  .record({
    shard,
    id: reservation,
    version,
    at: time,
    lines: fc.array(fc.record({ sku, location: place, held: quantity, allocated: quantity, fulfilled: quantity }), {
      maxLength: 6,
    }),
  })
  .map((made) => ({ entry: "participation", ...made }));

const key: fc.Arbitrary<Entry> = fc
  .record({ sku, key: fc.string({ minLength: 1, maxLength: 255 }), fingerprint: text, reservation, at: time })
  .map((use) => ({ entry: "key", ...use }));

const movement: fc.Arbitrary<Entry> = fc.record({ id: text, version, at: time }).map((use) => ({ entry: "movement", ...use }));

const movementOfSku: fc.Arbitrary<Entry> = fc
  .record(
    { id: text, version: fc.oneof(version, fc.constantFrom(0, -1)), at: time, shard, sku, attempt: fc.nat(2 ** 32 - 1) },
    { requiredKeys: ["id", "version", "at", "shard", "sku"] },
  )
  .map((use) => ({ entry: "movement", ...use }));

const effect = fc.record({
  kind: fc.constantFrom(...EFFECT_KINDS),
  location: place,
  occurredAt: time,
  units: delta,
  isVoided: fc.boolean(),
});

const movementDone: fc.Arbitrary<Entry> = fc
  .record(
    { id: text, version, at: time, shard, sku, attempt: fc.nat(2 ** 32 - 1), effect },
    { requiredKeys: ["id", "version", "at", "shard", "sku", "effect"] },
  )
  .map((use) => ({ entry: "movement", ...use }));

const location: fc.Arbitrary<Entry> = fc
  .record(
    {
      id: place,
      type: fc.constantFrom(...LOCATION_TYPES),
      name: text,
      version,
      updatedAt: time,
      latitude: fc.double({ min: -90, max: 90, noNaN: true }),
      longitude: fc.double({ min: -180, max: 180, noNaN: true }),
      postalCode: text,
      country: fc.constant("DE"),
      timeZone: fc.constant("Europe/Berlin"),
      attributes: fc.dictionary(
        fc.string({ maxLength: 8 }).filter((name) => name !== "__proto__"),
        fc.jsonValue().filter((value) => !JSON.stringify(value).includes("__proto__")),
        { maxKeys: 4, noNullPrototype: true },
      ) as fc.Arbitrary<Record<string, unknown>>,
    },
    { requiredKeys: ["id", "type", "name", "version", "updatedAt"] },
  )
  .map((made) => ({ entry: "location", location: withoutNegativeZero(made) as Location }));

const origin: fc.Arbitrary<ShardOrigin> = fc.oneof(
  fc.constant({ kind: "new" } as const),
  fc.record({ kind: fc.constant("place" as const), lane: text, seq: fc.nat() as fc.Arbitrary<LaneSeq> }),
  fc.record({ kind: fc.constant("image" as const), name: text }),
);

const adopted: fc.Arbitrary<Entry> = fc
  .record({ shard, epoch: fc.nat(), origin })
  .map((adoption) => ({ entry: "adopted", ...adoption }));

const released: fc.Arbitrary<Entry> = fc
  .record({ shard, epoch: fc.nat(), to: text })
  .map((release) => ({ entry: "released", ...release }));

const barrier: fc.Arbitrary<Entry> = fc.constant({ entry: "barrier" });

/** JSON has none, so nothing that arrives has one. */
function withoutNegativeZero(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

export const anyEntry: fc.Arbitrary<Entry> = fc.oneof(
  ...[stock, held, changed, participation, key, movement, movementOfSku, movementDone, location, adopted, released, barrier],
);

export const anyRecord: fc.Arbitrary<JournalRecord> = fc.record({
  lane: text,
  epoch: fc.nat(),
  previous: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  at: time,
  entries: fc.array(anyEntry, { maxLength: 8 }),
});
