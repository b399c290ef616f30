/** The cold tier of the shards, read from the snapshot store. */

import type { LocationId, ReservationId, ShardId, Sku } from "../base/index.ts";
import {
  decodeKeyUse,
  decodeMovementUse,
  decodeParticipation,
  decodeReservation,
  decodeStockRecord,
  keyUseKey,
  movementKey,
  participationKey,
  partsOfRecordKey,
  recordKey,
  recordsOfSku,
  reservationKey,
} from "../codec/index.ts";
import type { SnapshotStore } from "../ports/index.ts";
import type { Participation, Reservation } from "../reservation/index.ts";
import type { ColdTier, KeyUse, MovementUse } from "../shard/index.ts";
import type { StockRecord } from "../stock/index.ts";

export class SnapshotColdTier implements ColdTier {
  readonly #store: SnapshotStore;

  constructor(store: SnapshotStore) {
    this.#store = store;
  }

  record(shard: ShardId, sku: Sku, location: LocationId): StockRecord | undefined {
    const bytes = this.#store.get("records", recordKey(shard, sku, location));
    return bytes === undefined ? undefined : decodeStockRecord(bytes, sku, location);
  }

  *recordsOf(shard: ShardId, sku: Sku): Iterable<StockRecord> {
    for (const { key, value } of this.#store.scan("records", recordsOfSku(shard, sku))) {
      yield decodeStockRecord(value, sku, partsOfRecordKey(key).location);
    }
  }

  reservation(shard: ShardId, id: ReservationId): Reservation | undefined {
    const bytes = this.#store.get("reservations", reservationKey(shard, id));
    return bytes === undefined ? undefined : decodeReservation(bytes, id);
  }

  participation(shard: ShardId, id: ReservationId): Participation | undefined {
    const bytes = this.#store.get("participations", participationKey(shard, id));
    return bytes === undefined ? undefined : decodeParticipation(bytes, id);
  }

  key(shard: ShardId, sku: Sku, key: string): KeyUse | undefined {
    const bytes = this.#store.get("keys", keyUseKey(shard, sku, key));
    return bytes === undefined ? undefined : decodeKeyUse(bytes, `key of ${sku}`);
  }

  movement(shard: ShardId, id: string): MovementUse | undefined {
    const bytes = this.#store.get("movements", movementKey(shard, id));
    return bytes === undefined ? undefined : decodeMovementUse(bytes, `movement ${id}`);
  }
}
