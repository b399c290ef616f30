/**
 * Reversals that wait: settled when the movement they name is applied, or when they have waited long enough.
 *
 * V1. After a movement is applied nothing of its SKU waits for it any more; what that brought about is settled in the same turn, and so is what waited for that.
 * V2. What a void undoes is undone once: the id of the movement says that it is.
 * V3. What waited {@link MemberLimits.reversalWaitMs}, or is the longest waiting of too many, is applied as unmatched.
 */

import type { EpochMs, Sku } from "../base/index.ts";
import { partsOfRecordKey, shardRange } from "../codec/index.ts";
import type { SnapshotStore } from "../ports/index.ts";
import type { MovementUse, RecordCell, Shard } from "../shard/index.ts";
import { decideSettled, effectOf, mustWait, type Named, type StockEvent, WAITING_MAX, type Waiting } from "../stock/index.ts";
import { liveUse, recordUse } from "./movement-use.ts";
import type { Turn } from "./turn.ts";

/** Settled in one sweep at most, before others get their turn. */
const SWEEP_MAX = 1_000;

/** What the SKU's shard knows of the movement that another names. */
export function namedBy(turn: Turn, shard: Shard, reverses: string | undefined): Named {
  const use = reverses === undefined ? undefined : liveUse(turn, shard, reverses);
  if (use === undefined || use.version <= 0) return "absent";
  return use.effect ?? "unknown";
}

/** Applies the events of a reversal, and marks what it undid. */
export function applyReversing(turn: Turn, shard: Shard, cell: RecordCell, events: readonly StockEvent[]): void {
  for (const event of events) turn.entries.push(turn.state.applyStock(shard, cell, event));
  const [first] = events as readonly [StockEvent];
  const { kind, note, reverses } = first;
  if ((kind !== "voided" && kind !== "count-voided") || reverses === undefined) return;
  if (note === "nothing-to-undo" || note === "unmatched") return;
  const use = shard.movement(reverses);
  if (use?.effect !== undefined) recordUse(turn, shard, reverses, { ...use, effect: { ...use.effect, isVoided: true } });
}

/** Settles what waits for the movement, now that it is applied. */
export function settleAwaited(turn: Turn, shard: Shard, sku: Sku, id: string): void {
  for (const location of shard.awaited.locationsOf(sku, id)) {
    const cell = shard.record(sku, location);
    if (cell === undefined) continue;
    for (const waiting of cell.value.ledger.waiting.filter(({ reverses }) => reverses === id)) {
      const named = namedBy(turn, shard, id);
      if (!mustWait(named)) settle(turn, shard, cell, waiting, named);
    }
  }
}

/** Makes room for one more in the record. True when something had to give way, and the record changed. */
export function makeRoom(turn: Turn, shard: Shard, cell: RecordCell): boolean {
  const { waiting } = cell.value.ledger;
  if (waiting.length < WAITING_MAX) return false;
  const [first, ...rest] = waiting as readonly [Waiting, ...Waiting[]];
  const longest = rest.reduce((a, b) => (b.since < a.since ? b : a), first);
  settle(turn, shard, cell, longest, "unknown");
  return true;
}

/** Brings the records in which something waits into memory. Call when the shard begins to be served. O(its records that wait). */
export function resumeWaiting(store: SnapshotStore, shard: Shard): void {
  for (const { key } of store.scan("waits", shardRange(shard.id))) {
    const { sku, location } = partsOfRecordKey(key);
    shard.record(sku, location);
  }
}

/** Applies what has waited since `before` or longer. True when anything was. O(all that waits). */
export function settleOverdue(turn: Turn, before: EpochMs): boolean {
  let settled = 0;
  for (const shard of turn.state.shards) {
    if (shard.awaited.size === 0 || !turn.state.owns(shard.id)) continue;
    for (const { sku, location } of shard.awaited.places()) {
      const cell = shard.record(sku, location);
      for (const waiting of cell?.value.ledger.waiting ?? []) {
        if (cell === undefined || waiting.since > before || !isStillThere(cell, waiting)) continue;
        settle(turn, shard, cell, waiting, "unknown");
        if (++settled >= SWEEP_MAX) return true;
      }
    }
  }
  return settled > 0;
}

/** What it waited for may have been settled by the one before it. */
function isStillThere(cell: RecordCell, waiting: Waiting): boolean {
  return cell.value.ledger.waiting.some(({ id }) => id === waiting.id);
}

function settle(turn: Turn, shard: Shard, cell: RecordCell, waiting: Waiting, named: Named): void {
  const events = decideSettled(cell.value, waiting, named, turn.now);
  applyReversing(turn, shard, cell, events);
  const use: MovementUse | undefined = shard.movement(waiting.id);
  if (use !== undefined) recordUse(turn, shard, waiting.id, { ...use, effect: effectOf(events[0] as StockEvent) });
  settleAwaited(turn, shard, cell.value.sku, waiting.id);
}
