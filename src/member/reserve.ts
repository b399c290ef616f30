/**
 * Reserving: all lines of one command decided and applied in one turn, so that they commit together or not at all.
 *
 * Checks in this order, which is part of the contract: the key's earlier use, then the stock of every line.
 */

import { type EpochMs, hash32 } from "../base/index.ts";
import type { LinePart, ReservationHeld } from "../reservation/index.ts";
import type { RecordCell, Shard } from "../shard/index.ts";
import { followReservation, holdable } from "../stock/index.ts";
import type { Reserve, ReserveResult, Shortage } from "./grid.ts";
import { earlierUse, firstSku, useKey } from "./idempotency.ts";
import { NOT_OWNER } from "./not-owner.ts";
import type { Turn } from "./turn.ts";

/** A line with the record it takes from. */
interface Claim {
  readonly part: LinePart;
  readonly shard: Shard;
  readonly cell: RecordCell | undefined;
  readonly quantity: number;
}

export function reserve(turn: Turn, command: Reserve): ReserveResult {
  const first = firstSku(command.lines);
  const hash = hash32(first);
  const home = turn.state.shardOf(hash);
  if (!turn.state.owns(home.id)) return NOT_OWNER;
  const { idempotency } = command;
  if (idempotency !== undefined) {
    const earlier = earlierUse(turn, home, first, idempotency);
    if (typeof earlier === "object") return earlier;
    const repeated = earlier === undefined ? undefined : home.reservation(earlier);
    if (repeated !== undefined) return { kind: "reserved", reservation: repeated.value, repeated: true };
  }
  const lines = summed(command.lines);
  const claims = lines.map((part) => claim(part, part.sku === first ? home : turn.state.shardOfSku(part.sku)));
  const refused = shortages(claims, command.mode);
  if (refused !== undefined) return { kind: "insufficient-stock", shortages: refused };

  const event: ReservationHeld = {
    kind: "held",
    id: turn.newReservationId(hash),
    version: 1,
    at: turn.now,
    expiresAt: (turn.now + command.ttlMs) as EpochMs,
    mode: command.mode,
    lines: claims.map(({ part, quantity }) => ({
      sku: part.sku,
      location: part.location,
      requested: part.quantity,
      quantity,
    })),
    reference: command.reference,
    channel: command.channel,
  };
  const made = turn.state.applyHeld(home, event);
  turn.entries.push({ entry: "reservation", event });
  for (const each of claims) hold(turn, each, event);
  if (idempotency !== undefined) useKey(turn, home, first, idempotency, event.id);
  return { kind: "reserved", reservation: made.value, repeated: false };
}

function summed(lines: readonly LinePart[]): readonly LinePart[] {
  if (lines.length === 1) return lines;
  const sums = new Map<string, LinePart>();
  for (const line of lines) {
    const name = `${line.sku}\u0000${line.location}`;
    const before = sums.get(name);
    sums.set(name, before === undefined ? line : { ...line, quantity: before.quantity + line.quantity });
  }
  return [...sums.values()];
}

function claim(part: LinePart, shard: Shard): Claim {
  const cell = shard.record(part.sku, part.location);
  const free = cell === undefined ? 0 : holdable(cell.value);
  return { part, shard, cell, quantity: Math.min(free, part.quantity) };
}

function shortages(claims: readonly Claim[], mode: Reserve["mode"]): Shortage[] | undefined {
  const short = claims.filter((each) => each.quantity < each.part.quantity);
  const enough = mode === "all" ? short.length === 0 : claims.some((each) => each.quantity > 0);
  if (enough) return undefined;
  return short.map(({ part, quantity }) => ({
    sku: part.sku,
    location: part.location,
    requested: part.quantity,
    available: quantity,
  }));
}

function hold(turn: Turn, { cell, shard, quantity }: Claim, event: ReservationHeld): void {
  if (cell === undefined || quantity === 0) return;
  const delta = { held: quantity, allocated: 0, fulfilled: 0 };
  turn.entries.push(turn.state.applyStock(shard, cell, followReservation(cell.value, "held", delta, event.id, turn.now)));
}
