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
  "shipped",
  "picked",
  "packed",
  "put-away",
  "voided",
  "count-voided",
  "void-pending",
  "return-pending",
] as const;

export type StockEventKind = (typeof STOCK_EVENT_KINDS)[number];

/** What to know about how a movement was applied, in the order of their numbers in the journal: append only. */
export const STOCK_NOTES = [
  /** It happened before a count that is known already: it is kept, and `onHand` is as it was. */
  "before-count",
  /** It is older than the history that the record keeps: applied as an adjustment of the level. */
  "before-history",
  /** What it names never came, or was forgotten: applied as an adjustment, a void as one of nothing. */
  "unmatched",
  /** A void of what has no effect any more, or never had one here: it changes nothing. */
  "nothing-to-undo",
] as const;

export type StockNote = (typeof STOCK_NOTES)[number];

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
  /** Units the cause speaks of: asked, moved or counted; the shortfall for `oversold`. Signed for `adjusted` and `voided`. */
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
  /** Id of the movement that this one undoes or follows from. */
  readonly reverses?: string | undefined;
  readonly note?: StockNote | undefined;
}

const RESERVATION_KINDS: ReadonlySet<StockEventKind> = new Set(["held", "released", "expired", "confirmed", "fulfilled"]);

/** Whether `cause` names a reservation or a movement. */
export function causeOf(kind: StockEventKind): "reservation" | "movement" {
  return RESERVATION_KINDS.has(kind) ? "reservation" : "movement";
}

/** Units that moved physically at `occurredAt`, signed, also where a later count has made up for them. */
export function movedUnits(event: StockEvent): number {
  switch (event.kind) {
    case "received":
    case "returned":
    case "transferred-in":
    case "adjusted":
    case "voided":
      return event.quantity;
    case "sold":
    case "shipped":
    case "transferred-out":
      return 0 - event.quantity;
    case "damaged":
      return event.unavailable === 0 ? 0 - event.quantity : 0;
    case "fulfilled":
      return event.onHand;
    default:
      return 0;
  }
}
