/**
 * The snapshot store of one member: the cold tier and the base of recovery. A sorted key-value store of a few tables,
 * read at any time, written by whole checkpoints only.
 *
 * S1. A checkpoint becomes visible whole, with its mark, or not at all.
 * S2. When `commit` reports success the checkpoint is on disk and every later `get` and `scan` sees it.
 * S3. What was damaged is reported as CorruptData with table and key, never returned.
 */

export const TABLES = [
  /** Stock records by shard, SKU and location. */
  "records",
  /** Reservations by shard and id. */
  "reservations",
  /** Idempotency keys by shard, SKU and key. */
  "keys",
  /** Ids of applied movements. */
  "movements",
  "locations",
  /** Time index of holds that expire: the time, then the reservation. */
  "due",
  /** Time index of what may be forgotten: the time, then table and key. */
  "retention",
  /** What shards know of reservations of other shards, by shard and reservation. */
  "participations",
  /** Reservations that other shards have yet to follow, by shard and id. */
  "outbox",
  /** Stock records in which reversals wait, by shard, SKU and location. */
  "waits",
] as const;

export type Table = (typeof TABLES)[number];

/** Where a checkpoint stands in the lane, written with it. Encoded by the member; opaque to the store. */
export type MarkBytes = Uint8Array;

export interface ScanRange {
  /** First key, inclusive, in the byte order of UTF-8. */
  readonly from: string;
  /** End, exclusive. */
  readonly to: string;
  readonly limit?: number;
}

export interface CheckpointWriter {
  put(table: Table, key: string, value: Uint8Array): void;
  delete(table: Table, key: string): void;
  /** Writes everything with the mark in one transaction. `done` is called exactly once, later, with the error if it failed. */
  commit(mark: MarkBytes, done: (error?: Error) => void): void;
  /** Drops what was put so far. */
  abandon(): void;
}

export interface SnapshotStore {
  /** Mark of the newest checkpoint, undefined when there is none. */
  mark(): MarkBytes | undefined;
  /** Synchronous. A key has at most 1,900 bytes of UTF-8; U+0000 is allowed in it. The bytes returned are the caller's. */
  get(table: Table, key: string): Uint8Array | undefined;
  /** Pairs of a table in key order. The store may be read, not written, while iterating. */
  scan(table: Table, range: ScanRange): Iterable<{ readonly key: string; readonly value: Uint8Array }>;
  /** Number of keys in a table. May be O(1) and approximate by an open transaction. */
  count(table: Table): number;
  begin(): CheckpointWriter;
  close(): Promise<void>;
}
