/**
 * Checkpoints while serving. A cut is taken at the send of a record, when memory is exactly the state after it; since
 * values are immutable it is a list of references, and encoding it can take its time afterwards.
 *
 * P1. Nothing of a cut reaches the store before the record it was cut at is committed.
 * P2. One checkpoint at a time; what a failed one covered is dirty again.
 */

import type { EpochMs } from "../base/index.ts";
import {
  decodeKeyUse,
  decodeMovementUse,
  decodeParticipation,
  decodeReservation,
  dueKey,
  EMPTY_VALUE,
  encodeKeyUse,
  encodeLocation,
  encodeMark,
  encodeMovementUse,
  encodeParticipation,
  encodeReservation,
  encodeStockRecord,
  isWaitingRecord,
  keyUseKey,
  type Mark,
  movementKey,
  outboxKey,
  participationKey,
  partsOfRetentionKey,
  type RetainedTable,
  recordKey,
  reservationKey,
  reservationOfKey,
  retentionKey,
  shardOfKey,
  timeKey,
} from "../codec/index.ts";
import type { CheckpointWriter, Clock, SnapshotStore } from "../ports/index.ts";
import { heldUnits, isOver, type Participation, type Reservation } from "../reservation/index.ts";
import type { CellLists, KeyCell, MovementCell, ParticipationCell, RecordCell, ReservationCell } from "../shard/index.ts";
import type { StockRecord } from "../stock/index.ts";
import type { LanePosition } from "./group-commit.ts";
import type { ImageRow } from "./image.ts";
import type { MemberState } from "./member-state.ts";

export interface CheckpointOptions {
  readonly clock: Clock;
  readonly store: SnapshotStore;
  readonly state: MemberState;
  /** Where memory stands now: the own lane at `position`, the followed lanes, the shards held. */
  markAt(position: LanePosition, at: EpochMs): Mark;
  readonly keyRetentionMs: number;
  readonly movementRetentionMs: number;
  /** The checkpoint is on disk, or was not. */
  onDone(error: Error | undefined, mark: Mark, seconds: number, cells: number): void;
}

/** Something else to write with the next checkpoint, in steps, after what is forgotten and before what changed. */
export type Extra = (writer: CheckpointWriter) => Iterable<() => void>;

/** What one checkpoint writes: cells with the values they had at the cut. */
interface Cut extends CellLists {
  readonly mark: Mark;
  readonly at: EpochMs;
  readonly extras: readonly Extra[];
  readonly recordValues: readonly StockRecord[];
  readonly reservationValues: readonly Reservation[];
  readonly participationValues: readonly Participation[];
}

/** Cells encoded in one turn: one to three milliseconds. */
const CELLS_A_TURN = 1_000;
/** Forgotten rows deleted by one checkpoint. */
const FORGET_MAX = 50_000;

export class Checkpoint {
  readonly #options: CheckpointOptions;
  #cut: Cut | undefined;
  #handedOver: Promise<void> = Promise.resolve();
  #dead = false;

