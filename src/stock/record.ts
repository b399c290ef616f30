/**
 * The stock record: the state of one SKU at one location, and how an event changes it.
 *
 * K1. `version` grows by one with each event.
 * K2. A record is the fold of its events: `evolve` adds the event's deltas and nothing else moves a level.
 * K3. Records are immutable; whoever holds one holds a consistent past.
 */

import type { EpochMs, LocationId, Sku } from "../base/index.ts";
import { movedUnits, type StockEvent } from "./events.ts";
import {
  EMPTY_LEDGER,
  type Ledger,
  lastCountTime,
  withCounted,
  withMoved,
  withoutCount,
  withoutWaiting,
  withWaiting,
} from "./ledger.ts";

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
  /** What `onHand` is made of, by the time it happened, and what waits. */
  readonly ledger: Ledger;
}

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
    ledger: EMPTY_LEDGER,
  };
}

/** Units that may still be promised; below zero when the record is oversold. */
export function available(record: StockRecord): number {
  return record.onHand - record.held - record.allocated - record.unavailable - record.safetyStock;
}

/** The record after the event. Never fails. */
export function evolve(record: StockRecord, event: StockEvent): StockRecord {
  const ledger = touchesLedger(event) ? ledgerAfter(record.ledger, event) : record.ledger;
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
    countedAt: ledger === record.ledger ? record.countedAt : countedAfter(record, ledger, event),
    ledger,
  };
}

/** Holds come and go without a look at the ledger. */
function touchesLedger({ kind, onHand }: StockEvent): boolean {
  if (onHand !== 0) return true;
  return kind !== "held" && kind !== "released" && kind !== "expired" && kind !== "confirmed" && kind !== "oversold";
}

function ledgerAfter(before: Ledger, event: StockEvent): Ledger {
  const ledger = before.waiting.length === 0 ? before : withoutWaiting(before, event.cause);
  switch (event.kind) {
    case "counted":
      return withCounted(ledger, event.occurredAt, event.quantity);
    case "count-voided":
      return withoutCount(ledger, event.occurredAt, event.quantity);
    case "void-pending":
    case "return-pending":
      return withWaiting(ledger, {
        id: event.cause,
        type: event.kind === "void-pending" ? "void" : "return",
        reverses: event.reverses ?? "",
        quantity: event.quantity,
        occurredAt: event.occurredAt,
        since: event.at,
        reason: event.reason,
        reference: event.reference,
      });
    default: {
      const units = movedUnits(event);
      return units === 0 ? ledger : withMoved(ledger, event.occurredAt, units);
    }
  }
}

function countedAfter(record: StockRecord, ledger: Ledger, { kind, occurredAt }: StockEvent): EpochMs {
  if (kind === "counted") return Math.max(record.countedAt, occurredAt) as EpochMs;
  if (kind === "count-voided") return Math.max(0, lastCountTime(ledger)) as EpochMs;
  return record.countedAt;
}
