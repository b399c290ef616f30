/**
 * Stock follows reservations: the stock event that mirrors what a reservation decided for one of its lines.
 * There is nothing left to refuse here; whether units may be held is decided by {@link holdable}.
 */

import type { EpochMs, ReservationId } from "../base/index.ts";
import type { StockEvent, StockEventKind } from "./events.ts";
import { available, type StockRecord } from "./record.ts";

export type ReservationStockKind = Extract<StockEventKind, "held" | "released" | "expired" | "confirmed" | "fulfilled">;

/** Change of one line of a reservation, in units. */
export interface LineDelta {
  readonly held: number;
  readonly allocated: number;
  readonly fulfilled: number;
}

/** Units that the event speaks of. */
const UNITS_OF: Readonly<Record<ReservationStockKind, (delta: LineDelta) => number>> = {
  held: (delta) => delta.held,
  confirmed: (delta) => delta.allocated,
  released: (delta) => 0 - delta.held - delta.allocated,
  expired: (delta) => 0 - delta.held,
  fulfilled: (delta) => delta.fulfilled,
};

/** Units of the record that a reservation may take now: never below zero. */
export function holdable(record: StockRecord): number {
  return Math.max(0, available(record));
}

export function followReservation(
  record: StockRecord,
  kind: ReservationStockKind,
  delta: LineDelta,
  reservation: ReservationId,
  at: EpochMs,
): StockEvent {
  return {
    kind,
    sku: record.sku,
    location: record.location,
    version: record.version + 1,
    at,
    // What ships is the newest thing that happened to the record, also when the clock was set back.
    occurredAt: delta.fulfilled > 0 && record.countedAt > at ? record.countedAt : at,
    quantity: UNITS_OF[kind](delta),
    onHand: 0 - delta.fulfilled,
    held: delta.held,
    allocated: delta.allocated,
    unavailable: 0,
    cause: reservation,
    reason: undefined,
    reference: undefined,
  };
}
