/**
 * The rows of a whole grid for another number of shards. What belongs to a SKU, a reservation or a movement id goes where its hash leads now; what shards know
 * of reservations of other shards is made anew from the reservations, since other lines are elsewhere now.
 *
 * G1. Every reservation must be settled: an unsettled one may have told some shard and not another, which cannot be said with other shards.
 * G2. An id of a movement is known to its registry and to the shard of its SKU, as before; where both come together, that it was applied counts.
 */

import { type EpochMs, hash32, type ShardId, type Sku, shardOfHash } from "../base/index.ts";
import {
  decodeMovementUse,
  decodeReservation,
  encodeParticipation,
  keyUseKey,
  movementKey,
  participationKey,
  partsOfRecordKey,
  recordKey,
  reservationKey,
  reservationOfKey,
  shardOfKey,
} from "../codec/index.ts";
import { type Reservation, skuHashOfReservationId } from "../reservation/index.ts";
import type { MovementUse } from "../shard/index.ts";
import type { ImageRow } from "./image.ts";
import { levelsOf } from "./participation.ts";

export interface PlacedRow {
  readonly shard: ShardId;
  readonly row: ImageRow;
}

const SHARD_DIGITS = 4;

/** Where one row goes; participations go nowhere, they come with their reservations. Throws for an unsettled reservation. O(lines). */
export function reshardRow({ table, key, value }: ImageRow, from: number, to: number): PlacedRow[] {
  switch (table) {
    case "records": {
      const { sku, location } = partsOfRecordKey(key);
      const shard = ofSku(sku, to);
      return [{ shard, row: { table, key: recordKey(shard, sku, location), value } }];
    }
    case "reservations":
      return reservationRows(decodeReservation(value, reservationOfKey(key)), value, to);
    case "participations":
      return [];
    case "keys": {
      const { sku, location: use } = partsOfRecordKey(key);
      const shard = ofSku(sku, to);
      return [{ shard, row: { table, key: keyUseKey(shard, sku, use), value } }];
    }
    case "movements":
      return movementRows(shardOfKey(key), key.slice(SHARD_DIGITS), value, from, to);
  }
}

/** Of two rows of one movement id in one shard, the one that counts. */
export function strongerMovement(a: Uint8Array, b: Uint8Array): Uint8Array {
  const [one, other] = [decodeMovementUse(a, "movement"), decodeMovementUse(b, "movement")];
  return isStronger(other, one) ? b : a;
}

function isStronger(a: MovementUse, b: MovementUse): boolean {
  const isApplied = (use: MovementUse): boolean => use.version > 0;
  return isApplied(a) === isApplied(b) ? a.at > b.at : isApplied(a);
}

function ofSku(sku: Sku, shards: number): ShardId {
  return shardOfHash(hash32(sku), shards);
}

function reservationRows(reservation: Reservation, value: Uint8Array, to: number): PlacedRow[] {
  const { id, version, lines, unsettled, updatedAt } = reservation;
  if (unsettled) throw new Error(`reservation ${id} is not settled: not every shard knows yet what became of it`);
  const home = shardOfHash(skuHashOfReservationId(id) ?? 0, to);
  const rows: PlacedRow[] = [{ shard: home, row: { table: "reservations", key: reservationKey(home, id), value } }];
  const elsewhere = new Map<ShardId, number[]>();
  lines.forEach(({ sku }, line) => {
    const shard = ofSku(sku, to);
    if (shard !== home) elsewhere.set(shard, [...(elsewhere.get(shard) ?? []), line]);
  });
  for (const [shard, indices] of elsewhere) {
    const levels = indices.map((line) => levelsOf(reservation, line));
    const known = encodeParticipation({ id, version, lines: levels, at: updatedAt satisfies EpochMs });
    rows.push({ shard, row: { table: "participations", key: participationKey(shard, id), value: known } });
  }
  return rows;
}

/** An id without a SKU is of the first release, which had it in its registry alone. */
function movementRows(shard: ShardId, id: string, value: Uint8Array, from: number, to: number): PlacedRow[] {
  const { sku } = decodeMovementUse(value, `movement ${id}`);
  const hash = hash32(id);
  const shards = new Set<ShardId>();
  if (shard === shardOfHash(hash, from)) shards.add(shardOfHash(hash, to));
  if (sku !== undefined && shard === ofSku(sku, from)) shards.add(ofSku(sku, to));
  return [...shards].map((place) => ({ shard: place, row: { table: "movements", key: movementKey(place, id), value } }));
}
