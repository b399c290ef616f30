/**
 * The sequential model of one SKU at one location: levels, and the state of those reservations that operations still to
 * come speak of. Written apart from `src`, as plain as can be.
 *
 * M1. `held` needs that many units available at that moment; nothing else is refused for lack of stock.
 * M2. `short` needs fewer units available than were asked, and exactly as many as the refusal says.
 * M3. A reservation's units go held -> allocated -> fulfilled, or back; `expire` gives back what is held once the time it
 *     was made for has come, unless it was extended meanwhile.
 * M4. `read` sees exactly the levels.
 */

import type { Interval, Model } from "./linearize.ts";

export type Ended = "expired" | "released";
export type TransitKind = "confirm" | "release" | "fulfill" | "extend";

/** What one operation did to this record, as its client saw it. */
export type StockAction =
  | { readonly kind: "receive"; readonly quantity: number }
  | { readonly kind: "hold"; readonly reservation: string; readonly quantity: number; readonly expiresAt: number | undefined }
  | { readonly kind: "short"; readonly requested: number; readonly available: number | undefined }
  | { readonly kind: "confirm" | "release" | "fulfill"; readonly reservation: string }
  | { readonly kind: "extend"; readonly reservation: string; readonly expiresAt: number | undefined }
  /** `expiresAt` undefined: of a hold or extension whose answer was lost, which therefore may end at any time. */
  | { readonly kind: "expire"; readonly reservation: string; readonly expiresAt: number | undefined }
  /** Whatever is left of a hold that was made and given back inside one refused call. */
  | { readonly kind: "give-back"; readonly reservation: string }
  | { readonly kind: "refused"; readonly reservation: string; readonly transit: TransitKind; readonly reason: string }
  | { readonly kind: "read"; readonly onHand: number; readonly held: number; readonly allocated: number };

export interface StockOperation extends Interval {
  readonly action: StockAction;
  /** For a person: who did it. */
  readonly by: string;
}

interface LiveReservation {
  readonly status: "held" | "confirmed" | "fulfilled" | Ended;
  readonly quantity: number;
  readonly expiresAt: number | undefined;
  /** Operations on it, expiries aside, that are still to be placed. */
  readonly left: number;
}

export interface StockState {
  readonly onHand: number;
  readonly held: number;
  readonly allocated: number;
  /** By the name of the reservation, in order of names. */
  readonly live: ReadonlyMap<string, LiveReservation>;
}

const EMPTY: StockState = { onHand: 0, held: 0, allocated: 0, live: new Map() };

/** Models the record that `operations` are all operations of. */
export function stockModel(operations: readonly StockOperation[]): Model<StockState, StockOperation> {
  const followers = followersOf(operations);
  return {
    initial: EMPTY,
    keyOf,
    step: (state, { action }) => step(state, action, followers),
    isRead: ({ action }) => action.kind === "read" || action.kind === "short" || action.kind === "refused",
    groupOf: ({ action }) => ("reservation" in action ? action.reservation : undefined),
    twinOf: (operation) => twinOf(operation, followers),
  };
}

/** What else is done to a reservation than its hold. */
interface Followers {
  quantity: number;
  heldBy: number;
  /** Expiries aside. */
  operations: number;
  expiries: number;
  firstInvokedAt: number;
}

type FollowersOf = (reservation: string) => Followers;

function followersOf(operations: readonly StockOperation[]): FollowersOf {
  const found = new Map<string, Followers>();
  const of = (reservation: string): Followers => {
    const known = found.get(reservation);
    if (known !== undefined) return known;
    const none = { quantity: 0, heldBy: 0, operations: 0, expiries: 0, firstInvokedAt: Number.POSITIVE_INFINITY };
    found.set(reservation, none);
    return none;
  };
  for (const operation of operations) if ("reservation" in operation.action) count(of(operation.action.reservation), operation);
  return of;
}

function count(into: Followers, { action, invokedAt, returnedAt }: StockOperation): void {
  if (action.kind === "hold") {
    into.quantity = action.quantity;
    into.heldBy = returnedAt;
    return;
  }
  if (action.kind === "expire") into.expiries++;
  else into.operations++;
  into.firstInvokedAt = Math.min(into.firstInvokedAt, invokedAt);
}

function twinOf({ action, returnedAt }: StockOperation, followers: FollowersOf): string | undefined {
  if (action.kind === "receive") return `receive ${action.quantity}`;
  if (action.kind === "hold") {
    return followers(action.reservation).firstInvokedAt < returnedAt ? undefined : `hold ${action.quantity}`;
  }
  if (action.kind !== "expire") return undefined;
  const { operations, expiries, quantity, firstInvokedAt, heldBy } = followers(action.reservation);
  return operations === 0 && expiries === 1 && firstInvokedAt >= heldBy ? `expire ${quantity}` : undefined;
}

