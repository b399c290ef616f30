/**
 * Cells: an actor's place in memory. The value is immutable and replaced whole; the cell remembers what the cold tier
 * still has to learn about it.
 */

import type { EpochMs, ReservationId, ShardId, Sku } from "../base/index.ts";
import type { Reservation } from "../reservation/index.ts";
import type { StockRecord } from "../stock/index.ts";
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
}

export interface ReservationCell extends Cell {
  readonly shard: ShardId;
  value: Reservation;
  /** The reservation as the cold tier has it, undefined when it does not. */
  stored: Reservation | undefined;
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

export interface MovementUse {
  readonly version: number;
  readonly at: EpochMs;
}

export interface MovementCell extends Cell {
  readonly shard: ShardId;
  readonly id: string;
  readonly value: MovementUse;
}

/** Everything that changed since the last cut. */
export class DirtyCells {
  records: RecordCell[] = [];
  reservations: ReservationCell[] = [];
  keys: KeyCell[] = [];
  movements: MovementCell[] = [];
  locations: Location[] = [];

  get size(): number {
    return this.records.length + this.reservations.length + this.keys.length + this.movements.length + this.locations.length;
  }
}
