/** Reservations for the tests, told in short. */

import type { EpochMs, LocationId, ReservationId, Sku } from "../../src/base/index.ts";
import {
  createReservation,
  decideTransition,
  evolveReservation,
  type LinePart,
  type Reservation,
  type ReservationChanged,
  type ReservationLine,
  type Transition,
  type TransitionRejection,
} from "../../src/reservation/index.ts";

export const MADE = 1_000_000 as EpochMs;
export const EXPIRES = 1_900_000 as EpochMs;
export const NOW = 1_000_500 as EpochMs;
export const ID = "00000000r00000001-00000000" as ReservationId;

export function part(sku: string, quantity: number): LinePart {
  return { sku: sku as Sku, location: "place" as LocationId, quantity };
}

/** A fresh reservation of these quantities, of SKUs a, b, c ... */
export function fresh(...quantities: readonly number[]): Reservation {
  return createReservation({
    kind: "held",
    id: ID,
    version: 1,
    at: MADE,
    expiresAt: EXPIRES,
    mode: "all",
    lines: quantities.map((quantity, index) => ({ ...part(String.fromCharCode(97 + index), quantity), requested: quantity })),
    reference: undefined,
    channel: undefined,
  });
}

/** Held, allocated and fulfilled of one line; the rest of `quantity` was given back. */
export type Units = readonly [held: number, allocated: number, fulfilled: number, quantity?: number];

/** A reservation whose lines have these units. */
export function having(lastTransition: Reservation["lastTransition"], ...units: readonly Units[]): Reservation {
  const quantities = units.map(([held, allocated, fulfilled, quantity]) => quantity ?? held + allocated + fulfilled);
  const base = fresh(...quantities);
  const lines = base.lines.map((line, index): ReservationLine => {
    const [held, allocated, fulfilled] = units[index] as Units;
    return { ...line, held, allocated, fulfilled };
  });
  return { ...base, version: 5, lines, lastTransition };
}

export function isEvent(decision: ReservationChanged | TransitionRejection | undefined): decision is ReservationChanged {
  return decision !== undefined && "changes" in decision;
}

/** What the decision comes to: the units of the lines after it, `nothing` left to do, or the reason of the refusal. */
export function outcome(reservation: Reservation, transition: Transition, now: EpochMs = NOW): unknown {
  const decision = decideTransition(reservation, transition, now);
  if (decision === undefined) return "nothing";
  if (!isEvent(decision)) return decision.kind;
  const { lines } = evolveReservation(reservation, decision);
  return [decision.kind, ...lines.map((line) => [line.held, line.allocated, line.fulfilled])];
}
