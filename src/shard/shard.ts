/**
 * A shard: the actors of one hash range of SKUs, activated from the cold tier on first touch.
 *
 * H1. What memory has is newer than, or equal to, what the cold tier has; a dirty cell is never passivated.
 * H2. All changes go through `put...`, which marks the cell dirty exactly once between two cuts.
 * H3. What waits in a record that was activated or changed since the shard came into memory is in the index of what is awaited, and nothing else is.
 *
 * It does not decide anything: see member/ for the commands and stock/, reservation/ for the rules.
 */

import type { LocationId, ReservationId, ShardId, Sku } from "../base/index.ts";
import type { Participation, Reservation } from "../reservation/index.ts";
import { emptyRecord, type StockRecord } from "../stock/index.ts";
import { Awaited } from "./awaited.ts";
import type {
  DirtyCells,
  KeyCell,
  KeyUse,
  MovementCell,
  MovementUse,
  ParticipationCell,
  RecordCell,
  ReservationCell,
} from "./cells.ts";
import type { ColdTier } from "./cold-tier.ts";

/** Counts that passivation and metrics look at; shared by all shards of a member. */
export interface ActorCounts {
  records: number;
  reservations: number;
  participations: number;
  keys: number;
  movements: number;
  activations: number;
}

export class Shard {
  readonly id: ShardId;
  readonly records = new Map<Sku, Map<LocationId, RecordCell>>();
  readonly reservations = new Map<ReservationId, ReservationCell>();
  /** Of reservations whose home is another shard. */
  readonly participations = new Map<ReservationId, ParticipationCell>();
  readonly keys = new Map<string, KeyCell>();
  readonly movements = new Map<string, MovementCell>();
  /** Movements that reversals of this shard wait for. */
  readonly awaited = new Awaited();
  readonly #cold: ColdTier;
  readonly #dirty: DirtyCells;
  readonly #counts: ActorCounts;

  constructor(id: ShardId, cold: ColdTier, dirty: DirtyCells, counts: ActorCounts) {
    this.id = id;
    this.#cold = cold;
    this.#dirty = dirty;
    this.#counts = counts;
  }

  /** The record's cell, or undefined when nothing ever happened to it. */
  record(sku: Sku, location: LocationId): RecordCell | undefined {
    const cell = this.records.get(sku)?.get(location);
    if (cell !== undefined) {
      cell.touched = true;
      return cell;
    }
    const value = this.#cold.record(this.id, sku, location);
    return value === undefined ? undefined : this.#activate(value);
  }

  /** The record's cell, made when there is none. A made one counts as nothing until its first event. */
  recordOrEmpty(sku: Sku, location: LocationId): RecordCell {
    return this.record(sku, location) ?? this.#activate(emptyRecord(sku, location));
  }

