/**
 * What a movement does to a record.
 *
 * A movement is accepted even when it takes a level below zero: the world does not ask. The one refusal is a level that
 * could no longer be counted exactly. The rules of time and of waiting are in docs/spec/ledger.md.
 */

import { type EpochMs, LEVEL_MAX } from "../base/index.ts";
import type { StockEvent } from "./events.ts";
import type { Waiting } from "./ledger.ts";
import type { LevelOutOfRange, Movement } from "./movement.ts";
import { available, evolve, type StockRecord } from "./record.ts";
import { mustWait, type Named, pendingEvent, voidEvent } from "./reversal.ts";
import { eventOf, stated, timeOf } from "./statement.ts";

/**
 * The events of a movement: the movement itself, or that it waits; then `oversold` when it takes `available` below zero. `named` is what is known of the
 * movement that it names. A time in the future is read as `now`, so that a wrong clock at a source cannot freeze the record.
 */
export function decideMovement(
  record: StockRecord,
  movement: Movement,
  now: EpochMs,
  named: Named = "absent",
): readonly StockEvent[] | LevelOutOfRange {
  const moved = eventOfMovement(record, movement, now, named);
  const after = evolve(record, moved);
  if (Math.abs(after.onHand) > LEVEL_MAX || Math.abs(after.unavailable) > LEVEL_MAX) {
    return {
      kind: "level-out-of-range",
      detail: `quantity ${movement.quantity} would take the level of ${movement.sku} at ${movement.location} beyond ${LEVEL_MAX}; send a count`,
    };
  }
  return withOversold(record, moved, after);
}

/**
 * The events of a reversal whose wait is over: what it names is here, or is not waited for any longer (`unknown`). Its wait counts as over whatever the
 * level: what waits is small, and levels stay exact.
 */
export function decideSettled(record: StockRecord, waiting: Waiting, named: Named, now: EpochMs): readonly StockEvent[] {
  const { type, occurredAt } = waiting;
  const event =
    type === "void" ? voidEvent(record, waiting, named, occurredAt, now) : stated(record, { ...waiting, type }, occurredAt, now);
  const settled = type === "return" && named === "unknown" ? { ...event, note: "unmatched" as const } : event;
  return withOversold(record, settled, evolve(record, settled));
}

function eventOfMovement(record: StockRecord, movement: Movement, now: EpochMs, named: Named): StockEvent {
  const time = timeOf(record, movement, now);
  const { type, reverses } = movement;
  if (type === "void") {
    if (reverses === undefined || !mustWait(named)) return voidEvent(record, movement, named, time, now);
    return pendingEvent(record, type, movement, time, now);
  }
  if (type === "return" && reverses !== undefined && mustWait(named)) return pendingEvent(record, type, movement, time, now);
  return stated(record, movement, time, now);
}

function withOversold(before: StockRecord, event: StockEvent, after: StockRecord): readonly StockEvent[] {
  const left = available(after);
  if (left >= 0 || available(before) < 0) return [event];
  const told = { id: event.cause, quantity: -left };
  return [event, eventOf(after, "oversold", told, event.at, event.at)];
}
