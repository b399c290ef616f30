import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EpochMs, LocationId, ReservationId, ShardId, Sku } from "../../src/base/index.ts";
import { encodeJournalRecord, entryBytesMax } from "../../src/codec/index.ts";
import type { Entry } from "../../src/shard/index.ts";

const LEVEL = fc.integer({ min: -(2 ** 50), max: 2 ** 50 });
const TIME = fc.integer({ min: 0, max: 2 ** 42 });
const TEXT = fc.string({ unit: "binary", maxLength: 80 });

const stockEntry = fc
  .record({ sku: TEXT, location: TEXT, cause: TEXT, reason: fc.option(TEXT, { nil: undefined }), level: LEVEL, at: TIME })
  .map(({ sku, location, cause, reason, level, at }): Entry => {
    const levels = { onHand: level, held: level, allocated: level, unavailable: level };
    return {
      entry: "stock",
      event: {
        kind: "sold",
        sku: sku as Sku,
        location: location as LocationId,
        version: 2 ** 40,
        at: at as EpochMs,
        occurredAt: 0 as EpochMs,
        quantity: level,
        ...levels,
        cause,
        reason,
        reference: cause,
        reverses: cause,
        note: "nothing-to-undo",
      },
      after: { ...levels, inbound: level, safetyStock: level, version: 2 ** 40, updatedAt: at as EpochMs },
    };
  });

const heldEntry = fc.record({ sku: TEXT, location: TEXT, lines: fc.integer({ min: 1, max: 40 }), at: TIME }).map(
  ({ sku, location, lines, at }): Entry => ({
    entry: "reservation",
    event: {
      kind: "held",
      id: "0mm7ju2ey00000001-8f00732c" as ReservationId,
      version: 1,
      at: at as EpochMs,
      expiresAt: 0 as EpochMs,
      mode: "all",
      lines: Array.from({ length: lines }, () => ({
        sku: sku as Sku,
        location: location as LocationId,
        requested: 2 ** 31 - 1,
        quantity: 2 ** 31 - 1,
      })),
      reference: sku,
      channel: location,
    },
  }),
);

const participationEntry = fc.record({ sku: TEXT, location: TEXT, lines: fc.integer({ min: 0, max: 40 }), at: TIME }).map(
  ({ sku, location, lines, at }): Entry => ({
    entry: "participation",
    shard: 65_535 as ShardId,
    id: "0mm7ju2ey00000001-8f00732c" as ReservationId,
    version: 2 ** 40,
    at: at as EpochMs,
    lines: Array.from({ length: lines }, () => ({
      sku: sku as Sku,
      location: location as LocationId,
      held: 2 ** 31 - 1,
      allocated: 2 ** 31 - 1,
      fulfilled: 2 ** 31 - 1,
    })),
  }),
);

const movementEntry = fc.record({ id: TEXT, sku: TEXT, at: TIME }).map(
  ({ id, sku, at }): Entry => ({
    entry: "movement",
    id,
    sku: sku as Sku,
    version: 2 ** 40,
    at: at as EpochMs,
    shard: 65_535 as ShardId,
    attempt: 2 ** 32 - 1,
    effect: { kind: "moved", location: id as LocationId, occurredAt: 0 as EpochMs, units: -(2 ** 31), isVoided: true },
  }),
);

describe("the bound on an entry's bytes", () => {
  it("is never below what the entry takes in a record", () => {
    const empty = encodeJournalRecord({ lane: "lane", epoch: 1, previous: 0, at: 0 as EpochMs, entries: [] }).length;
    fc.assert(
      fc.property(fc.oneof(stockEntry, heldEntry, participationEntry, movementEntry), (entry) => {
        const one = encodeJournalRecord({ lane: "lane", epoch: 1, previous: 0, at: 0 as EpochMs, entries: [entry] }).length;
        expect(entryBytesMax(entry)).toBeGreaterThanOrEqual(one - empty);
      }),
    );
  });
});
