/**
 * What can happen to a stock record. Every event is a named set of deltas on the levels, so that one `evolve` serves all
 * and a reader of the feed can fold events without knowing their names.
 */

import type { EpochMs, LocationId, Sku } from "../base/index.ts";

/** Every kind of stock event, in the order of their numbers in the journal: append only, never reorder. */
export const STOCK_EVENT_KINDS = [
  "held",
  "released",
  "expired",
  "confirmed",
  "fulfilled",
  "received",
  "sold",
  "returned",
  "adjusted",
  "counted",
  "damaged",
  "transferred-out",
  "transferred-in",
  "oversold",
] as const;

export type StockEventKind = (typeof STOCK_EVENT_KINDS)[number];

export interface StockEvent {
  readonly kind: StockEventKind;
  readonly sku: Sku;
  readonly location: LocationId;
  /** Version of the record after this event. */
  readonly version: number;
  /** When it was decided. */
  readonly at: EpochMs;
  /** When it happened in the world; equals `at` for everything decided here. */
  readonly occurredAt: EpochMs;
  /** Units the cause speaks of: asked, moved or counted; the shortfall for `oversold`. Signed for `adjusted` only. */
  readonly quantity: number;
  /** Deltas on the levels, in units. */
  readonly onHand: number;
  readonly held: number;
  readonly allocated: number;
  readonly unavailable: number;
  /** The reservation or movement that caused it; which of the two follows from `kind`, see {@link causeOf}. */
  readonly cause: string;
  readonly reason: string | undefined;
  readonly reference: string | undefined;
}

const RESERVATION_KINDS: ReadonlySet<StockEventKind> = new Set(["held", "released", "expired", "confirmed", "fulfilled"]);

/** Whether `cause` names a reservation or a movement. */
export function causeOf(kind: StockEventKind): "reservation" | "movement" {
  return RESERVATION_KINDS.has(kind) ? "reservation" : "movement";
}
