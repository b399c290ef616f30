/** Records and movements for the tests of stock, with everything unremarkable filled in. */

import type { EpochMs, LocationId, Sku } from "../../src/base/index.ts";
import { decideMovement, emptyRecord, evolve, type Movement, type StockEvent, type StockRecord } from "../../src/stock/index.ts";

export const SKU = "sku" as Sku;
export const PLACE = "place" as LocationId;
/** The time at which the tables take place. */
export const NOW = 1_000_000 as EpochMs;

export const ms = (time: number): EpochMs => time as EpochMs;

export function recordWith(levels: Partial<StockRecord>): StockRecord {
  return { ...emptyRecord(SKU, PLACE), ...levels };
}

export function movementOf(movement: Pick<Movement, "type" | "quantity"> & Partial<Movement>): Movement {
  return { id: "m", sku: SKU, location: PLACE, ...movement };
}

/** The record after the movement, and the events in between. */
export function applied(
  record: StockRecord,
  movement: Movement,
  now: EpochMs = NOW,
): { record: StockRecord; events: readonly StockEvent[] } {
  const events = decideMovement(record, movement, now);
  if ("kind" in events) throw new Error(events.detail);
  return { record: events.reduce(evolve, record), events };
}
