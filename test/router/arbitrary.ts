/** Any command and any answer that may travel between members. */

import fc from "fast-check";
import type { EpochMs, FaultCode, LocationId, ReservationId, ShardId, Sku } from "../../src/base/index.ts";
import type { Reservation } from "../../src/reservation/index.ts";
import type { Answer, Command } from "../../src/router/command.ts";
import { MOVEMENT_TYPES, type StockRecord, type Waiting } from "../../src/stock/index.ts";

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const optionalText = fc.option(text, { nil: undefined });
const sku = fc.string({ unit: "grapheme", minLength: 1, maxLength: 16 }) as fc.Arbitrary<string> as fc.Arbitrary<Sku>;
const place = fc.string({ unit: "grapheme", minLength: 1, maxLength: 16 }) as fc.Arbitrary<string> as fc.Arbitrary<LocationId>;
const id = fc.constantFrom(
  "0mjuohs00075bcd15-deadbeef",
  "0mjuohs00000000001-00000000",
) as fc.Arbitrary<string> as fc.Arbitrary<ReservationId>;
const shard = fc.nat(65_535) as fc.Arbitrary<number> as fc.Arbitrary<ShardId>;
const units = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const level = fc.oneof(fc.integer(), fc.integer({ min: -(2 ** 50), max: 2 ** 50 }));
const version = fc.integer({ min: 1, max: 2 ** 40 });
const time = fc.integer({ min: 0, max: 4_102_444_800_000 }) as fc.Arbitrary<number> as fc.Arbitrary<EpochMs>;
const mode = fc.constantFrom("all" as const, "partial" as const);
const parts = fc.array(fc.record({ sku, location: place, quantity: units }), { minLength: 1, maxLength: 5 });
const idempotency = fc.option(fc.record({ key: fc.string({ minLength: 1 }), fingerprint: text }), { nil: undefined });
const strict = fc.boolean();

const transition = fc.constantFrom("confirm" as const, "release" as const, "extend" as const, "fulfill" as const);
const movement = fc.record({
  id: text,
  type: fc.constantFrom(...MOVEMENT_TYPES),
  sku,
  location: place,
  quantity: level,
  occurredAt: fc.option(time, { nil: undefined }),
  reason: optionalText,
  reference: optionalText,
  toLocation: fc.option(place, { nil: undefined }),
  reverses: optionalText,
});
const followed = fc.record({ sku, location: place, held: units, allocated: units, fulfilled: units });

export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc
    .record({ lines: parts, mode, ttlMs: units, reference: optionalText, channel: optionalText, idempotency })
    .map((reserve) => ({ op: "reserve" as const, reserve })),
  fc
    .record({
      id,
      transition,
      lines: fc.option(parts, { nil: undefined }),
      ttlMs: fc.option(units, { nil: undefined }),
      idempotency,
    })
    .map((transit) => ({ op: "transit" as const, transit })),
  movement.map((made) => ({ op: "move" as const, movement: made })),
  id.map((wanted) => ({ op: "reservation" as const, id: wanted })),
  fc.record({ sku, strict }).map((read) => ({ op: "stock" as const, ...read })),
  fc.record({ sku, location: place, strict }).map((read) => ({ op: "record" as const, ...read })),
  fc
    .record({
      skus: fc.array(sku, { minLength: 1, maxLength: 4 }),
      locations: fc.option(fc.array(place, { maxLength: 3 }), { nil: undefined }),
    })
    .map((read) => ({ op: "availability" as const, ...read })),
  fc
    .record({ shard, ask: fc.record({ id, mode, expiresAt: time, lines: parts }) })
    .map((hold) => ({ op: "hold" as const, ...hold })),
  fc
    .record({
      shard,
      ask: fc.record({
        id,
        version,
        kind: fc.constantFrom(
          "held" as const,
          "confirmed" as const,
          "released" as const,
          "expired" as const,
          "fulfilled" as const,
        ),
        lines: fc.array(followed, { maxLength: 4 }),
      }),
    })
    .map((follow) => ({ op: "follow" as const, ...follow })),
  fc.record({
    op: fc.constantFrom("claimMovement" as const, "freeMovement" as const),
    shard,
    ask: fc.record({ id: text, sku, attempt: fc.nat() }),
  }),
);

const reservation: fc.Arbitrary<Reservation> = fc.record({
  id,
  version,
  lines: fc.array(
    fc.record({ sku, location: place, requested: units, quantity: units, held: units, allocated: units, fulfilled: units }),
    { maxLength: 4 },
  ),
  mode,
  createdAt: time,
  expiresAt: time,
  updatedAt: time,
  lastTransition: fc.constantFrom(
    "held" as const,
    "confirmed" as const,
    "released" as const,
    "expired" as const,
    "fulfilled" as const,
  ),
  reference: optionalText,
  channel: optionalText,
  stage: fc.constantFrom("opening" as const, "standing" as const, "refused" as const),
  unsettled: fc.boolean(),
});

const waiting: fc.Arbitrary<Waiting> = fc.record({
  id: text,
  type: fc.constantFrom("void" as const, "return" as const),
  reverses: text,
  quantity: units,
  occurredAt: time,
  since: time,
  reason: optionalText,
  reference: optionalText,
});

const record: fc.Arbitrary<StockRecord> = fc.record({
  sku,
  location: place,
  onHand: level,
  held: level,
  allocated: level,
  unavailable: level,
  inbound: level,
  safetyStock: level,
  version,
  updatedAt: time,
  countedAt: time,
  ledger: fc.record({
    history: fc.array(fc.tuple(time, level), { maxLength: 4 }).map((entries) => entries.flat()),
    base: level,
    foldedTo: fc.oneof(time, fc.constant(-1)),
    foldedCount: fc.oneof(time, fc.constant(-1)),
    waiting: fc.array(waiting, { maxLength: 2 }),
  }),
});

const shortages = fc.array(fc.record({ sku, location: place, requested: units, available: level }), { maxLength: 4 });
const REFUSALS = [
  "idempotency-key-reused",
  "not-found",
  "reservation-expired",
  "reservation-released",
  "conflict",
  "level-out-of-range",
] as const;
const FAULTS: readonly FaultCode[] = ["too-many-requests", "not-ready", "outcome-unknown", "not-owner"];

export const anyAnswer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ kind: fc.constant("fault" as const), code: fc.constantFrom(...FAULTS), retryAfterMs: units, detail: text }),
  fc.record({ kind: fc.constant("reserved" as const), reservation, repeated: fc.boolean() }),
  fc.record({ kind: fc.constant("insufficient-stock" as const), shortages }),
  fc.record({ kind: fc.constantFrom(...REFUSALS), detail: text }),
  fc.record({ kind: fc.constant("reservation" as const), reservation }),
  fc.record({ kind: fc.constantFrom("applied" as const, "duplicate" as const), version }),
  fc.record({ kind: fc.constant("read" as const), value: fc.option(reservation, { nil: undefined }) }),
  fc.record({ kind: fc.constant("read" as const), value: fc.array(record, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant("read" as const), value: record }),
  fc.record({ kind: fc.constant("granted" as const), quantities: fc.array(units, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant("refused" as const), shortages }),
  fc.record({ kind: fc.constantFrom("overtaken" as const, "followed" as const, "claimed" as const) }),
);
