/**
 * Makes the image of a shard exact: what the journal says behind its place is applied to its rows by the functions that run live, and what comes out are
 * rows again. For copies that are made from outside, while the grid runs.
 *
 * D1. Rows that a later checkpoint wrote are no harm: replay passes over by version what a row already has.
 */

import type { ShardId } from "../base/index.ts";
import { CorruptData } from "../base/index.ts";
import {
  encodeKeyUse,
  encodeMovementUse,
  encodeParticipation,
  encodeReservation,
  encodeStockRecord,
  keyUseKey,
  movementKey,
  participationKey,
  recordKey,
  reservationKey,
} from "../codec/index.ts";
import type { SnapshotStore, Table } from "../ports/index.ts";
import type { CellLists, Entry } from "../shard/index.ts";
import { type ImageRow, SHARD_TABLES, type ShardTable } from "./image.ts";
import { MemberState } from "./member-state.ts";
import { SnapshotColdTier } from "./snapshot-cold-tier.ts";

/** One fold after another; memory is that of one shard. */
export class ImageFold {
  readonly #rows = new RowStore();
  readonly #state: MemberState;

  /** `shards`: of the cluster. */
  constructor(shards: number) {
    const coldTier = new SnapshotColdTier(this.#rows);
    this.#state = new MemberState(shards, coldTier, neverOwned, noTimers);
  }

  /**
   * Rows of the shard after the entries, all of this shard and in their order, in the order of tables and keys. O(rows + entries). Throws CorruptData when
   * the entries do not follow from the rows.
   */
  fold(shard: ShardId, rows: Iterable<ImageRow>, entries: Iterable<Entry>): ImageRow[] {
    this.#rows.fill(rows);
    try {
      for (const entry of entries) this.#state.replay(entry);
    } catch (error) {
      throw new CorruptData(`the journal does not follow from the image: ${String(error)}`, `shard ${shard}`, { cause: error });
    }
    this.#put(this.#state.takeDirty());
    this.#state.drop(shard);
    return this.#rows.list();
  }

  #put(cells: CellLists): void {
    const rows = this.#rows;
    for (const { shard, value } of cells.records)
      rows.put("records", recordKey(shard, value.sku, value.location), encodeStockRecord(value));
    for (const { shard, value } of cells.reservations)
      rows.put("reservations", reservationKey(shard, value.id), encodeReservation(value));
    for (const { shard, value } of cells.participations)
      rows.put("participations", participationKey(shard, value.id), encodeParticipation(value));
    for (const { shard, sku, key, value } of cells.keys) rows.put("keys", keyUseKey(shard, sku, key), encodeKeyUse(value));
    for (const { shard, id, value } of cells.movements) rows.put("movements", movementKey(shard, id), encodeMovementUse(value));
  }
}

const neverOwned = (): boolean => false;
const noTimers = (): void => undefined;

/** Rows of one shard in memory, as far as replay looks at a store. */
class RowStore implements SnapshotStore {
  readonly #tables = new Map<Table, Map<string, Uint8Array>>();

  fill(rows: Iterable<ImageRow>): void {
    this.#tables.clear();
    for (const { table, key, value } of rows) this.put(table, key, value);
  }

  put(table: ShardTable, key: string, value: Uint8Array): void {
    const rows = this.#tables.get(table);
    if (rows === undefined) this.#tables.set(table, new Map([[key, value]]));
    else rows.set(key, value);
  }

  list(): ImageRow[] {
    return SHARD_TABLES.flatMap((table) =>
      [...(this.#tables.get(table) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ table, key, value })),
    );
  }

  get(table: Table, key: string): Uint8Array | undefined {
    return this.#tables.get(table)?.get(key);
  }

  *scan(table: Table, { from, to }: { from: string; to: string }): Iterable<{ key: string; value: Uint8Array }> {
    for (const [key, value] of this.#tables.get(table) ?? []) if (key >= from && key < to) yield { key, value };
  }

  count(table: Table): number {
    return this.#tables.get(table)?.size ?? 0;
  }

  mark(): undefined {
    return undefined;
  }

  begin(): never {
    throw new Error("rows of an image are written by putting them");
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
