/**
 * The fold of the journal as far as it is kept, by the same functions that run live.
 *
 * Y1. Records stand in the lane without a hole, each naming the one before it.
 * Y2. The events of a stock record have versions without a gap, and each leads to the levels that the journal says.
 * Y3. The events of a reservation have versions without a gap; those of a participation only grow.
 *
 * Where a record's first events were trimmed, the fold begins with the levels before the first one that is kept. A shard that comes from another lane, or from a
 * backup, begins anew: what was folded of it is of an earlier stay.
 * Memory: the records and reservations that the kept journal touches, and its movement ids.
 */

import { hash32, type LaneSeq, type LocationId, type ShardId, type Sku, shardOfHash } from "../base/index.ts";
import { checksumOf, decodeJournalRecord, type JournalRecord } from "../codec/index.ts";
import { shardOfEntry } from "../member/index.ts";
import {
  createReservation,
  evolveReservation,
  makesReservation,
  type Participation,
  type Reservation,
  type ReservationEvent,
  skuHashOfReservationId,
} from "../reservation/index.ts";
import type { AdoptedEntry, Entry, MovementEntry, ParticipationEntry, StockEntry } from "../shard/index.ts";
import { emptyRecord, evolve, type StockRecord } from "../stock/index.ts";
import type { Differences } from "./differences.ts";

/** What a stock record is compared by. */
export const LEVELS = ["onHand", "held", "allocated", "unavailable", "inbound", "safetyStock"] as const;

export interface FoldedRecord {
  value: StockRecord;
  /** The record before the first event that is kept. */
  readonly base: StockRecord;
  /** The shard came from elsewhere since the lane is kept: the base was never in this lane. */
  readonly isForeign: boolean;
}

export class Fold {
  readonly records = new Map<string, FoldedRecord>();
  /** Only those whose first event is kept. */
  readonly reservations = new Map<string, Reservation>();
  /** By shard and reservation. */
  readonly participations = new Map<string, ParticipationEntry>();
  /** By shard and id. */
  readonly movements = new Map<string, MovementEntry>();
  readonly #lane: string;
  readonly #shards: number;
  /** Shards that came from elsewhere. */
  readonly #foreign = new Set<ShardId>();
  readonly #differences: Differences;
  /** Called with each record that the fold meets for the first time. */
  onFirst: (record: FoldedRecord) => void = () => undefined;
  journalRecords = 0;
  events = 0;
  #last: { readonly checksum: number; readonly epoch: number } | undefined;

  constructor(lane: string, shards: number, differences: Differences) {
    this.#lane = lane;
    this.#shards = shards;
    this.#differences = differences;
  }

  /** One journal record, in order. Throws CorruptData when its bytes cannot be trusted. */
  add(seq: LaneSeq, bytes: Uint8Array): void {
    const record = decodeJournalRecord(bytes, `lane ${this.#lane}, record ${seq}`);
    this.#checkChain(seq, record);
    this.#last = { checksum: checksumOf(bytes), epoch: record.epoch };
    this.journalRecords++;
    for (const entry of record.entries) this.#addEntry(entry);
  }

  /** Checksum of the newest record added. */
  get checksum(): number | undefined {
    return this.#last?.checksum;
  }

  #checkChain(seq: LaneSeq, record: JournalRecord): void {
    if (record.lane !== this.#lane) this.#differences.add(`record ${seq} of the journal belongs to lane ${record.lane}`);
    if (this.#last === undefined) return;
    if (record.previous !== this.#last.checksum)
      this.#differences.add(`record ${seq} of the journal does not follow the one before it`);
    if (record.epoch < this.#last.epoch) {
      this.#differences.add(
        `record ${seq} of the journal was written by writer ${record.epoch} after writer ${this.#last.epoch}`,
      );
    }
  }

  #addEntry(entry: Entry): void {
    if (entry.entry === "stock") this.#addStock(entry);
    else if (entry.entry === "reservation") this.#addReservation(entry.event);
    else if (entry.entry === "participation") this.#addParticipation(entry);
    else if (entry.entry === "movement") this.movements.set(`${entry.shard ?? ""} ${entry.id}`, entry);
    else if (entry.entry === "adopted") this.#adopt(entry);
  }

