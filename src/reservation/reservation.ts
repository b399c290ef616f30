/**
 * A reservation: lines held together, and how an event changes it.
 *
 * R1. For every line: held, allocated and fulfilled are never negative and their sum never exceeds `quantity`.
 * R2. `status` is a function of the lines and the last transition.
 * R3. `version` grows by one with each event; reservations are immutable.
 * R4. The stage goes from `opening` to `standing` or to `refused` and then stays; a refused reservation has no units.
 */

import type { EpochMs, LocationId, ReservationId, Sku } from "../base/index.ts";

export interface ReservationLine {
  readonly sku: Sku;
  readonly location: LocationId;
  /** Units asked for. */
  readonly requested: number;
  /** Units taken when the reservation was made; less than `requested` only in mode `partial`. */
  readonly quantity: number;
  readonly held: number;
  readonly allocated: number;
  readonly fulfilled: number;
}

export type ReservationStatus = "held" | "confirmed" | "released" | "expired" | "fulfilled";

/** Every kind of reservation event, in the order of their numbers in the journal: append only, never reorder. */
export const RESERVATION_EVENT_KINDS = [
  "held",
  "confirmed",
  "released",
  "expired",
  "extended",
  "fulfilled",
  "opened",
  "granted",
  "refused",
  "settled",
] as const;
export type ReservationEventKind = (typeof RESERVATION_EVENT_KINDS)[number];

/**
 * - `opening`: shards of other members are still asked to hold their lines; seen by nobody.
 * - `standing`: what everybody sees.
 * - `refused`: it came to nothing; seen by nobody, its key is free.
 */
export type ReservationStage = "opening" | "standing" | "refused";

export interface Reservation {
  readonly id: ReservationId;
  readonly version: number;
  readonly lines: readonly ReservationLine[];
  readonly mode: ReservationMode;
  readonly createdAt: EpochMs;
  readonly expiresAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly lastTransition: ReservationStatus;
  readonly stage: ReservationStage;
  /** Some other shard may not have followed yet: to be told until it has. */
  readonly unsettled: boolean;
  readonly reference: string | undefined;
  readonly channel: string | undefined;
}

/** `all`: every line in full or nothing. `partial`: each line what is there, refused only when that is nothing at all. */
export type ReservationMode = "all" | "partial";

/** Deltas of one line, by its index. */
export interface LineChange {
  readonly line: number;
  readonly held: number;
  readonly allocated: number;
  readonly fulfilled: number;
}

/** The event that makes a reservation. */
export interface ReservationHeld {
  readonly kind: "held";
  readonly id: ReservationId;
  readonly version: 1;
  readonly at: EpochMs;
  readonly expiresAt: EpochMs;
  readonly mode: ReservationMode;
  readonly lines: readonly Pick<ReservationLine, "sku" | "location" | "requested" | "quantity">[];
  readonly reference: string | undefined;
  readonly channel: string | undefined;
}

/** As `held`, before shards of other members were asked: their lines have the quantity 0. */
export interface ReservationOpened extends Omit<ReservationHeld, "kind"> {
  readonly kind: "opened";
}

export type ReservationMade = ReservationHeld | ReservationOpened;

/** Any later event. */
export interface ReservationChanged {
  readonly kind: Exclude<ReservationEventKind, ReservationMade["kind"]>;
  readonly id: ReservationId;
  readonly version: number;
  readonly at: EpochMs;
  readonly expiresAt: EpochMs;
  /** For `granted` the units held are new to their lines, for all others they were there. */
  readonly changes: readonly LineChange[];
  /** Some other shard did not follow in the same record. */
  readonly unsettled?: true;
}

export type ReservationEvent = ReservationMade | ReservationChanged;

/** Whether the event makes a reservation. */
export function makesReservation(event: ReservationEvent): event is ReservationMade {
  return event.kind === "held" || event.kind === "opened";
}

export function createReservation(event: ReservationMade): Reservation {
  return {
    id: event.id,
    version: 1,
    lines: event.lines.map((line) => ({
      sku: line.sku,
      location: line.location,
      requested: line.requested,
      quantity: line.quantity,
      held: line.quantity,
      allocated: 0,
      fulfilled: 0,
    })),
    mode: event.mode,
    createdAt: event.at,
    expiresAt: event.expiresAt,
    updatedAt: event.at,
    lastTransition: "held",
    stage: event.kind === "opened" ? "opening" : "standing",
    unsettled: event.kind === "opened",
    reference: event.reference,
    channel: event.channel,
  };
}

const TRANSITION_OF: Readonly<Record<ReservationChanged["kind"], ReservationStatus | undefined>> = {
  confirmed: "confirmed",
  released: "released",
  expired: "expired",
  fulfilled: "fulfilled",
  extended: undefined,
  granted: "held",
  refused: "released",
  settled: undefined,
};

const STAGE_OF: Readonly<Partial<Record<ReservationChanged["kind"], ReservationStage>>> = {
  granted: "standing",
  refused: "refused",
};

/** The reservation after the event. Never fails. */
export function evolveReservation(reservation: Reservation, event: ReservationChanged): Reservation {
  const lines = event.changes.length === 0 ? reservation.lines : reservation.lines.slice();
  for (const change of event.changes) {
    const line = lines[change.line] as ReservationLine;
    (lines as ReservationLine[])[change.line] = {
      ...line,
      quantity: event.kind === "granted" ? line.quantity + change.held : line.quantity,
      held: line.held + change.held,
      allocated: line.allocated + change.allocated,
      fulfilled: line.fulfilled + change.fulfilled,
    };
  }
  return {
    ...reservation,
    version: reservation.version + 1,
    lines,
    expiresAt: event.expiresAt,
    updatedAt: event.kind === "settled" ? reservation.updatedAt : event.at,
    lastTransition: TRANSITION_OF[event.kind] ?? reservation.lastTransition,
    stage: STAGE_OF[event.kind] ?? reservation.stage,
    unsettled: event.kind === "extended" ? reservation.unsettled : (event.unsettled ?? false),
  };
}

/** `held` while any unit is held, else `confirmed` while any is allocated, else the last transition. */
export function statusOf(reservation: Reservation): ReservationStatus {
  if (heldUnits(reservation) > 0) return "held";
  if (reservation.lines.some((line) => line.allocated > 0)) return "confirmed";
  return reservation.lastTransition;
}

/** Units still held over all lines. */
export function heldUnits(reservation: Reservation): number {
  let held = 0;
  for (const line of reservation.lines) held += line.held;
  return held;
}