/** The text stands for what can matter later: the levels and the reservations that operations to come speak of. */
function keyOf({ onHand, held, allocated, live }: StockState): string {
  let key = `${onHand} ${held} ${allocated}`;
  for (const [name, { status, expiresAt, left }] of live) key += ` ${name}:${status}:${expiresAt}:${left}`;
  return key;
}

function step(state: StockState, action: StockAction, followers: FollowersOf): StockState | undefined {
  switch (action.kind) {
    case "receive":
      return { ...state, onHand: state.onHand + action.quantity };
    case "hold":
      return hold(state, action, followers(action.reservation));
    case "short":
      return isShort(state, action) ? state : undefined;
    case "read":
      return state.onHand === action.onHand && state.held === action.held && state.allocated === action.allocated
        ? state
        : undefined;
    case "refused":
      return isRefused(state.live.get(action.reservation), action) ? state : undefined;
    default:
      return transit(state, action, followers(action.reservation));
  }
}

export function availableUnits({ onHand, held, allocated }: StockState): number {
  return onHand - held - allocated;
}

function isShort(state: StockState, { requested, available }: StockAction & { kind: "short" }): boolean {
  const there = availableUnits(state);
  return there < requested && (available === undefined || available === Math.max(there, 0));
}

function hold(state: StockState, action: StockAction & { kind: "hold" }, followers: Followers): StockState | undefined {
  const { reservation, quantity, expiresAt } = action;
  if (availableUnits(state) < quantity || state.live.has(reservation)) return undefined;
  const made = { status: "held", quantity, expiresAt, left: followers.operations } as const;
  return { ...state, held: state.held + quantity, live: withReservation(state.live, reservation, made, followers) };
}

function isRefused(found: LiveReservation | undefined, action: StockAction & { kind: "refused" }): boolean {
  if (found === undefined) return false;
  const { status } = found;
  if (action.reason === "reservation-expired") return status === "expired";
  if (action.reason === "reservation-released") return status === "released";
  if (action.reason !== "conflict") return false;
  if (action.transit === "release") return status === "fulfilled";
  if (action.transit === "fulfill") return status === "held";
  return action.transit === "extend" && (status === "confirmed" || status === "fulfilled");
}

type Transit = Extract<StockAction, { kind: "confirm" | "release" | "fulfill" | "extend" | "expire" | "give-back" }>;

function transit(state: StockState, action: Transit, followers: Followers): StockState | undefined {
  const before = state.live.get(action.reservation);
  if (before === undefined) return action.kind === "expire" || action.kind === "give-back" ? state : undefined;
  const after = transited(before, action);
  if (after === undefined) return undefined;
  const was = unitsOf(before);
  const is = unitsOf(after);
  const left = before.left - (action.kind === "expire" ? 0 : 1);
  return {
    onHand: state.onHand - is.fulfilled + was.fulfilled,
    held: state.held + is.held - was.held,
    allocated: state.allocated + is.allocated - was.allocated,
    live: withReservation(state.live, action.reservation, { ...after, left }, followers),
  };
}

/** The reservation afterwards, or undefined when the transition cannot have succeeded. */
function transited(before: LiveReservation, action: Transit): LiveReservation | undefined {
  const { status } = before;
  switch (action.kind) {
    case "confirm":
      return status === "held" ? { ...before, status: "confirmed" } : isEnded(status) ? undefined : before;
    case "release":
    case "give-back":
      return status === "fulfilled" ? undefined : isEnded(status) ? before : { ...before, status: "released" };
    case "fulfill":
      return status === "confirmed" ? { ...before, status: "fulfilled" } : status === "fulfilled" ? before : undefined;
    case "extend":
      return status === "held" ? { ...before, expiresAt: action.expiresAt } : undefined;
    case "expire":
      return status === "held" && before.expiresAt === action.expiresAt ? { ...before, status: "expired" } : before;
  }
}

function isEnded(status: LiveReservation["status"]): boolean {
  return status === "expired" || status === "released";
}

function unitsOf({ status, quantity }: LiveReservation): { held: number; allocated: number; fulfilled: number } {
  return {
    held: status === "held" ? quantity : 0,
    allocated: status === "confirmed" ? quantity : 0,
    fulfilled: status === "fulfilled" ? quantity : 0,
  };
}

/** Names stay in order; what nothing to come can ask about is left out. */
function withReservation(
  live: ReadonlyMap<string, LiveReservation>,
  name: string,
  reservation: LiveReservation,
  followers: Followers,
): ReadonlyMap<string, LiveReservation> {
  const others = [...live].filter(([each]) => each !== name);
  const isHeld = reservation.status === "held";
  if (reservation.left === 0 && !(isHeld && followers.expiries > 0)) return new Map(others);
  const after = others.findIndex(([each]) => each > name);
  const kept = isHeld ? reservation : { ...reservation, expiresAt: undefined };
  return new Map(others.toSpliced(after < 0 ? others.length : after, 0, [name, kept]));
}
