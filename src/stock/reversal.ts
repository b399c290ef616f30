/**
 * Reversals: movements that name the one they undo or follow from. A void undoes exactly the movement it names, at that movement's time; a void or a return
 * whose movement is not here yet waits for it.
 */

import type { EpochMs, LocationId } from "../base/index.ts";
import { movedUnits, type StockEvent } from "./events.ts";
import { levelOf, withoutCount } from "./ledger.ts";
import type { StockRecord } from "./record.ts";
import { eventOf, type Landing, landed, landMove, type Told } from "./statement.ts";

/** Append only: their numbers are in the journal. */
export const EFFECT_KINDS = ["moved", "counted", "quarantined", "none", "waiting"] as const;

/** What an applied movement did, kept with its id, so that it can be undone exactly. */
export interface MovementEffect {
  /** `none`: nothing that a void could undo. `waiting`: nothing yet. */
  readonly kind: (typeof EFFECT_KINDS)[number];
  readonly location: LocationId;
  readonly occurredAt: EpochMs;
  /** Moved, signed; or counted, or quarantined. */
  readonly units: number;
  readonly isVoided: boolean;
}

/** The movement that is named: what it did; or it has not come, or what it did is not known here any more. */
export type Named = MovementEffect | "absent" | "unknown";

/** The effect that is kept with the id of the movement of `event`. */
export function effectOf(event: StockEvent): MovementEffect {
  const { kind, location, occurredAt, quantity, unavailable } = event;
  const known = { location, occurredAt, isVoided: false };
  if (kind === "void-pending" || kind === "return-pending") return { ...known, kind: "waiting", units: 0 };
  if (kind === "voided" || kind === "count-voided") return { ...known, kind: "none", units: 0 };
  if (kind === "counted") return { ...known, kind: "counted", units: quantity };
  if (unavailable !== 0) return { ...known, kind: "quarantined", units: unavailable };
  const units = movedUnits(event);
  return { ...known, kind: units === 0 ? "none" : "moved", units };
}

/** Whether a reversal has to wait for what it names. */
export function mustWait(named: Named): boolean {
  return named === "absent" || (typeof named === "object" && named.kind === "waiting");
}

/** It waits: nothing changes but the version. */
export function pendingEvent(record: StockRecord, type: "void" | "return", told: Told, time: EpochMs, now: EpochMs): StockEvent {
  return eventOf(record, type === "void" ? "void-pending" : "return-pending", told, time, now);
}

/** Undoes what `named` did here. `time`: of the void itself, when there is nothing to undo. */
export function voidEvent(record: StockRecord, told: Told, named: Named, time: EpochMs, now: EpochMs): StockEvent {
  const nothing = { ...eventOf(record, "voided", { ...told, quantity: 0 }, time, now), note: "unmatched" } as const;
  if (typeof named === "string") return nothing;
  if (named.isVoided || named.location !== record.location) return { ...nothing, note: "nothing-to-undo" };
  const { occurredAt, units } = named;
  switch (named.kind) {
    case "moved": {
      const event = eventOf(record, "voided", { ...told, quantity: 0 - units }, occurredAt, now);
      return landed(event, landMove(record, occurredAt, 0 - units));
    }
    case "counted": {
      const event = eventOf(record, "count-voided", { ...told, quantity: units }, occurredAt, now);
      return landed(event, landWithoutCount(record, occurredAt, units));
    }
    case "quarantined":
      return { ...eventOf(record, "voided", { ...told, quantity: 0 }, occurredAt, now), unavailable: 0 - units };
    default:
      return { ...nothing, note: "nothing-to-undo" };
  }
}

function landWithoutCount({ ledger }: StockRecord, time: EpochMs, units: number): Landing {
  const after = withoutCount(ledger, time, units);
  return { onHand: levelOf(after) - levelOf(ledger), note: after === ledger ? "before-history" : undefined };
}
