/**
 * The transitions of a reservation: confirm, release, extend, fulfill, expire.
 *
 * Checks refuse in this order, which is part of the contract: the state of the whole reservation first, then the lines
 * named. A repeat of what is already so is answered with no event.
 */

import type { EpochMs, LocationId, Sku } from "../base/index.ts";
import { decideRefusal } from "./opening.ts";
import {
  heldUnits,
  type LineChange,
  type Reservation,
  type ReservationChanged,
  type ReservationLine,
  statusOf,
} from "./reservation.ts";

/** Units of one SKU and location that a transition is limited to. */
export interface LinePart {
  readonly sku: Sku;
  readonly location: LocationId;
  readonly quantity: number;
}

export type Transition =
  | { readonly kind: "confirm" | "release" | "fulfill"; readonly lines?: readonly LinePart[] | undefined }
  | { readonly kind: "extend"; readonly ttlMs: number }
  | { readonly kind: "expire" };

export type TransitionRejection = {
  readonly kind: "reservation-expired" | "reservation-released" | "conflict";
  readonly detail: string;
};

/** An event, undefined when there is nothing left to do, or why not. */
export type TransitionDecision = ReservationChanged | TransitionRejection | undefined;

export function decideTransition(reservation: Reservation, transition: Transition, now: EpochMs): TransitionDecision {
  if (reservation.stage !== "standing" && transition.kind !== "expire") {
    return conflict(`reservation ${reservation.id} is not open`);
  }
  switch (transition.kind) {
    case "confirm":
      return decideConfirm(reservation, transition.lines, now);
    case "release":
      return decideRelease(reservation, transition.lines, now);
    case "fulfill":
      return decideFulfill(reservation, transition.lines, now);
    case "extend":
      return decideExtend(reservation, transition.ttlMs, now);
    case "expire":
      return decideExpire(reservation, now);
  }
}

function decideConfirm(reservation: Reservation, parts: readonly LinePart[] | undefined, now: EpochMs): TransitionDecision {
  const status = statusOf(reservation);
  if (status === "expired" || status === "released") return ended(reservation, status);
  if (parts !== undefined) return decideParts(reservation, CONFIRM_PART, parts, now);
  return changedUnlessNothing(reservation, "confirmed", changesOfAll(reservation, CONFIRM_PART), now);
}

function decideRelease(reservation: Reservation, parts: readonly LinePart[] | undefined, now: EpochMs): TransitionDecision {
  if (parts !== undefined) return decideParts(reservation, RELEASE_PART, parts, now);
  const status = statusOf(reservation);
  if (status === "released" || status === "expired") return undefined;
  if (status === "fulfilled") return conflict(`reservation ${reservation.id} is fulfilled; send a return movement instead`);
  return changedUnlessNothing(reservation, "released", changesOfAll(reservation, RELEASE_PART), now);
}

function decideFulfill(reservation: Reservation, parts: readonly LinePart[] | undefined, now: EpochMs): TransitionDecision {
  const status = statusOf(reservation);
  const changes = changesOfAll(reservation, FULFILL_PART);
  if (parts === undefined && changes.length > 0) return changed(reservation, "fulfilled", changes, now);
  if (parts === undefined && reservation.lines.some((line) => line.fulfilled > 0)) return undefined;
  if (status === "released" || status === "expired") return ended(reservation, status);
  if (parts !== undefined) return decideParts(reservation, FULFILL_PART, parts, now);
  return conflict(`reservation ${reservation.id} is only held; confirm it before it is fulfilled`);
}

function decideExtend(reservation: Reservation, ttlMs: number, now: EpochMs): TransitionDecision {
  const status = statusOf(reservation);
  if (status === "expired" || status === "released") return ended(reservation, status);
  if (status !== "held")
    return conflict(`reservation ${reservation.id} is ${status}; only held units expire and can be extended`);
  return { ...changed(reservation, "extended", [], now), expiresAt: (now + ttlMs) as EpochMs };
}

