/**
 * Cells: an actor's place in memory. The value is immutable and replaced whole; the cell remembers what the cold tier
 * still has to learn about it.
 */

import type { EpochMs, ReservationId, ShardId, Sku } from "../base/index.ts";
import type { Participation, Reservation } from "../reservation/index.ts";
import type { MovementEffect, StockRecord } from "../stock/index.ts";
import type { Location } from "./location.ts";

interface Cell {
  /** Changed since the last checkpoint cut. */
  dirty: boolean;
  /** Used since the last passivation sweep. */
  touched: boolean;
}

export interface RecordCell extends Cell {
  readonly shard: ShardId;
  value: StockRecord;
  /** Something waited in it since it was activated: the cold tier may have a row that says so. */
  hasWaited: boolean;
}

export interface ReservationCell extends Cell {
  readonly shard: ShardId;
  value: Reservation;
  /** The reservation as the cold tier has it, undefined when it does not. */
  stored: Reservation | undefined;
}

export interface ParticipationCell extends Cell {
  readonly shard: ShardId;
  value: Participation;
  /** As the cold tier has it, undefined when it does not. */
  stored: Participation | undefined;
}

/** What became of an idempotency key. */
export interface KeyUse {
  readonly fingerprint: string;
  readonly reservation: ReservationId;
  readonly at: EpochMs;
}

export interface KeyCell extends Cell {
  readonly shard: ShardId;
  readonly sku: Sku;
  readonly key: string;
  readonly value: KeyUse;
}

/** What a shard knows of the id of a movement: the SKU's shard when it was applied, the shard of the id's hash who may use it. */
export interface MovementUse {
  /** Of the record after it; 0: only claimed, {@link MOVEMENT_FREED}: free again. */
  readonly version: number;
  readonly at: EpochMs;
  /** Undefined in records of the first release. */
  readonly sku?: Sku | undefined;
  /** Of a claim: which one, so that a late word frees no newer one. */
  readonly attempt?: number | undefined;
  /** In the SKU's shard: what the movement did. Undefined in records of earlier releases. */
  readonly effect?: MovementEffect | undefined;
}

export const MOVEMENT_FREED = -1;

export interface MovementCell extends Cell {
  readonly shard: ShardId;
  readonly id: string;
  readonly value: MovementUse;
}

/** Cells by kind, with the values they stand for. */
export interface CellLists {
  readonly records: readonly RecordCell[];
  readonly reservations: readonly ReservationCell[];
  readonly participations: readonly ParticipationCell[];
  readonly keys: readonly KeyCell[];
  readonly movements: readonly MovementCell[];
  readonly locations: readonly Location[];
}

/** Everything that changed since the last cut. */
export class DirtyCells implements CellLists {
  records: RecordCell[] = [];
  reservations: ReservationCell[] = [];
  participations: ParticipationCell[] = [];
  keys: KeyCell[] = [];
  movements: MovementCell[] = [];
  locations: Location[] = [];

  get size(): number {
    const { records, reservations, participations, keys, movements, locations } = this;
    return records.length + reservations.length + participations.length + keys.length + movements.length + locations.length;
  }

  /** Hands out the lists, with every cell clean, and starts empty ones. */
  take(): CellLists {
    const { records, reservations, participations, keys, movements, locations } = this;
    for (const cells of [records, reservations, participations, keys, movements]) for (const cell of cells) cell.dirty = false;
    this.records = [];
    this.reservations = [];
    this.participations = [];
    this.keys = [];
    this.movements = [];
    this.locations = [];
    return { records, reservations, participations, keys, movements, locations };
  }

  /** Forgets the cells of a shard that leaves. They stay marked, so that nothing adds them again. */
  forget(shard: ShardId): void {
    const stays = (cell: { readonly shard: ShardId }): boolean => cell.shard !== shard;
    this.records = this.records.filter(stays);
    this.reservations = this.reservations.filter(stays);
    this.participations = this.participations.filter(stays);
    this.keys = this.keys.filter(stays);
    this.movements = this.movements.filter(stays);
  }

  /**
   * Takes back an earlier list: its cells that are not dirty already go before all others, since a key, a movement id or a location may have a newer
   * value in a place of its own.
   */
  takeBack(lists: CellLists): void {
    this.records = [...markedDirty(lists.records), ...this.records];
    this.reservations = [...markedDirty(lists.reservations), ...this.reservations];
    this.participations = [...markedDirty(lists.participations), ...this.participations];
    this.keys = [...markedDirty(lists.keys), ...this.keys];
    this.movements = [...markedDirty(lists.movements), ...this.movements];
    this.locations = [...lists.locations, ...this.locations];
  }
}

function markedDirty<C extends Cell>(cells: readonly C[]): C[] {
  const clean = cells.filter((cell) => !cell.dirty);
  for (const cell of clean) cell.dirty = true;
  return clean;
}