  /** Every record of a SKU, in memory or not, by location. Does not activate. */
  recordsOf(sku: Sku): StockRecord[] {
    const hot = this.records.get(sku);
    const found: StockRecord[] = [];
    for (const record of this.#cold.recordsOf(this.id, sku)) if (!hot?.has(record.location)) found.push(record);
    for (const cell of hot?.values() ?? []) if (cell.value.version > 0) found.push(cell.value);
    return found.sort((a, b) => (a.location < b.location ? -1 : 1));
  }

  putRecord(cell: RecordCell, value: StockRecord): void {
    if (cell.value.ledger.waiting !== value.ledger.waiting) {
      this.awaited.replace(cell.value, value);
      cell.hasWaited = true;
    }
    cell.value = value;
    if (cell.dirty) return;
    cell.dirty = true;
    this.#dirty.records.push(cell);
  }

  reservation(id: ReservationId): ReservationCell | undefined {
    const cell = this.reservations.get(id);
    if (cell !== undefined) {
      cell.touched = true;
      return cell;
    }
    const value = this.#cold.reservation(this.id, id);
    return value === undefined ? undefined : this.#addReservation(value, value);
  }

  addReservation(value: Reservation): ReservationCell {
    const cell = this.#addReservation(value, undefined);
    this.#markReservation(cell);
    return cell;
  }

  putReservation(cell: ReservationCell, value: Reservation): void {
    cell.value = value;
    this.#markReservation(cell);
  }

  participation(id: ReservationId): Participation | undefined {
    return this.#participation(id)?.value;
  }

  putParticipation(value: Participation): void {
    const known = this.#participation(value.id);
    if (known !== undefined) known.value = value;
    const cell = known ?? this.#addParticipation(value, undefined);
    if (cell.dirty) return;
    cell.dirty = true;
    this.#dirty.participations.push(cell);
  }

  key(sku: Sku, key: string): KeyUse | undefined {
    return this.keys.get(keyName(sku, key))?.value ?? this.#cold.key(this.id, sku, key);
  }

  putKey(sku: Sku, key: string, value: KeyUse): void {
    const name = keyName(sku, key);
    const before = this.keys.get(name);
    if (before === undefined) this.#counts.keys++;
    const cell: KeyCell = { shard: this.id, sku, key, value, dirty: true, touched: true };
    this.keys.set(name, cell);
    this.#dirty.keys.push(cell);
  }

  movement(id: string): MovementUse | undefined {
    return this.movements.get(id)?.value ?? this.#cold.movement(this.id, id);
  }

  putMovement(id: string, value: MovementUse): void {
    if (!this.movements.has(id)) this.#counts.movements++;
    const cell: MovementCell = { shard: this.id, id, value, dirty: true, touched: true };
    this.movements.set(id, cell);
    this.#dirty.movements.push(cell);
  }

  /** The shard leaves memory. Its cells count as dirty from here on: what still refers to them must not bring them back. */
  leave(): void {
    this.#dirty.forget(this.id);
    for (const cells of this.records.values()) this.#counts.records -= strike(cells);
    this.#counts.reservations -= strike(this.reservations);
    this.#counts.participations -= strike(this.participations);
    this.#counts.keys -= strike(this.keys);
    this.#counts.movements -= strike(this.movements);
    this.records.clear();
    this.awaited.clear();
  }

  #activate(value: StockRecord): RecordCell {
    const hasWaited = value.ledger.waiting.length > 0;
    const cell: RecordCell = { shard: this.id, value, hasWaited, dirty: false, touched: true };
    if (hasWaited) this.awaited.add(value);
    const cells = this.records.get(value.sku);
    if (cells === undefined) this.records.set(value.sku, new Map([[value.location, cell]]));
    else cells.set(value.location, cell);
    this.#counts.records++;
    this.#counts.activations++;
    return cell;
  }

  #addReservation(value: Reservation, stored: Reservation | undefined): ReservationCell {
    const cell: ReservationCell = { shard: this.id, value, stored, dirty: false, touched: true };
    this.reservations.set(value.id, cell);
    this.#counts.reservations++;
    return cell;
  }

  #participation(id: ReservationId): ParticipationCell | undefined {
    const cell = this.participations.get(id);
    if (cell !== undefined) {
      cell.touched = true;
      return cell;
    }
    const value = this.#cold.participation(this.id, id);
    return value === undefined ? undefined : this.#addParticipation(value, value);
  }

  #addParticipation(value: Participation, stored: Participation | undefined): ParticipationCell {
    const cell: ParticipationCell = { shard: this.id, value, stored, dirty: false, touched: true };
    this.participations.set(value.id, cell);
    this.#counts.participations++;
    return cell;
  }

  #markReservation(cell: ReservationCell): void {
    if (cell.dirty) return;
    cell.dirty = true;
    this.#dirty.reservations.push(cell);
  }
}

function strike(cells: Map<unknown, { dirty: boolean }>): number {
  const { size } = cells;
  for (const cell of cells.values()) cell.dirty = true;
  cells.clear();
  return size;
}

/** Name of an idempotency key inside its shard. */
function keyName(sku: Sku, key: string): string {
  return `${sku}\u0000${key}`;
}
