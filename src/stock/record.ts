/**
 * The stock record: the state of one SKU at one location, and how an event changes it.
 *
 * K1. `version` grows by one with each event.
 * K2. A record is the fold of its events: `evolve` adds the event's deltas and nothing else moves a level.
 * K3. Records are immutable; whoever holds one holds a consistent past.
 */

import type { EpochMs, LocationId, Sku } from "../base/index.ts";
import type { StockEvent } from "./events.ts";

/** A physical movement kept so that a late count can leave what happened after it on top. */
export interface RecentMove {
  readonly occurredAt: EpochMs;
  readonly onHand: number;
}

export interface StockRecord {
  readonly sku: Sku;
  readonly location: LocationId;
  readonly onHand: number;
  readonly held: number;
  readonly allocated: number;
  readonly unavailable: number;
  readonly inbound: number;
  readonly safetyStock: number;
  readonly version: number;
  readonly updatedAt: EpochMs;
  /** Time of the last count as it was true; 0 before any. */
  readonly countedAt: EpochMs;
  /** Newest physical movements since the last count, by `occurredAt`, at most {@link RECENT_MOVES_MAX}. */
  readonly recent: readonly RecentMove[];
}

/** How many movements a record remembers one by one; older ones are folded into the oldest kept. */
export const RECENT_MOVES_MAX = 32;

const NO_MOVES: readonly RecentMove[] = [];

/** The record of a SKU and location that nothing has happened to. */
export function emptyRecord(sku: Sku, location: LocationId): StockRecord {
  return {
    sku,
    location,
    onHand: 0,
    held: 0,
    allocated: 0,
    unavailable: 0,
    inbound: 0,
    safetyStock: 0,
    version: 0,
    updatedAt: 0 as EpochMs,
    countedAt: 0 as EpochMs,
    recent: NO_MOVES,
  };
}

/** Units that may still be promised; below zero when the record is oversold. */
export function available(record: StockRecord): number {
  return record.onHand - record.held - record.allocated - record.unavailable - record.safetyStock;
}

/** The record after the event. Never fails. */
export function evolve(record: StockRecord, event: StockEvent): StockRecord {
  const counted = event.kind === "counted" && event.occurredAt >= record.countedAt;
  return {
    sku: record.sku,
    location: record.location,
    onHand: record.onHand + event.onHand,
    held: record.held + event.held,
    allocated: record.allocated + event.allocated,
    unavailable: record.unavailable + event.unavailable,
    inbound: record.inbound,
    safetyStock: record.safetyStock,
    version: record.version + 1,
    updatedAt: event.at,
    countedAt: counted ? event.occurredAt : record.countedAt,
    recent: counted ? movesAfter(record.recent, event.occurredAt) : withMove(record, event),
  };
}

/** Net physical change of the moves that happened after `time`. */
export function movedAfter(record: StockRecord, time: EpochMs): number {
  let sum = 0;
  for (const move of record.recent) if (move.occurredAt > time) sum += move.onHand;
  return sum;
}

function movesAfter(moves: readonly RecentMove[], time: EpochMs): readonly RecentMove[] {
  const later = moves.filter((move) => move.occurredAt > time);
  return later.length === 0 ? NO_MOVES : later;
}

function withMove(record: StockRecord, event: StockEvent): readonly RecentMove[] {
  if (event.onHand === 0) return record.recent;
  const moves = record.recent.slice();
  let place = moves.length;
  while (place > 0 && (moves[place - 1] as RecentMove).occurredAt > event.occurredAt) place--;
  moves.splice(place, 0, { occurredAt: event.occurredAt, onHand: event.onHand });
  if (moves.length > RECENT_MOVES_MAX) foldOldest(moves);
  return moves;
}

function foldOldest(moves: RecentMove[]): void {
  const [oldest, next] = moves as [RecentMove, RecentMove];
  moves.splice(0, 2, { occurredAt: next.occurredAt, onHand: oldest.onHand + next.onHand });
}
