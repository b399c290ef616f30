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
import type { Transit, TransitResult } from "./grid.ts";
import { earlierUse, firstSku, useKey } from "./idempotency.ts";
import { NOT_OWNER } from "./not-owner.ts";
import { changeStock, followAskOf, followHere, levelsOf, linesElsewhere, STOCK_KIND_OF } from "./participation.ts";
import type { Turn } from "./turn.ts";

export function transit(turn: Turn, command: Transit): TransitResult {
  const home = turn.state.shardOfReservation(command.id);
  if (home !== undefined && !turn.state.owns(home.id)) return NOT_OWNER;
  const cell = home?.reservation(command.id);
  if (home === undefined || cell === undefined || cell.value.stage !== "standing") {
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

/** Ends a hold whose time has come, or an opening; false when there was nothing to end. */
export function expire(turn: Turn, id: ReservationId): boolean {
  const home = turn.state.shardOfReservation(id);
  if (home !== undefined && !turn.state.owns(home.id)) return false;
  const cell = home?.reservation(id);
  if (home === undefined || cell === undefined || !turn.state.owns(home.id)) return false;
  const event = decideTransition(cell.value, { kind: "expire" }, turn.now);
  if (event === undefined || "detail" in event) return false;
  applyChange(turn, home, cell, event);
  return true;
}

/** A hold that is over ends first, even when its timer has not come yet: nobody confirms or extends it any more. */
function change(turn: Turn, home: Shard, cell: ReservationCell, command: Transit): TransitResult {
  expire(turn, command.id);
  const decision = decideTransition(cell.value, transitionOf(command), turn.now);
  if (decision === undefined) return { kind: "reservation", reservation: cell.value };
  if ("detail" in decision) return decision;
  applyChange(turn, home, cell, decision);
  return { kind: "reservation", reservation: cell.value };
}

function transitionOf(command: Transit): Transition {
  if (command.transition === "extend") return { kind: "extend", ttlMs: command.ttlMs ?? 0 };
  return { kind: command.transition, lines: command.lines };
}

/**
 * Changes a reservation, with the stock of its lines. Shards of this member follow in the same record; those of others are told once
 * it is committed.
 */
export function applyChange(turn: Turn, home: Shard, cell: ReservationCell, decided: ReservationChanged): void {
  const before = cell.value;
  const kind = STOCK_KIND_OF[decided.kind];
  const elsewhere = kind === undefined ? undefined : linesElsewhere(turn.state, home, before.lines);
  const told = elsewhere === undefined ? [] : toTell(before, decided, elsewhere);
  const unsettled = told.some(([shard]) => !turn.state.owns(shard.id));
  const event: ReservationChanged = unsettled ? { ...decided, unsettled } : decided;
  turn.state.applyChanged(home, cell, event);
  turn.entries.push({ entry: "reservation", event });
  if (kind === undefined) return;
  for (const delta of event.changes) {
    const line = before.lines[delta.line] as ReservationLine;
    if (elsewhere !== undefined && turn.state.shardOfSku(line.sku) !== home) continue;
    changeStock(turn, home, line, kind, delta, event.id);
  }
  for (const [shard, lines] of told) {
    if (!turn.state.owns(shard.id)) continue;
    const base = lines.map((line) => levelsOf(before, line));
    followHere(turn, shard, { ...followAskOf(cell.value, lines), kind }, base);
  }
  if (unsettled) turn.onUnsettled(cell.value);
}

/** Other shards whose lines change; all of them while any may not know what came before. */
function toTell(
  before: Reservation,
  { changes }: ReservationChanged,
  elsewhere: ReadonlyMap<Shard, readonly number[]>,
): readonly (readonly [Shard, readonly number[]])[] {
  const all = [...elsewhere];
  if (before.unsettled) return all;
  const changed = new Set(changes.map((change) => change.line));
  return all.filter(([, lines]) => lines.some((line) => changed.has(line)));
}