/** A reservation that is still being opened when its time is over is refused. */
function decideExpire(reservation: Reservation, now: EpochMs): TransitionDecision {
  if (reservation.stage === "opening") return reservation.expiresAt > now ? undefined : decideRefusal(reservation, now);
  if (heldUnits(reservation) === 0 || reservation.expiresAt > now) return undefined;
  return changed(reservation, "expired", changesOfAll(reservation, EXPIRE_PART), now);
}

/** How one transition takes units from a line. */
interface PartRule {
  readonly kind: ReservationChanged["kind"];
  /** Units the transition may still take. */
  left(line: ReservationLine): number;
  /** Units it has taken already, so that naming them once more is a repeat. */
  done(line: ReservationLine): number;
  delta(line: ReservationLine, units: number): Omit<LineChange, "line">;
}

const CONFIRM_PART: PartRule = {
  kind: "confirmed",
  left: (line) => line.held,
  done: (line) => line.allocated + line.fulfilled,
  delta: (_line, units) => ({ held: 0 - units, allocated: units, fulfilled: 0 }),
};

const RELEASE_PART: PartRule = {
  kind: "released",
  left: (line) => line.held + line.allocated,
  done: (line) => line.quantity - line.held - line.allocated - line.fulfilled,
  delta: (line, units) => {
    const fromHeld = Math.min(units, line.held);
    return { held: 0 - fromHeld, allocated: fromHeld - units, fulfilled: 0 };
  },
};

const FULFILL_PART: PartRule = {
  kind: "fulfilled",
  left: (line) => line.allocated,
  done: (line) => line.fulfilled,
  delta: (_line, units) => ({ held: 0, allocated: 0 - units, fulfilled: units }),
};

const EXPIRE_PART: PartRule = {
  kind: "expired",
  left: (line) => line.held,
  done: () => 0,
  delta: (_line, units) => ({ held: 0 - units, allocated: 0, fulfilled: 0 }),
};

function changesOfAll(reservation: Reservation, rule: PartRule): LineChange[] {
  const changes: LineChange[] = [];
  reservation.lines.forEach((line, index) => {
    const units = rule.left(line);
    if (units > 0) changes.push({ line: index, ...rule.delta(line, units) });
  });
  return changes;
}

function decideParts(reservation: Reservation, rule: PartRule, parts: readonly LinePart[], now: EpochMs): TransitionDecision {
  const unitsOfLine = new Map<number, number>();
  for (const part of parts) {
    const index = reservation.lines.findIndex((line) => line.sku === part.sku && line.location === part.location);
    if (index < 0) return conflict(`reservation ${reservation.id} has no line for ${part.sku} at ${part.location}`);
    unitsOfLine.set(index, (unitsOfLine.get(index) ?? 0) + part.quantity);
  }
  const changes: LineChange[] = [];
  for (const [index, units] of unitsOfLine) {
    const line = reservation.lines[index] as ReservationLine;
    const left = rule.left(line);
    if (left === 0 && units <= rule.done(line)) continue;
    if (units > left) {
      return conflict(`${units} units of ${line.sku} at ${line.location} were named, ${left} can be ${rule.kind}`);
    }
    changes.push({ line: index, ...rule.delta(line, units) });
  }
  return changedUnlessNothing(reservation, rule.kind, changes, now);
}

function changedUnlessNothing(
  reservation: Reservation,
  kind: ReservationChanged["kind"],
  changes: readonly LineChange[],
  at: EpochMs,
): ReservationChanged | undefined {
  return changes.length === 0 ? undefined : changed(reservation, kind, changes, at);
}

function changed(
  reservation: Reservation,
  kind: ReservationChanged["kind"],
  changes: readonly LineChange[],
  at: EpochMs,
): ReservationChanged {
  return { kind, id: reservation.id, version: reservation.version + 1, at, expiresAt: reservation.expiresAt, changes };
}

function ended(reservation: Reservation, status: "expired" | "released"): TransitionRejection {
  return { kind: `reservation-${status}`, detail: `reservation ${reservation.id} is ${status}; make a new one` };
}

function conflict(detail: string): TransitionRejection {
  return { kind: "conflict", detail };
}
