/**
 * A shard as participant of reservations of other shards: it holds when asked and follows what the home shard decided. It never
 * releases on its own.
 *
 * Also the home shard's view: which other shards a reservation has lines in, and what each is to be told.
 */

import type { ShardId } from "../base/index.ts";
import {
  decideFollow,
  type LinePart,
  type Participation,
  type ParticipationLine,
  type Reservation,
  type ReservationChanged,
  type ReservationLine,
} from "../reservation/index.ts";
import type { RecordCell, Shard } from "../shard/index.ts";
import { followReservation, holdable, type LineDelta, type ReservationStockKind } from "../stock/index.ts";
import type { MemberState } from "./member-state.ts";
import type { FollowAsk, HoldAnswer, HoldAsk } from "./peers.ts";
import type { Turn } from "./turn.ts";

/** Indices of the lines that lie in other shards than the home, by shard; undefined when there are none. O(lines). */
export function linesElsewhere(
  state: MemberState,
  home: Shard,
  lines: readonly Pick<ReservationLine, "sku">[],
): ReadonlyMap<Shard, readonly number[]> | undefined {
  if (lines.length === 1) return undefined;
  let found: Map<Shard, number[]> | undefined;
  lines.forEach(({ sku }, index) => {
    const shard = state.shardOfSku(sku);
    if (shard === home) return;
    found ??= new Map();
    const indices = found.get(shard);
    if (indices === undefined) found.set(shard, [index]);
    else indices.push(index);
  });
  return found;
}

/** Kind of the stock events that follow an event of a reservation; undefined when none do. */
export const STOCK_KIND_OF: Readonly<Record<ReservationChanged["kind"], ReservationStockKind | undefined>> = {
  confirmed: "confirmed",
  released: "released",
  expired: "expired",
  fulfilled: "fulfilled",
  refused: "released",
  extended: undefined,
  granted: undefined,
  settled: undefined,
};

/** What a shard with these lines is to be told of the reservation as it is. */
export function followAskOf(reservation: Reservation, lines: readonly number[]): FollowAsk {
  const { id, version, lastTransition } = reservation;
  return { id, version, kind: KIND_AFTER[lastTransition], lines: lines.map((line) => levelsOf(reservation, line)) };
}

const KIND_AFTER: Readonly<Record<Reservation["lastTransition"], ReservationStockKind>> = {
  held: "released",
  confirmed: "confirmed",
  released: "released",
  expired: "expired",
  fulfilled: "fulfilled",
};

export function levelsOf({ lines }: Reservation, line: number): ParticipationLine {
  const { sku, location, held, allocated, fulfilled } = lines[line] as ReservationLine;
  return { sku, location, held, allocated, fulfilled };
}

/**
 * Holds lines of a reservation that is being opened elsewhere. Asked again it answers as before. In mode `all` a shortage of any line
 * refuses, and nothing is recorded.
 */
export function holdHere(turn: Turn, shard: Shard, ask: HoldAsk): HoldAnswer {
  const recorded = shard.participation(ask.id);
  if (recorded !== undefined) {
    if (recorded.version > 1) return { kind: "overtaken" };
    return { kind: "granted", quantities: recorded.lines.map((line) => line.held) };
  }
  const quantities = ask.lines.map((line) => Math.min(line.quantity, freeUnits(shard, line)));
  const short = ask.lines.flatMap(({ sku, location, quantity }, index) => {
    const available = quantities[index] as number;
    return available < quantity ? [{ sku, location, requested: quantity, available }] : [];
  });
  if (ask.mode === "all" && short.length > 0) return { kind: "refused", shortages: short };
  takePart(turn, shard, ask, quantities);
  return { kind: "granted", quantities };
}

/** Records what the shard holds for the reservation, and holds it. */
export function takePart(
  turn: Turn,
  shard: Shard,
  { id, lines }: Pick<HoldAsk, "id"> & { readonly lines: readonly Pick<LinePart, "sku" | "location">[] },
  quantities: readonly number[],
): void {
  const held = lines.map(({ sku, location }, index): ParticipationLine => {
    return { sku, location, held: quantities[index] as number, allocated: 0, fulfilled: 0 };
  });
  record(turn, shard, { id, version: 1, lines: held, at: turn.now });
  for (const line of held) if (line.held > 0) changeStock(turn, shard, line, "held", line, id);
}

/** Takes over what differs from what is recorded, unless a newer word was here first. `base`: see {@link decideFollow}. */
export function followHere(turn: Turn, shard: Shard, ask: FollowAsk, base?: readonly ParticipationLine[]): void {
  const { id, version, lines } = ask;
  const followed = decideFollow(shard.participation(id), { id, version, lines, at: turn.now }, base);
  if (followed === undefined) return;
  record(turn, shard, followed.participation);
  for (const change of followed.changes) {
    changeStock(turn, shard, lines[change.line] as ParticipationLine, ask.kind, change, id);
  }
}

/** The stock event of one line. */
export function changeStock(
  turn: Turn,
  shard: Shard,
  { sku, location }: Pick<LinePart, "sku" | "location">,
  kind: ReservationStockKind,
  delta: LineDelta,
  id: Reservation["id"],
): void {
  const cell: RecordCell = shard.recordOrEmpty(sku, location);
  turn.entries.push(turn.state.applyStock(shard, cell, followReservation(cell.value, kind, delta, id, turn.now)));
}

function record(turn: Turn, shard: Shard, participation: Participation): void {
  turn.state.applyParticipation(shard, participation);
  turn.entries.push({ entry: "participation", shard: shard.id, ...participation });
}

function freeUnits(shard: Shard, { sku, location }: LinePart): number {
  const cell = shard.record(sku, location);
  return cell === undefined ? 0 : holdable(cell.value);
}

/** One shard that is asked to hold, and which lines of the reservation it is asked for. */
export interface RemoteHold {
  readonly shard: ShardId;
  readonly ask: HoldAsk;
  readonly lines: readonly number[];
}
