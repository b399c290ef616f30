/** The event that a movement states by itself, at the time it happened, whatever arrived before it. */

import type { EpochMs } from "../base/index.ts";
import type { StockEvent, StockEventKind, StockNote } from "./events.ts";
import { isFolded, levelOf, movedSince, newestTime, withCounted } from "./ledger.ts";
import { type Movement, type MovementType, QUARANTINE_REASON } from "./movement.ts";
import type { StockRecord } from "./record.ts";

interface Effect {
  readonly kind: StockEventKind;
  /** Sign with which the quantity reaches `onHand`. */
  readonly sign: -1 | 0 | 1;
}

const EFFECTS: Readonly<Record<MovementType, Effect>> = {
  receipt: { kind: "received", sign: 1 },
  sale: { kind: "sold", sign: -1 },
  return: { kind: "returned", sign: 1 },
  adjustment: { kind: "adjusted", sign: 1 },
  count: { kind: "counted", sign: 0 },
  damage: { kind: "damaged", sign: -1 },
  "transfer-out": { kind: "transferred-out", sign: -1 },
  "transfer-in": { kind: "transferred-in", sign: 1 },
  void: { kind: "voided", sign: 0 },
  ship: { kind: "shipped", sign: -1 },
  pick: { kind: "picked", sign: 0 },
  pack: { kind: "packed", sign: 0 },
  putaway: { kind: "put-away", sign: 0 },
};

/** What changes on hand, and what there is to say about it. */
export interface Landing {
  readonly onHand: number;
  readonly note: StockNote | undefined;
}

/** What an event carries of the movement that caused it. */
export type Told = Pick<Movement, "id" | "quantity" | "reason" | "reference" | "reverses">;

/** An event that changes no level yet. */
export function eventOf(record: StockRecord, kind: StockEventKind, told: Told, occurredAt: EpochMs, at: EpochMs): StockEvent {
  const event = {
    kind,
    sku: record.sku,
    location: record.location,
    version: record.version + 1,
    at,
    occurredAt,
    quantity: told.quantity,
    onHand: 0,
    held: 0,
    allocated: 0,
    unavailable: 0,
    cause: told.id,
    reason: told.reason,
    reference: told.reference,
  };
  return told.reverses === undefined ? event : { ...event, reverses: told.reverses };
}

/** The event with its change of `onHand`. */
export function landed(event: StockEvent, { onHand, note }: Landing): StockEvent {
  const changed = { ...event, onHand: onHand + 0 };
  return note === undefined ? changed : { ...changed, note };
}

/** Any movement but a void. `time` as {@link timeOf} has it. */
export function stated(record: StockRecord, movement: Told & Pick<Movement, "type">, time: EpochMs, now: EpochMs): StockEvent {
  const { kind, sign } = EFFECTS[movement.type];
  const event = eventOf(record, kind, movement, time, now);
  if (movement.type === "count") return landed(event, landCount(record, time, movement.quantity));
  if (movement.type === "damage" && movement.reason === QUARANTINE_REASON) return { ...event, unavailable: movement.quantity };
  return landed(event, landMove(record, time, sign * movement.quantity));
}

/** Where `units` land that moved at `time`: on top of the last count, unless they were there to be counted. */
export function landMove(record: StockRecord, time: EpochMs, units: number): Landing {
  if (units === 0) return { onHand: 0, note: undefined };
  if (time < record.countedAt) return { onHand: 0, note: "before-count" };
  return { onHand: units, note: isFolded(record.ledger, time) ? "before-history" : undefined };
}

function landCount(record: StockRecord, time: EpochMs, units: number): Landing {
  const { ledger, countedAt } = record;
  if (time < countedAt) return { onHand: 0, note: "before-count" };
  if (time > countedAt && !isFolded(ledger, time)) {
    return { onHand: units + movedSince(ledger, time) - record.onHand, note: undefined };
  }
  const after = withCounted(ledger, time, units);
  const onHand = levelOf(after) - levelOf(ledger);
  if (isFolded(ledger, time)) return { onHand, note: "before-history" };
  return { onHand, note: onHand === 0 ? "before-count" : undefined };
}

/**
 * When the movement happened. Without a time of its own, or with one in the future, it is the newest thing that happened to the record, also when the clock
 * was set back: it is not taken for one from before the last count, and a count includes all that came before it.
 */
export function timeOf(record: StockRecord, { type, occurredAt }: Movement, now: EpochMs): EpochMs {
  if (occurredAt !== undefined && occurredAt <= now) return occurredAt;
  const newest = Math.max(record.countedAt, newestTime(record.ledger));
  if (type !== "count") return Math.max(now, newest) as EpochMs;
  return (newest >= now ? newest + 1 : now) as EpochMs;
}
