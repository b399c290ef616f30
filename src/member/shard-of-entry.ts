/** Which shard an entry belongs to. */

import { hash32, type ShardId, shardOfHash } from "../base/index.ts";
import { skuHashOfReservationId } from "../reservation/index.ts";
import type { Entry } from "../shard/index.ts";

/** Undefined for what belongs to none. */
export function shardOfEntry(entry: Entry, shards: number): ShardId | undefined {
  switch (entry.entry) {
    case "stock":
      return shardOfHash(hash32(entry.event.sku), shards);
    case "reservation": {
      const hash = skuHashOfReservationId(entry.event.id);
      return hash === undefined ? undefined : shardOfHash(hash, shards);
    }
    case "key":
      return shardOfHash(hash32(entry.sku), shards);
    case "movement":
      return entry.shard ?? shardOfHash(hash32(entry.id), shards);
    case "participation":
    case "adopted":
    case "released":
      return entry.shard;
    case "location":
    case "barrier":
      return undefined;
  }
}
