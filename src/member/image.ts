/**
 * The image of a shard: its rows of the snapshot store, handed over in chunks to a member that is to stand by for it.
 *
 * The chunks may come from different checkpoints. That is harmless: the receiver reads the lane from the place of the first chunk on, and replay skips
 * by version what a row already has.
 */

import type { LanePlace, ShardId } from "../base/index.ts";
import { isWaitingRecord, shardRange } from "../codec/index.ts";
import type { CheckpointWriter, SnapshotStore, Table } from "../ports/index.ts";

/** Tables whose rows belong to a shard; the time indexes follow from them. */
export const SHARD_TABLES = [
  "records",
  "reservations",
  "participations",
  "keys",
  "movements",
] as const satisfies readonly Table[];
export type ShardTable = (typeof SHARD_TABLES)[number];

export interface ImageRow {
  readonly table: ShardTable;
  readonly key: string;
  readonly value: Uint8Array;
}

/** Behind the last row that was handed over. */
export interface ImageCursor {
  readonly table: ShardTable;
  readonly after: string;
}

export interface ImageChunk {
  readonly epoch: number;
  /** Everything up to here is in the image; of the first chunk it is the place to read on from. */
  readonly place: LanePlace;
  readonly rows: readonly ImageRow[];
  /** Undefined after the last chunk. */
  readonly next: ImageCursor | undefined;
}

/** Where a member gets images of shards that others hold. */
export interface ImageSource {
  /** The next chunk from the shard's owner. Rejects when it cannot be had now: begin anew later. */
  fetch(owner: string, shard: ShardId, cursor: ImageCursor | undefined): Promise<ImageChunk>;
  /** The next chunk of an image that was restored from a backup. */
  fetchRestored(name: string, shard: ShardId, cursor: ImageCursor | undefined): Promise<Omit<ImageChunk, "place" | "epoch">>;
}

/** Row bytes of one chunk: well below what a message may carry. */
const CHUNK_BYTES = 256 * 1024;

/** Rows from the cursor on. Synchronous, O(rows of the chunk). */
export function imageRows(
  store: SnapshotStore,
  shard: ShardId,
  cursor: ImageCursor | undefined,
): { readonly rows: ImageRow[]; readonly next: ImageCursor | undefined } {
  const rows: ImageRow[] = [];
  let bytes = 0;
  const first = cursor === undefined ? 0 : SHARD_TABLES.indexOf(cursor.table);
  for (const table of SHARD_TABLES.slice(first)) {
    const range = shardRange(shard);
    const from = cursor?.table === table ? `${cursor.after}\u0000` : range.from;
    for (const { key, value } of store.scan(table, { from, to: range.to })) {
      rows.push({ table, key, value });
      bytes += key.length + value.length;
      if (bytes >= CHUNK_BYTES) return { rows, next: { table, after: key } };
    }
  }
  return { rows, next: undefined };
}

/** Removes all rows of a shard, and what the time index of holds has of it, step by step. */
export function* purgeShard(
  store: SnapshotStore,
  writer: CheckpointWriter,
  shard: ShardId,
  dueKeyOf: (reservationKey: string, value: Uint8Array) => string | undefined,
): Iterable<() => void> {
  for (const table of SHARD_TABLES) {
    for (const { key, value } of store.scan(table, shardRange(shard))) {
      yield () => {
        writer.delete(table, key);
        if (table === "reservations") writer.delete("outbox", key);
        if (table === "records" && isWaitingRecord(value)) writer.delete("waits", key);
        const due = table === "reservations" ? dueKeyOf(key, value) : undefined;
        if (due !== undefined) writer.delete("due", due);
      };
    }
  }
}
