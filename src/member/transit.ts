/** Transitions of a reservation, with the stock of its lines following in the same turn. */

import type { ReservationId } from "../base/index.ts";
import {
  decideTransition,
  type Reservation,
  type ReservationChanged,
  type ReservationLine,
  type Transition,
} from "../reservation/index.ts";
import type { ReservationCell, Shard } from "../shard/index.ts";
import { followReservation } from "../stock/index.ts";
import type { Transit, TransitResult } from "./grid.ts";
import { earlierUse, firstSku, useKey } from "./idempotency.ts";
import { NOT_OWNER } from "./not-owner.ts";
import type { Turn } from "./turn.ts";

export function transit(turn: Turn, command: Transit): TransitResult {
  const home = turn.state.shardOfReservation(command.id);
  if (home !== undefined && !turn.state.owns(home.id)) return NOT_OWNER;
  const cell = home?.reservation(command.id);
  if (home === undefined || cell === undefined) {
    return { kind: "not-found", detail: `reservation ${command.id} is not known; check the id` };
  }
  const { idempotency } = command;
  if (idempotency === undefined) return change(turn, home, cell, command);
  const sku = firstSku(cell.value.lines);
  const earlier = earlierUse(turn, home, sku, idempotency);
  if (typeof earlier === "object") return earlier;
  if (earlier !== undefined) return { kind: "reservation", reservation: cell.value };
  const result = change(turn, home, cell, command);
  if (result.kind === "reservation") useKey(turn, home, sku, idempotency, command.id);
  return result;
}

/** Ends a hold whose time has come; false when there was nothing to end. */
export function expire(turn: Turn, id: ReservationId): boolean {
  const home = turn.state.shardOfReservation(id);
  const cell = home?.reservation(id);
  if (home === undefined || cell === undefined || !turn.state.owns(home.id)) return false;
  const event = decideTransition(cell.value, { kind: "expire" }, turn.now);
  if (event?.kind !== "expired") return false;
  apply(turn, home, cell, event);
  return true;
}

/** A hold that is over ends first, even when its timer has not come yet: nobody confirms or extends it any more. */
function change(turn: Turn, home: Shard, cell: ReservationCell, command: Transit): TransitResult {
  expire(turn, command.id);
  const decision = decideTransition(cell.value, transitionOf(command), turn.now);
  if (decision === undefined) return { kind: "reservation", reservation: cell.value };
  if ("detail" in decision) return decision;
  apply(turn, home, cell, decision);
  return { kind: "reservation", reservation: cell.value };
}

function transitionOf(command: Transit): Transition {
  if (command.transition === "extend") return { kind: "extend", ttlMs: command.ttlMs ?? 0 };
  return { kind: command.transition, lines: command.lines };
}

function apply(turn: Turn, home: Shard, cell: ReservationCell, event: ReservationChanged): void {
  const before = cell.value;
  turn.state.applyChanged(home, cell, event);
  turn.entries.push({ entry: "reservation", event });
  if (event.kind !== "extended") follow(turn, before, event, event.kind);
}

function follow(
  turn: Turn,
  reservation: Reservation,
  event: ReservationChanged,
  kind: Exclude<ReservationChanged["kind"], "extended">,
): void {
  for (const delta of event.changes) {
    const { sku, location } = reservation.lines[delta.line] as ReservationLine;
    const shard = turn.state.shardOfSku(sku);
    const record = shard.recordOrEmpty(sku, location);
    turn.entries.push(turn.state.applyStock(shard, record, followReservation(record.value, kind, delta, event.id, turn.now)));
  }
}
