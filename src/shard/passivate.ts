/**
 * Passivation: actors nobody used for a while leave memory; the cold tier has them. Second chance: a sweep forgives a
 * cell that was touched since the last one, and drops it at the next.
 */

import type { ActorCounts, Shard } from "./shard.ts";

/** How many actors of each kind may stay in memory once they are clean. */
export interface ActiveMax {
  readonly records: number;
  /** Also that many participations. */
  readonly reservations: number;
}

/**
 * Sweeps one shard; clean keys and movement ids always go, since only repeats ask for them. O(actors of the shard).
 * Must not run between a checkpoint's cut and its commit: H1 would break.
 */
export function passivateShard(shard: Shard, counts: ActorCounts, max: ActiveMax): void {
  if (counts.records > max.records) sweepRecords(shard, counts);
  if (counts.reservations > max.reservations) sweep(shard.reservations, (n) => (counts.reservations -= n));
  if (counts.participations > max.reservations) sweep(shard.participations, (n) => (counts.participations -= n));
  dropClean(shard.keys, (n) => (counts.keys -= n));
  dropClean(shard.movements, (n) => (counts.movements -= n));
}

interface Sweepable {
  dirty: boolean;
  touched: boolean;
}

function sweepRecords(shard: Shard, counts: ActorCounts): void {
  for (const [sku, cells] of shard.records) {
    sweep(cells, (n) => (counts.records -= n));
    if (cells.size === 0) shard.records.delete(sku);
  }
}

function sweep<K>(cells: Map<K, Sweepable>, gone: (count: number) => void): void {
  let dropped = 0;
  for (const [key, cell] of cells) {
    if (cell.dirty) continue;
    if (cell.touched) {
      cell.touched = false;
      continue;
    }
    cells.delete(key);
    dropped++;
  }
  gone(dropped);
}

function dropClean<K>(cells: Map<K, Sweepable>, gone: (count: number) => void): void {
  let dropped = 0;
  for (const [key, cell] of cells) {
    if (cell.dirty) continue;
    cells.delete(key);
    dropped++;
  }
  gone(dropped);
}
