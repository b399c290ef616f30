/** What a shard needs of the cold tier: the last checkpointed value of one actor, synchronously. */

import type { LocationId, ReservationId, ShardId, Sku } from "../base/index.ts";
import type { Participation, Reservation } from "../reservation/index.ts";
import type { StockRecord } from "../stock/index.ts";
import type { KeyUse, MovementUse } from "./cells.ts";

export interface ColdTier {
  record(shard: ShardId, sku: Sku, location: LocationId): StockRecord | undefined;
  /** Every checkpointed record of a SKU. */
  recordsOf(shard: ShardId, sku: Sku): Iterable<StockRecord>;
  reservation(shard: ShardId, id: ReservationId): Reservation | undefined;
  participation(shard: ShardId, id: ReservationId): Participation | undefined;
  key(shard: ShardId, sku: Sku, key: string): KeyUse | undefined;
  movement(shard: ShardId, id: string): MovementUse | undefined;
}
