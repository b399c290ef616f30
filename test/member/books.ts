/** What the lanes of both members say once everything is at rest, folded anew: nothing is held for nobody, and both sides agree. */

import { decodeJournalRecord } from "../../src/codec/index.ts";
import {
  createReservation,
  evolveReservation,
  makesReservation,
  type Reservation,
  skuHashOfReservationId,
} from "../../src/reservation/index.ts";
import type { Entry, Levels, ParticipationEntry } from "../../src/shard/index.ts";
import { type Pair, SHARDS, shardOf } from "./pair.ts";

export interface Books {
  readonly records: ReadonlyMap<string, Levels>;
  readonly reservations: readonly Reservation[];
  readonly participations: readonly ParticipationEntry[];
  /** Shards that recorded a movement as applied, by its id. */
  readonly movements: ReadonlyMap<string, readonly number[]>;
}

export function booksOf(pair: Pair): Books {
  const records = new Map<string, Levels>();
  const reservations = new Map<string, Reservation>();
  const participations = new Map<string, ParticipationEntry>();
  const movements = new Map<string, number[]>();
  const fold = (entry: Entry): void => {
    if (entry.entry === "stock") records.set(entry.event.sku, entry.after);
    if (entry.entry === "participation") participations.set(`${entry.shard} ${entry.id}`, entry);
    if (entry.entry === "movement" && entry.version > 0) {
      movements.set(entry.id, [...(movements.get(entry.id) ?? []), entry.shard as number]);
    }
    if (entry.entry !== "reservation") return;
    const { event } = entry;
    const known = reservations.get(event.id);
    if (makesReservation(event)) reservations.set(event.id, createReservation(event));
    else if (known !== undefined) reservations.set(event.id, evolveReservation(known, event));
  };
  for (const { lane } of Object.values(pair.sides)) {
    for (const bytes of lane.everything()) for (const entry of decodeJournalRecord(bytes, "a lane").entries) fold(entry);
  }
  return { records, reservations: [...reservations.values()], participations: [...participations.values()], movements };
}

/** Everything that is wrong at rest, in words; empty when nothing is. */
export function wrongAtRest(pair: Pair): string[] {
  const { records, reservations, participations } = booksOf(pair);
  const wrong = [...pair.failures];
  const sums = new Map<string, { held: number; allocated: number }>();
  for (const reservation of reservations) {
    const { id, stage, unsettled, lines } = reservation;
    if (stage === "opening") wrong.push(`${id} is still being opened`);
    if (unsettled) wrong.push(`${id} is not settled`);
    for (const line of lines) {
      const sum = sums.get(line.sku) ?? { held: 0, allocated: 0 };
      sums.set(line.sku, { held: sum.held + line.held, allocated: sum.allocated + line.allocated });
      wrong.push(...disagreement(reservation, line, participations));
    }
  }
  for (const [sku, { held, allocated, onHand }] of records) {
    const sum = sums.get(sku) ?? { held: 0, allocated: 0 };
    if (held !== sum.held || allocated !== sum.allocated)
      wrong.push(`${sku} has ${held} held and ${allocated} allocated, reservations have ${sum.held} and ${sum.allocated}`);
    if (onHand - held - allocated < 0) wrong.push(`${sku} is oversold`);
  }
  return wrong;
}

function disagreement(
  { id, stage }: Reservation,
  line: Reservation["lines"][number],
  participations: readonly ParticipationEntry[],
): string[] {
  const shard = shardOf(line.sku);
  if (shard === (skuHashOfReservationId(id) ?? 0) % SHARDS) return [];
  const part = participations
    .find((each) => each.shard === shard && each.id === id)
    ?.lines.find((each) => each.sku === line.sku && each.location === line.location);
  if (part === undefined) return stage === "standing" ? [`shard ${shard} knows nothing of ${id}`] : [];
  const same = part.held === line.held && part.allocated === line.allocated && part.fulfilled === line.fulfilled;
  return same ? [] : [`shard ${shard} has ${JSON.stringify(part)} of ${id}, which says ${JSON.stringify(line)}`];
}
