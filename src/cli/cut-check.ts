/**
 * Whether the copies of all shards show one moment, as far as reservations over several shards can tell: a shard must not know more of a reservation than its
 * home does, nor less than what the home calls settled.
 *
 * Memory: reservations with lines in several shards.
 */

import { hash32, type ReservationId, type ShardId, shardOfHash } from "../base/index.ts";
import { decodeParticipation, decodeReservation, reservationOfKey } from "../codec/index.ts";
import type { ImageRow } from "../member/index.ts";
import { isOver, type Participation, type ParticipationLine, type Reservation } from "../reservation/index.ts";

interface Told {
  readonly version: number;
  readonly isSettled: boolean;
  readonly lines: readonly ParticipationLine[];
}

export class CutCheck {
  unsettled = 0;
  readonly #shards: number;
  /** What a shard should know, by shard and reservation. */
  readonly #told = new Map<string, Told>();
  readonly #known = new Map<string, Participation>();

  constructor(shards: number) {
    this.#shards = shards;
  }

  add(shard: ShardId, rows: readonly ImageRow[]): void {
    for (const { table, key, value } of rows) {
      if (table === "reservations") this.#addReservation(shard, decodeReservation(value, reservationOfKey(key)));
      else if (table === "participations") this.#addParticipation(shard, decodeParticipation(value, reservationOfKey(key)));
    }
  }

  /** What does not fit, the first that is found; undefined when all does. */
  wrong(): string | undefined {
    for (const [name, known] of this.#known) {
      const told = this.#told.get(name);
      if (told === undefined && !isOver(known)) return `${name}: known to the shard, not to its home`;
      if (told !== undefined && known.version > told.version)
        return `${name}: version ${known.version} in the shard, ${told.version} at home`;
    }
    for (const [name, told] of this.#told) {
      if (told.isSettled && !agrees(told.lines, this.#known.get(name))) return `${name}: settled at home, not in the shard`;
    }
    return undefined;
  }

  #addReservation(home: ShardId, { id, version, unsettled, lines }: Reservation): void {
    if (unsettled) this.unsettled++;
    if (lines.length === 1) return;
    for (const line of lines) {
      const shard = shardOfHash(hash32(line.sku), this.#shards);
      if (shard === home) continue;
      const name = nameOf(shard, id);
      const before = this.#told.get(name)?.lines ?? [];
      this.#told.set(name, { version, isSettled: !unsettled, lines: [...before, line] });
    }
  }

  #addParticipation(shard: ShardId, participation: Participation): void {
    this.#known.set(nameOf(shard, participation.id), participation);
  }
}

function nameOf(shard: ShardId, id: ReservationId): string {
  return `reservation ${id} in shard ${shard}`;
}

/** One that is over may be forgotten on either side. */
function agrees(lines: readonly ParticipationLine[], known: Participation | undefined): boolean {
  return lines.every((line) => {
    const found = known?.lines.find(({ sku, location }) => sku === line.sku && location === line.location);
    return (found?.held ?? 0) === line.held && (found?.allocated ?? 0) === line.allocated;
  });
}
