/**
 * Reserving. With all shards at hand the lines of one command are decided and applied in one turn, so that they commit together or
 * not at all. Otherwise the turn opens the reservation: it holds the lines that are at hand, and openings.ts asks for the rest.
 *
 * Checks in this order, which is part of the contract: the key's earlier use, then the stock of every line; when a line at hand
 * is short, the others are not asked.
 */

import { type EpochMs, hash32, type ReservationId } from "../base/index.ts";
import type { LinePart, ReservationMade } from "../reservation/index.ts";
import type { RecordCell, ReservationCell, Shard } from "../shard/index.ts";
import { followReservation, holdable } from "../stock/index.ts";
import type { Reserve, ReserveResult, Shortage } from "./grid.ts";
import { earlierUse, firstSku, useKey } from "./idempotency.ts";
import { NOT_OWNER } from "./not-owner.ts";
import { linesElsewhere, type RemoteHold, takePart } from "./participation.ts";
import type { Turn } from "./turn.ts";

/** A line with the record it takes from. */
interface Claim {
  readonly part: LinePart;
  readonly shard: Shard;
  readonly cell: RecordCell | undefined;
  readonly quantity: number;
  /** The shard is another member's: nothing is known of its stock. */
  readonly remote: boolean;
}

/** The reservation is being opened: its outcome comes later. */
export interface Opening {
  readonly kind: "opening";
  readonly id: ReservationId;
  /** Shards to ask; none when an earlier request with the same key is at it. */
  readonly holds: readonly RemoteHold[] | undefined;
}

export function reserve(turn: Turn, command: Reserve): ReserveResult | Opening {
  const first = firstSku(command.lines);
  const hash = hash32(first);
  const home = turn.state.shardOf(hash);
  if (!turn.state.owns(home.id)) return NOT_OWNER;
  const { idempotency } = command;
  if (idempotency !== undefined) {
    const earlier = earlierUse(turn, home, first, idempotency);
    if (typeof earlier === "object") return earlier;
    const repeated = earlier === undefined ? undefined : home.reservation(earlier)?.value;
    if (repeated?.stage === "opening") return { kind: "opening", id: repeated.id, holds: undefined };
    if (repeated !== undefined) return { kind: "reserved", reservation: repeated, repeated: true };
  }
  const claims = summed(command.lines).map((part) =>
    claim(turn, part, part.sku === first ? home : turn.state.shardOfSku(part.sku)),
  );
  const refused = shortages(claims, command.mode);
  if (refused !== undefined) return { kind: "insufficient-stock", shortages: refused };

  const event = madeEvent(turn, command, claims, hash);
  const made = apply(turn, home, event, claims);
  if (idempotency !== undefined) useKey(turn, home, first, idempotency, event.id);
  if (event.kind === "held") return { kind: "reserved", reservation: made.value, repeated: false };
  return { kind: "opening", id: event.id, holds: remoteHolds(turn, home, event) };
}

function madeEvent(turn: Turn, command: Reserve, claims: readonly Claim[], hash: number): ReservationMade {
  return {
    kind: claims.some((each) => each.remote) ? "opened" : "held",
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
}

function apply(turn: Turn, home: Shard, event: ReservationMade, claims: readonly Claim[]): ReservationCell {
  const made = turn.state.applyHeld(home, event);
  turn.entries.push({ entry: "reservation", event });
  for (const each of claims) if (each.shard === home) hold(turn, each, event);
  for (const [shard, lines] of linesElsewhere(turn.state, home, event.lines) ?? []) {
    if (!turn.state.owns(shard.id)) continue;
    const parts = lines.map((line) => event.lines[line] as LinePart);
    takePart(
      turn,
      shard,
      { id: event.id, lines: parts },
      parts.map((part) => part.quantity),
    );
  }
  return made;
}

function remoteHolds(turn: Turn, home: Shard, event: ReservationMade): RemoteHold[] {
  const { id, mode, expiresAt } = event;
  const holds: RemoteHold[] = [];
  for (const [{ id: shard }, lines] of linesElsewhere(turn.state, home, event.lines) ?? []) {
    if (turn.state.owns(shard)) continue;
    const asked = lines.map((line) => {
      const { sku, location, requested } = event.lines[line] as ReservationMade["lines"][number];
      return { sku, location, quantity: requested };
    });
    holds.push({ shard, lines, ask: { id, mode, expiresAt, lines: asked } });
  }
  return holds;
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

function claim(turn: Turn, part: LinePart, shard: Shard): Claim {
  if (!turn.state.owns(shard.id)) return { part, shard, cell: undefined, quantity: 0, remote: true };
  const cell = shard.record(part.sku, part.location);
  const free = cell === undefined ? 0 : holdable(cell.value);
  return { part, shard, cell, quantity: Math.min(free, part.quantity), remote: false };
}

function shortages(claims: readonly Claim[], mode: Reserve["mode"]): Shortage[] | undefined {
  const short = claims.filter((each) => !each.remote && each.quantity < each.part.quantity);
  const enough = mode === "all" ? short.length === 0 : claims.some((each) => each.remote || each.quantity > 0);
  if (enough) return undefined;
  return short.map(({ part, quantity }) => ({
    sku: part.sku,
    location: part.location,
    requested: part.quantity,
    available: quantity,
  }));
}

function hold(turn: Turn, { cell, shard, quantity }: Claim, event: ReservationMade): void {
  if (cell === undefined || quantity === 0) return;
  const delta = { held: quantity, allocated: 0, fulfilled: 0 };
  turn.entries.push(turn.state.applyStock(shard, cell, followReservation(cell.value, "held", delta, event.id, turn.now)));
}
