/**
 * Movements: what already happened to physical stock, and what that does to a record.
 *
 * A movement is accepted even when it takes a level below zero: the world does not ask. The one refusal is a level that
 * could no longer be counted exactly.
 */

import { type EpochMs, LEVEL_MAX, type LocationId, type Sku } from "../base/index.ts";
import type { StockEvent, StockEventKind } from "./events.ts";
import { available, evolve, movedAfter, type StockRecord } from "./record.ts";

export const MOVEMENT_TYPES = [
  "receipt",
  "sale",
  "return",
  "adjustment",
  "count",
  "damage",
  "transfer-out",
  "transfer-in",
] as const;

export type MovementType = (typeof MOVEMENT_TYPES)[number];

export interface Movement {
  readonly id: string;
  readonly type: MovementType;
  readonly sku: Sku;
  readonly location: LocationId;
  /** Signed for `adjustment`, else 0 or more; at most 2^31 - 1 in size. */
  readonly quantity: number;
  /** When it happened, as the source says; absent: when it arrived. */
  readonly occurredAt?: EpochMs | undefined;
  readonly reason?: string | undefined;
  readonly reference?: string | undefined;
  readonly toLocation?: LocationId | undefined;
}

/** A `damage` with this reason stays on hand and becomes unavailable. */
export const QUARANTINE_REASON = "quarantine";

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
};

export interface LevelOutOfRange {
  readonly kind: "level-out-of-range";
  readonly detail: string;
}

/**
 * The events of a movement: the movement itself, then `oversold` when it takes `available` below zero.
 * A time in the future is read as `now`, so that a wrong clock at a source cannot freeze the record.
 */
export function decideMovement(record: StockRecord, movement: Movement, now: EpochMs): readonly StockEvent[] | LevelOutOfRange {
  const moved = movementEvent(record, movement, now);
  const after = evolve(record, moved);
  if (Math.abs(after.onHand) > LEVEL_MAX || Math.abs(after.unavailable) > LEVEL_MAX) {
    return {
      kind: "level-out-of-range",
      detail: `quantity ${movement.quantity} would take the level of ${movement.sku} at ${movement.location} beyond ${LEVEL_MAX}; send a count`,
    };
  }
  const left = available(after);
  if (left >= 0 || available(record) < 0) return [moved];
  return [moved, oversoldEvent(after, movement, now, -left)];
}

function movementEvent(record: StockRecord, movement: Movement, now: EpochMs): StockEvent {
  const { kind, sign } = EFFECTS[movement.type];
  const occurredAt = timeOf(record, movement, now);
  const quarantined = movement.type === "damage" && movement.reason === QUARANTINE_REASON;
  const superseded = occurredAt < record.countedAt;
  let onHand = sign * movement.quantity;
  if (movement.type === "count") onHand = movement.quantity + movedAfter(record, occurredAt) - record.onHand;
  if (superseded || quarantined) onHand = 0;
  return {
    kind,
    sku: record.sku,
    location: record.location,
    version: record.version + 1,
    at: now,
    occurredAt,
    quantity: movement.quantity,
    onHand: onHand + 0,
    held: 0,
    allocated: 0,
    unavailable: quarantined ? movement.quantity : 0,
    cause: movement.id,
    reason: movement.reason,
    reference: movement.reference,
  };
}

/**
 * Without a time of its own a movement is the newest thing that happened to the record, also when the clock was set back:
 * it is not taken for one from before the last count.
 */
function timeOf(record: StockRecord, movement: Movement, now: EpochMs): EpochMs {
  if (movement.occurredAt !== undefined) return Math.min(movement.occurredAt, now) as EpochMs;
  return Math.max(now, record.countedAt, record.recent.at(-1)?.occurredAt ?? now) as EpochMs;
}

function oversoldEvent(record: StockRecord, movement: Movement, now: EpochMs, shortfall: number): StockEvent {
  return {
    kind: "oversold",
    sku: record.sku,
    location: record.location,
    version: record.version + 1,
    at: now,
    occurredAt: now,
    quantity: shortfall,
    onHand: 0,
    held: 0,
    allocated: 0,
    unavailable: 0,
    cause: movement.id,
    reason: undefined,
    reference: undefined,
  };
}
