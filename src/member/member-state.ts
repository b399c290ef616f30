/**
 * Everything a member holds in memory: its shards, what changed in them, and the locations. One per incarnation: dropped
 * whole when the lane is lost.
 *
 * M1. State changes only through `apply...`, live and in replay alike, and each change of a record, reservation, key,
 *     participation, movement id or location is one entry.
 */

import {
  type EpochMs,
  hash32,
  invariant,
  type LocationId,
  type ReservationId,
  type ShardId,
  type Sku,
  shardOfHash,
} from "../base/index.ts";
import {
  createReservation,
  evolveReservation,
  makesReservation,
  type Participation,
  type ReservationChanged,
  type ReservationMade,
  skuHashOfReservationId,
} from "../reservation/index.ts";
import {
  type ActorCounts,
  type CellLists,
  type ColdTier,
  DirtyCells,
  type Entry,
  type Location,
  type MovementEntry,
  type MovementUse,
  type RecordCell,
  type ReservationCell,
  Shard,
  type StockEntry,
} from "../shard/index.ts";
import { evolve, type StockEvent } from "../stock/index.ts";

export class MemberState {
  readonly shards: readonly Shard[];
  readonly locations = new Map<LocationId, Location>();
  readonly counts: ActorCounts = { records: 0, reservations: 0, participations: 0, keys: 0, movements: 0, activations: 0 };
  readonly #owns: (shard: ShardId) => boolean;
  readonly #dirty = new DirtyCells();
  /** Told of every hold that will expire. */
  readonly #onHold: (expiresAt: EpochMs, id: ReservationId) => void;

  constructor(
    shards: number,
    cold: ColdTier,
    owns: (shard: ShardId) => boolean,
    onHold: (expiresAt: EpochMs, id: ReservationId) => void,
  ) {
    this.#owns = owns;
    this.shards = Array.from({ length: shards }, (_, id) => new Shard(id as ShardId, cold, this.#dirty, this.counts));
    this.#onHold = onHold;
  }

  /** Commands for the shard may be decided here. O(1). */
  owns(shard: ShardId): boolean {
    return this.#owns(shard);
  }

  /** Takes a shard out of memory; what it holds is then what the cold tier has. */
  drop(shard: ShardId): void {
    (this.shards[shard] as Shard).leave();
  }

  shardOf(hash: number): Shard {
    return this.shards[shardOfHash(hash, this.shards.length)] as Shard;
  }

  shardOfSku(sku: Sku): Shard {
    return this.shardOf(hash32(sku));
  }

  /** Shard that keeps a reservation, undefined when the text is no reservation id. */
  shardOfReservation(id: string): Shard | undefined {
    const hash = skuHashOfReservationId(id);
    return hash === undefined ? undefined : this.shardOf(hash);
  }

  shardOfMovement(id: string): Shard {
    return this.shardOf(hash32(id));
  }

  /** Changes a record and returns the entry that says so. */
  applyStock(shard: Shard, cell: RecordCell, event: StockEvent): StockEntry {
    const after = evolve(cell.value, event);
    shard.putRecord(cell, after);
    return { entry: "stock", event, after };
  }

  applyHeld(shard: Shard, event: ReservationMade): ReservationCell {
    this.#onHold(event.expiresAt, event.id);
    return shard.addReservation(createReservation(event));
  }

  applyChanged(shard: Shard, cell: ReservationCell, event: ReservationChanged): void {
    shard.putReservation(cell, evolveReservation(cell.value, event));
    // Granted may be the first time that it holds anything: until then nobody looked after its end.
    if (event.kind === "extended" || event.kind === "granted") this.#onHold(event.expiresAt, event.id);
  }

  applyParticipation(shard: Shard, value: Participation): void {
    shard.putParticipation(value);
  }

  applyMovement(shard: Shard, id: string, use: MovementUse): void {
    shard.putMovement(id, use);
  }

  applyLocation(location: Location): void {
    this.locations.set(location.id, location);
    this.#dirty.locations.push(location);
  }

  /**
   * Applies an entry read from the journal. What the snapshot already has is skipped by version; a gap, or levels other than
   * the journal's, is a broken invariant: the fold and the log disagree.
   */
  replay(entry: Entry): void {
    switch (entry.entry) {
      case "stock":
        return this.#replayStock(entry);
      case "reservation":
        return makesReservation(entry.event) ? this.#replayHeld(entry.event) : this.#replayChanged(entry.event);
      case "key": {
        const { fingerprint, reservation, at } = entry;
        return this.shardOfSku(entry.sku).putKey(entry.sku, entry.key, { fingerprint, reservation, at });
      }
      case "participation": {
        const { shard: id, entry: _entry, ...value } = entry;
        const shard = this.shards[id] as Shard;
        if ((shard.participation(value.id)?.version ?? 0) < value.version) this.applyParticipation(shard, value);
        return;
      }
      case "movement":
        return this.#replayMovement(entry);
      case "location":
        return this.applyLocation(entry.location);
      case "adopted":
      case "released":
      case "barrier":
        return;
    }
  }

  /** Cells changed since the last cut. */
  get dirtySize(): number {
    return this.#dirty.size;
  }

  get dirtyReservations(): readonly ReservationCell[] {
    return this.#dirty.reservations;
  }

  /** What changed since the last cut; from here on it counts as clean. */
  takeDirty(): CellLists {
    return this.#dirty.take();
  }

  /** A checkpoint failed: what it covered is dirty again. */
  dirtyAgain(cells: CellLists): void {
    this.#dirty.takeBack(cells);
  }

  #replayStock({ event, after }: StockEntry): void {
    const shard = this.shardOfSku(event.sku);
    const cell = shard.recordOrEmpty(event.sku, event.location);
    const where = `${event.sku} at ${event.location}`;
    if (event.version <= cell.value.version) return;
    invariant(event.version === cell.value.version + 1, `${where}: version ${event.version} follows ${cell.value.version}`);
    this.applyStock(shard, cell, event);
    const { onHand, held, allocated, unavailable } = cell.value;
    invariant(
      onHand === after.onHand && held === after.held && allocated === after.allocated && unavailable === after.unavailable,
      `${where}: the fold at version ${event.version} differs from the levels in the journal`,
    );
  }

  #replayMovement({ id, shard, version, at, sku, attempt, effect }: MovementEntry): void {
    const home = shard === undefined ? this.shardOfMovement(id) : (this.shards[shard] as Shard);
    const use = { version, at, sku, attempt };
    this.applyMovement(home, id, effect === undefined ? use : { ...use, effect });
  }

  #replayHeld(event: ReservationMade): void {
    const shard = this.shardOfReservation(event.id);
    invariant(shard !== undefined, `reservation id ${event.id} has no known form`);
    if (shard.reservation(event.id) === undefined) this.applyHeld(shard, event);
  }

  #replayChanged(event: ReservationChanged): void {
    const shard = this.shardOfReservation(event.id);
    const cell = shard?.reservation(event.id);
    invariant(shard !== undefined && cell !== undefined, `reservation ${event.id} is changed but was never made`);
    if (event.version <= cell.value.version) return;
    invariant(event.version === cell.value.version + 1, `${event.id}: version ${event.version} follows ${cell.value.version}`);
    this.applyChanged(shard, cell, event);
  }
}
