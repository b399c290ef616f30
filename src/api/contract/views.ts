/** What the grid knows, as plain objects in the form of the contract. The text of a reservation is made in reservation-json.ts. */

import { formatTime } from "../../forms/index.ts";
import type { Reservation } from "../../reservation/index.ts";
import { statusOf } from "../../reservation/index.ts";
import type { Location } from "../../shard/index.ts";
import { available, type StockRecord } from "../../stock/index.ts";
import type {
  AvailabilityView,
  LocationsView,
  LocationView,
  ReservationView,
  StockRecordView,
  StockTotals,
  StockView,
} from "./schemas/index.ts";

export function reservationView(reservation: Reservation): ReservationView {
  const { reference, channel } = reservation;
  return {
    id: reservation.id,
    status: statusOf(reservation),
    lines: reservation.lines.map(({ sku, location, quantity, requested, held, allocated, fulfilled }) => ({
      sku,
      location,
      quantity,
      requested,
      held,
      allocated,
      fulfilled,
    })),
    mode: reservation.mode,
    createdAt: formatTime(reservation.createdAt),
    expiresAt: formatTime(reservation.expiresAt),
    updatedAt: formatTime(reservation.updatedAt),
    version: reservation.version,
    ...(reference === undefined ? {} : { reference }),
    ...(channel === undefined ? {} : { channel }),
  };
}

export function stockRecordView(record: StockRecord): StockRecordView {
  return {
    sku: record.sku,
    location: record.location,
    onHand: record.onHand,
    held: record.held,
    allocated: record.allocated,
    unavailable: record.unavailable,
    inbound: record.inbound,
    safetyStock: record.safetyStock,
    available: available(record),
    version: record.version,
    updatedAt: formatTime(record.updatedAt),
  };
}

export function stockView(sku: string, records: readonly StockRecord[]): StockView {
  return { sku, totals: totalsOf(records), records: records.map(stockRecordView) };
}

function totalsOf(records: readonly StockRecord[]): StockTotals {
  const totals = { onHand: 0, held: 0, allocated: 0, unavailable: 0, inbound: 0, safetyStock: 0, available: 0 };
  for (const record of records) {
    totals.onHand += record.onHand;
    totals.held += record.held;
    totals.allocated += record.allocated;
    totals.unavailable += record.unavailable;
    totals.inbound += record.inbound;
    totals.safetyStock += record.safetyStock;
    totals.available += available(record);
  }
  return totals;
}

export function availabilityView(records: readonly StockRecord[]): AvailabilityView {
  return {
    items: records.map((record) => ({
      sku: record.sku,
      location: record.location,
      available: available(record),
      version: record.version,
    })),
  };
}

export function locationView(location: Location): LocationView {
  const { attributes, updatedAt, ...rest } = location;
  const view = { ...rest, ...(attributes === undefined ? {} : { attributes }), updatedAt: formatTime(updatedAt) };
  // A member of Location that is absent may also be undefined; JSON leaves out both.
  return view as LocationView;
}

/** `found` has one more than the page when there is a next one. */
export function locationsView(found: readonly Location[], limit: number): LocationsView {
  const items = found.slice(0, limit).map(locationView);
  const last = items.at(-1);
  return found.length > limit && last !== undefined ? { items, next: last.id } : { items };
}
