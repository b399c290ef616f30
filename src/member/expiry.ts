/**
 * When holds end. A heap has every hold that expires before the horizon; later ones wait in the cold tier's time index,
 * so that millions of long holds cost no memory.
 *
 * X1. Every live hold that expires before the horizon is in the heap.
 * X2. Every other live hold is changed since the last finished checkpoint, or is in the `due` table.
 *
 * Whether a popped hold still means anything is for its reservation to say.
 */

import type { EpochMs, ReservationId } from "../base/index.ts";
import { TimerHeap } from "../base/index.ts";
import { partsOfDueKey, timeKey } from "../codec/index.ts";
import type { SnapshotStore } from "../ports/index.ts";
import { heldUnits } from "../reservation/index.ts";
import type { ReservationCell } from "../shard/index.ts";

/** How far ahead of now holds are brought into the heap, ms. */
const LEAD_MS = 30_000;
/** Rows of the time index read in one turn. */
const ROWS_MAX = 20_000;

export class Expiry {
  readonly #heap = new TimerHeap();
  readonly #store: SnapshotStore;
  #horizon = 0;
  /** No hold changed since the last finished checkpoint expires beyond the horizon and before this. */
  #nextBeyond = Number.POSITIVE_INFINITY;
  #rowsMax = ROWS_MAX;

  constructor(store: SnapshotStore) {
    this.#store = store;
  }

  get size(): number {
    return this.#heap.size;
  }

  /** Earliest time known, or Infinity. */
  get nextTime(): number {
    return this.#heap.nextTime;
  }

  track(expiresAt: EpochMs, id: ReservationId): void {
    if (expiresAt < this.#horizon) this.#heap.push(expiresAt, id);
    else if (expiresAt < this.#nextBeyond) this.#nextBeyond = expiresAt;
  }

  /** Shards came in whose holds may have been passed over: everything is read again at the next {@link advance}. */
  reload(): void {
    this.#horizon = 0;
    // Also of what no checkpoint has yet: its time may have come, and gone from the heap, while another member had to end it.
    this.#nextBeyond = 0;
  }

  /** The next hold due at `now`, or undefined. */
  popDue(now: EpochMs): ReservationId | undefined {
    return this.#heap.nextTime <= now ? (this.#heap.pop() as ReservationId) : undefined;
  }

  /** Moves the horizon ahead. `recent` are all reservations changed since the last finished checkpoint. */
  advance(now: EpochMs, recent: Iterable<readonly ReservationCell[]>): void {
    const from = this.#horizon;
    const wanted = now + LEAD_MS;
    if (wanted <= from) return;
    const to = this.#loadDue(from, wanted);
    this.#horizon = to;
    if (this.#nextBeyond >= to) return;
    this.#nextBeyond = Number.POSITIVE_INFINITY;
    for (const cells of recent) {
      for (const { value } of cells) {
        if (value.expiresAt >= from && heldUnits(value) > 0) this.track(value.expiresAt, value.id);
      }
    }
  }

  /** Reads the index from `from`; returns how far it came, at most `to`. Rows read twice do no harm. */
  #loadDue(from: number, to: number): number {
    let rows = 0;
    let last = from;
    const range = { from: timeKey(from), to: timeKey(to), limit: this.#rowsMax };
    for (const { key } of this.#store.scan("due", range)) {
      const { expiresAt, reservation } = partsOfDueKey(key);
      this.#heap.push(expiresAt, reservation);
      last = expiresAt;
      rows++;
    }
    if (rows < this.#rowsMax) {
      this.#rowsMax = ROWS_MAX;
      return to;
    }
    if (last === from) this.#rowsMax *= 2;
    return last;
  }
}
