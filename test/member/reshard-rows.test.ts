/** Rows under another number of shards: everything where its hash leads, nothing twice, nothing lost (G1, G2). */

import { describe, expect, it } from "vitest";
import { type EpochMs, hash32, type LocationId, type ShardId, type Sku, shardOfHash } from "../../src/base/index.ts";
import {
  decodeMovementUse,
  decodeParticipation,
  encodeMovementUse,
  encodeReservation,
  encodeStockRecord,
  movementKey,
  recordKey,
  reservationKey,
} from "../../src/codec/index.ts";
import { reshardRow, strongerMovement } from "../../src/member/index.ts";
import { formatReservationId, type Reservation } from "../../src/reservation/index.ts";
import { emptyRecord } from "../../src/stock/index.ts";

const FROM = 16;
const TO = 5;
const UK = "uk" as LocationId;
const AT = 1_000 as EpochMs;
const SKUS = Array.from({ length: 40 }, (_, index) => `sku-${index}` as Sku);
const shardIn = (text: string, shards: number): ShardId => shardOfHash(hash32(text), shards);

function reservation(skus: readonly Sku[], more: Partial<Reservation> = {}): Reservation {
  const id = formatReservationId(AT, 1, hash32(skus[0] ?? ""));
  const lines = skus.map((sku, index) => ({
    ...{ sku, location: UK, requested: 3, quantity: 3 },
    ...{ held: index, allocated: 1, fulfilled: 0 },
  }));
  const times = { createdAt: AT, expiresAt: (AT + 1) as EpochMs, updatedAt: AT };
  const state = { lastTransition: "held", stage: "standing", unsettled: false } as const;
  return { id, version: 4, lines, mode: "all", ...times, ...state, reference: undefined, channel: undefined, ...more };
}

describe("a record", () => {
  it("goes to the shard of its SKU", () => {
    for (const sku of SKUS) {
      const value = encodeStockRecord(emptyRecord(sku, UK));
      const [placed, ...more] = reshardRow({ table: "records", key: recordKey(shardIn(sku, FROM), sku, UK), value }, FROM, TO);
      const shard = shardIn(sku, TO);
      expect([placed, more]).toEqual([{ shard, row: { table: "records", key: recordKey(shard, sku, UK), value } }, []]);
    }
  });
});

describe("a reservation", () => {
  const wide = reservation(SKUS.slice(0, 6));
  const home = shardIn("sku-0", TO);
  const rowOf = (it: Reservation): Parameters<typeof reshardRow>[0] => ({
    table: "reservations",
    key: reservationKey(shardIn("sku-0", FROM), it.id),
    value: encodeReservation(it),
  });

  it("goes to its home, and each other shard knows the levels of its own lines", () => {
    const placed = reshardRow(rowOf(wide), FROM, TO);
    expect(placed[0]).toMatchObject({ shard: home, row: { table: "reservations", key: reservationKey(home, wide.id) } });
    const others = [...new Set(wide.lines.map(({ sku }) => shardIn(sku, TO)))].filter((shard) => shard !== home);
    expect(others.length).toBeGreaterThan(1);
    expect(placed.slice(1).map(({ shard }) => shard)).toEqual(others);
    for (const { shard, row } of placed.slice(1)) {
      expect(decodeParticipation(row.value, wide.id)).toEqual({
        ...{ id: wide.id, version: wide.version, at: AT },
        lines: wide.lines
          .filter(({ sku }) => shardIn(sku, TO) === shard)
          .map(({ sku, location, held, allocated, fulfilled }) => ({ sku, location, held, allocated, fulfilled })),
      });
    }
  });

  it("that is not settled cannot be moved", () => {
    expect(() => reshardRow(rowOf({ ...wide, unsettled: true }), FROM, TO)).toThrow(/is not settled/);
  });
});

describe("the id of a movement", () => {
  const cases = SKUS.map((sku, index) => ({ sku, id: `m-${index}` }));

  it("is known to its registry and to the shard of its SKU, as before", () => {
    for (const { sku, id } of cases) {
      const [registry, ofSku] = [shardIn(id, FROM), shardIn(sku, FROM)];
      const value = encodeMovementUse({ version: 2, at: AT, sku });
      const rows = [...new Set([registry, ofSku])].map((shard) => ({
        table: "movements" as const,
        key: movementKey(shard, id),
        value,
      }));
      const shards = new Set(rows.flatMap((row) => reshardRow(row, FROM, TO)).map(({ shard }) => shard));
      expect(shards, `${id} of ${sku}`).toEqual(new Set([shardIn(id, TO), shardIn(sku, TO)]));
    }
  });

  it("counts as applied where a claim and its use come together, else as said last", () => {
    const claimed = encodeMovementUse({ version: 0, at: 9 as EpochMs, sku: SKUS[0] });
    const applied = encodeMovementUse({ version: 3, at: 5 as EpochMs, sku: SKUS[0] });
    const later = encodeMovementUse({ version: 0, at: 11 as EpochMs, sku: SKUS[0] });
    const versionOf = (bytes: Uint8Array): number => decodeMovementUse(bytes, "m").version;
    expect([versionOf(strongerMovement(claimed, applied)), versionOf(strongerMovement(applied, claimed))]).toEqual([3, 3]);
    expect(decodeMovementUse(strongerMovement(later, claimed), "m").at).toBe(11);
  });
});