  #adopt({ shard, origin }: AdoptedEntry): void {
    if (origin.kind === "new" || (origin.kind === "place" && origin.lane === this.#lane)) return;
    this.#foreign.add(shard);
    for (const [key, { value }] of this.records) if (this.#shardOfSku(value.sku) === shard) this.records.delete(key);
    for (const id of this.reservations.keys()) if (homeOf(id, this.#shards) === shard) this.reservations.delete(id);
    for (const [name, entry] of this.participations) if (entry.shard === shard) this.participations.delete(name);
    for (const [name, entry] of this.movements) {
      if (shardOfEntry(entry, this.#shards) === shard) this.movements.delete(name);
    }
  }

  #shardOfSku(sku: Sku): ShardId {
    return shardOfHash(hash32(sku), this.#shards);
  }

  #addStock(entry: StockEntry): void {
    this.events++;
    const { event, after } = entry;
    const folded = this.#recordOf(entry);
    const where = `${event.sku} at ${event.location}`;
    if (event.version !== folded.value.version + 1) {
      this.#differences.add(`${where}: version ${event.version} follows ${folded.value.version} in the journal`);
    }
    folded.value = evolve({ ...folded.value, version: event.version - 1 }, event);
    const wrong = LEVELS.find((level) => folded.value[level] !== after[level]);
    if (wrong !== undefined) {
      this.#differences.add(
        `${where}: ${wrong} folds to ${folded.value[wrong]} at version ${event.version}, the journal says ${after[wrong]}`,
      );
    }
  }

  #recordOf(entry: StockEntry): FoldedRecord {
    const key = recordName(entry.event.sku, entry.event.location);
    const known = this.records.get(key);
    if (known !== undefined) return known;
    const base = before(entry);
    const folded = { base, value: base, isForeign: this.#foreign.has(this.#shardOfSku(base.sku)) };
    this.records.set(key, folded);
    this.onFirst(folded);
    return folded;
  }

  #addParticipation(entry: ParticipationEntry): void {
    const name = participationName(entry.shard, entry.id);
    const known = this.participations.get(name);
    if (known !== undefined && known.version >= entry.version) {
      this.#differences.add(
        `shard ${entry.shard} in ${entry.id}: version ${entry.version} follows ${known.version} in the journal`,
      );
    }
    this.participations.set(name, entry);
  }

  #addReservation(event: ReservationEvent): void {
    this.events++;
    if (makesReservation(event)) {
      this.reservations.set(event.id, createReservation(event));
      return;
    }
    const known = this.reservations.get(event.id);
    if (known === undefined) return;
    if (event.version !== known.version + 1) {
      this.#differences.add(`reservation ${event.id}: version ${event.version} follows ${known.version} in the journal`);
    }
    this.reservations.set(event.id, evolveReservation({ ...known, version: event.version - 1 }, event));
  }
}

/** Shard that keeps a reservation. */
export function homeOf(id: string, shards: number): ShardId {
  return shardOfHash(skuHashOfReservationId(id) ?? 0, shards);
}

/** Names a participation in maps. */
export function participationName(shard: number, id: Participation["id"]): string {
  return `${shard} ${id}`;
}

/** Names a stock record in maps: neither part can hold U+0000. */
export function recordName(sku: Sku, location: LocationId): string {
  return `${sku}\u0000${location}`;
}

function before({ event, after }: StockEntry): StockRecord {
  const empty = emptyRecord(event.sku, event.location);
  if (event.version === 1) return empty;
  return {
    ...empty,
    version: event.version - 1,
    onHand: after.onHand - event.onHand,
    held: after.held - event.held,
    allocated: after.allocated - event.allocated,
    unavailable: after.unavailable - event.unavailable,
    inbound: after.inbound,
    safetyStock: after.safetyStock,
  };
}
