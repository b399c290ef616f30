/** Writes millions of stock records straight into the snapshot store of a stopped grid, under the mark that is there. */

import { join } from "node:path";
import { type EpochMs, hash32, type LocationId, type ShardId, type Sku, shardOfHash } from "../../src/base/index.ts";
import { encodeStockRecord, recordKey } from "../../src/codec/index.ts";
import { type ReservationLoad, skuOf } from "../../src/loadgen/index.ts";
import type { SnapshotStore } from "../../src/ports/index.ts";
import { openLmdbSnapshotStore } from "../../src/snapshot/index.ts";
import { emptyRecord, type StockRecord } from "../../src/stock/index.ts";

/** The default, with which the grid of the benchmark runs. */
const SHARDS = 256;
const UNITS = 1000;
/** Puts of one transaction. */
const CHUNK = 100_000;
const DIGITS = 9;
const KEEP_ALIVE_MS = 60_000;

/** `count` records at the location of the load; the first are those of the load itself. Minutes for ten million. */
export async function fillStore(dataDir: string, load: ReservationLoad, count: number): Promise<void> {
  // The store's writer thread does not keep a process alive on its own.
  const alive = setInterval(() => undefined, KEEP_ALIVE_MS);
  const store = await openLmdbSnapshotStore({ path: join(dataDir, "lmdb", "member-0") });
  const mark = store.mark();
  if (mark === undefined) throw new Error("the grid left no checkpoint to put records under");
  const order = orderByShard(load, count);
  for (let from = 0; from < count; from += CHUNK) {
    await writeChunk(store, mark, load, order.subarray(from, Math.min(from + CHUNK, count)));
  }
  await store.close();
  clearInterval(alive);
}

/** Padded, so that the records come in key order within a shard: then LMDB only appends. */
function recordSku(load: ReservationLoad, index: number): Sku {
  return (index < load.skus ? skuOf(load, index) : `F-${String(index).padStart(DIGITS, "0")}`) as Sku;
}

/** Indexes of the records, shard by shard: a counting sort. */
function orderByShard(load: ReservationLoad, count: number): Uint32Array {
  const shards = new Uint16Array(count);
  const starts = new Uint32Array(SHARDS + 1);
  for (let index = 0; index < count; index++) {
    const shard = shardOfHash(hash32(recordSku(load, index)), SHARDS);
    shards[index] = shard;
    starts[shard + 1] = (starts[shard + 1] as number) + 1;
  }
  for (let shard = 0; shard < SHARDS; shard++) starts[shard + 1] = (starts[shard + 1] as number) + (starts[shard] as number);
  const order = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    const shard = shards[index] as number;
    const place = starts[shard] as number;
    starts[shard] = place + 1;
    order[place] = index;
  }
  return order;
}

function writeChunk(store: SnapshotStore, mark: Uint8Array, load: ReservationLoad, indexes: Uint32Array): Promise<void> {
  const writer = store.begin();
  const now = Date.now() as EpochMs;
  for (const index of indexes) {
    const sku = recordSku(load, index);
    const shard: ShardId = shardOfHash(hash32(sku), SHARDS);
    const record: StockRecord = { ...emptyRecord(sku, load.location as LocationId), onHand: UNITS, version: 1, updatedAt: now };
    writer.put("records", recordKey(shard, sku, record.location), encodeStockRecord(record));
  }
  return new Promise((resolve, reject) => writer.commit(mark, (error) => (error === undefined ? resolve() : reject(error))));
}