  constructor(options: CheckpointOptions) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#cut !== undefined;
  }

  /** Reservations of the cut that is being written: not yet in the store, no longer dirty. */
  get reservationsInWork(): readonly ReservationCell[] {
    return this.#cut?.reservations ?? [];
  }

  /** Takes the cut. O(dirty cells), some nanoseconds each. */
  take(position: LanePosition, extras: readonly Extra[]): void {
    const { state, clock, markAt } = this.#options;
    const cells = state.takeDirty();
    const at = clock.now();
    this.#cut = {
      ...cells,
      mark: markAt(position, at),
      at,
      extras,
      recordValues: cells.records.map((cell) => cell.value),
      reservationValues: cells.reservations.map((cell) => cell.value),
      participationValues: cells.participations.map((cell) => cell.value),
    };
  }

  /** The record of the cut is committed: encodes it turn by turn and hands it to the store. */
  write(): void {
    const cut = this.#cut as Cut;
    const writer = this.#options.store.begin();
    this.#run(this.#encode(cut, writer), () => {
      this.#handedOver = new Promise((resolve) => {
        writer.commit(encodeMark(cut.mark), (error) => {
          resolve();
          if (!this.#dead) this.#finish(cut, error);
        });
      });
    });
  }

  /** Resolves once the store is done with what was handed to it, also after `stop`: whoever reads it before finds rows of two checkpoints. */
  get handedOver(): Promise<void> {
    return this.#handedOver;
  }

  /** Whatever is in work has no effect on memory any more. */
  stop(): void {
    this.#dead = true;
  }

  #run(steps: Iterator<void>, then: () => void): void {
    if (this.#dead) return;
    if (steps.next().done) then();
    else this.#options.clock.soon(() => this.#run(steps, then));
  }

  *#encode(cut: Cut, writer: CheckpointWriter): Iterator<void> {
    let cells = 0;
    for (const put of this.#puts(cut, writer)) {
      put();
      if (++cells % CELLS_A_TURN === 0) yield;
    }
  }

  *#puts(cut: Cut, writer: CheckpointWriter): Iterable<() => void> {
    const { store, keyRetentionMs, movementRetentionMs } = this.#options;
    const forgotten = { from: timeKey(0), to: timeKey(cut.at), limit: FORGET_MAX };
    for (const { key } of store.scan("retention", forgotten)) {
      yield () => forget(store, writer, key, { keys: cut.at - keyRetentionMs, movements: cut.at - movementRetentionMs });
    }
    for (const extra of cut.extras) yield* extra(writer);
    for (let i = 0; i < cut.records.length; i++) {
      yield () => putRecord(writer, cut.records[i] as RecordCell, cut.recordValues[i] as StockRecord);
    }
    for (let i = 0; i < cut.reservations.length; i++) {
      const cell = cut.reservations[i] as ReservationCell;
      yield () => putReservation(writer, cell, cut.reservationValues[i] as Reservation, keyRetentionMs);
    }
    for (let i = 0; i < cut.participations.length; i++) {
      const cell = cut.participations[i] as ParticipationCell;
      yield () => putParticipation(writer, cell, cut.participationValues[i] as Participation, keyRetentionMs);
    }
    for (const cell of cut.keys) yield () => putKey(writer, cell, keyRetentionMs);
    for (const cell of cut.movements) yield () => putMovement(writer, cell, movementRetentionMs);
    for (const location of cut.locations) yield () => writer.put("locations", location.id, encodeLocation(location));
  }

  #finish(cut: Cut, error: Error | undefined): void {
    this.#cut = undefined;
    if (error === undefined) {
      cut.reservations.forEach((cell, index) => {
        cell.stored = cut.reservationValues[index];
      });
      cut.participations.forEach((cell, index) => {
        cell.stored = cut.participationValues[index];
      });
    } else this.#options.state.dirtyAgain(cut);
    const seconds = Math.max(0, this.#options.clock.now() - cut.at) / 1000;
    this.#options.onDone(error, cut.mark, seconds, cut.records.length + cut.reservations.length);
  }
}

/** Writes a row of an image, with the rows of the time indexes that go with it. */
export function restoreRow(
  writer: CheckpointWriter,
  { table, key, value }: ImageRow,
  retention: Pick<CheckpointOptions, "keyRetentionMs" | "movementRetentionMs">,
): void {
  writer.put(table, key, value);
  switch (table) {
    case "records":
      if (isWaitingRecord(value)) writer.put("waits", key, EMPTY_VALUE);
      return;
    case "reservations": {
      const reservation = decodeReservation(value, reservationOfKey(key));
      return indexReservation(writer, key, undefined, reservation, retention.keyRetentionMs);
    }
    case "participations": {
      const participation = decodeParticipation(value, reservationOfKey(key));
      if (isOver(participation)) retain(writer, table, key, participation.at + retention.keyRetentionMs);
      return;
    }
    case "keys":
      return retain(writer, "keys", key, decodeKeyUse(value, key).at + retention.keyRetentionMs);
    case "movements":
      return retain(writer, "movements", key, decodeMovementUse(value, key).at + retention.movementRetentionMs);
  }
}

/** Key of a stored reservation in the time index of holds; undefined when it is not there. */
export function storedDueKey(key: string, value: Uint8Array): string | undefined {
  const reservation = decodeReservation(value, reservationOfKey(key));
  const due = dueTime(reservation);
  return due === 0 ? undefined : dueKey(due, reservation.id);
}

function retain(writer: CheckpointWriter, table: RetainedTable, key: string, until: number): void {
  writer.put("retention", retentionKey(until, table, key), EMPTY_VALUE);
}

function putRecord(writer: CheckpointWriter, { shard, hasWaited }: RecordCell, record: StockRecord): void {
  const key = recordKey(shard, record.sku, record.location);
  writer.put("records", key, encodeStockRecord(record));
  if (record.ledger.waiting.length > 0) writer.put("waits", key, EMPTY_VALUE);
  else if (hasWaited) writer.delete("waits", key);
}

function putReservation(writer: CheckpointWriter, cell: ReservationCell, value: Reservation, retentionMs: number): void {
  const key = reservationKey(cell.shard, value.id);
  writer.put("reservations", key, encodeReservation(value));
  indexReservation(writer, key, cell.stored, value, retentionMs);
}

/** Brings the time indexes from what they say of the reservation as `stored` to what they must say of `value`. */
function indexReservation(
  writer: CheckpointWriter,
  key: string,
  stored: Reservation | undefined,
  value: Reservation,
  retentionMs: number,
): void {
  const before = stored === undefined ? 0 : dueTime(stored);
  const due = dueTime(value);
  if (before !== due) {
    if (before !== 0) writer.delete("due", dueKey(before, value.id));
    if (due !== 0) writer.put("due", dueKey(due, value.id), EMPTY_VALUE);
  }
  const wasUnsettled = stored?.unsettled === true;
  const outbox = outboxKey(shardOfKey(key), value.id);
  if (value.unsettled && !wasUnsettled) writer.put("outbox", outbox, EMPTY_VALUE);
  if (!value.unsettled && wasUnsettled) writer.delete("outbox", outbox);
  const ended = isEnded(value) && (stored === undefined || !isEnded(stored));
  if (ended) retain(writer, "reservations", key, value.updatedAt + retentionMs);
}

/** When the hold ends, 0 when nothing is held. */
function dueTime(reservation: Reservation): EpochMs {
  return heldUnits(reservation) > 0 ? reservation.expiresAt : (0 as EpochMs);
}

/** It is kept for as long as some other shard may have to be told. */
function isEnded(reservation: Reservation): boolean {
  return !reservation.unsettled && reservation.lines.every((line) => line.held === 0 && line.allocated === 0);
}

/** Over, it is kept like an ended reservation, so that a late hold meets it. */
function putParticipation(writer: CheckpointWriter, cell: ParticipationCell, value: Participation, retentionMs: number): void {
  const key = participationKey(cell.shard, value.id);
  writer.put("participations", key, encodeParticipation(value));
  const over = isOver(value) && (cell.stored === undefined || !isOver(cell.stored));
  if (over) retain(writer, "participations", key, value.at + retentionMs);
}

function putKey(writer: CheckpointWriter, cell: KeyCell, retentionMs: number): void {
  const key = keyUseKey(cell.shard, cell.sku, cell.key);
  writer.put("keys", key, encodeKeyUse(cell.value));
  retain(writer, "keys", key, cell.value.at + retentionMs);
}

function putMovement(writer: CheckpointWriter, cell: MovementCell, retentionMs: number): void {
  const key = movementKey(cell.shard, cell.id);
  writer.put("movements", key, encodeMovementUse(cell.value));
  retain(writer, "movements", key, cell.value.at + retentionMs);
}

/** Deletes a row whose time is over, unless it was written anew since. Comes before the puts of the same checkpoint. */
function forget(
  store: SnapshotStore,
  writer: CheckpointWriter,
  retention: string,
  before: { keys: number; movements: number },
): void {
  const { table, key } = partsOfRetentionKey(retention);
  writer.delete("retention", retention);
  const value = store.get(table, key);
  if (value === undefined) return;
  if (table === "keys" && decodeKeyUse(value, key).at > before.keys) return;
  if (table === "movements" && decodeMovementUse(value, key).at > before.movements) return;
  writer.delete(table, key);
}
