/**
 * Judges every answer the moment it is given: what it says must already be committed, word for word, and must agree with
 * what the same client was told before.
 */

import type { MovementResult, Read, Reserve, ReserveResult, TransitResult } from "../../src/member/index.ts";
import type { Reservation } from "../../src/reservation/index.ts";
import type { Levels, Location, MovementEntry } from "../../src/shard/index.ts";
import type { StockRecord } from "../../src/stock/index.ts";
import { idOf, type Operation } from "./operations.ts";
import { mustHold } from "./violation.ts";
import { pairOf, type SeenReservation, sameLevels } from "./witness.ts";

export type Answer =
  | ReserveResult
  | TransitResult
  | MovementResult
  | { readonly kind: "created" | "replaced"; readonly location: Location }
  | Read<StockRecord | undefined>
  | Read<Reservation | undefined>;

export interface Settled {
  readonly operation: Operation;
  readonly answer: Answer;
}

/** What was committed when a question was asked: an answer may not be older. */
export interface Floor {
  readonly recordVersion: number;
  readonly reservationVersion: number;
}

/** What was committed, as a witness has it. */
export interface Seen {
  /** Takes in what was committed since the last call. */
  catchUp(): void;
  levels(pair: string): Levels | undefined;
  /** The newest version of a reservation that callers may see; 0 when there is none. */
  visibleVersion(id: string): number;
  readonly records: ReadonlyMap<string, readonly Levels[]>;
  readonly reservations: ReadonlyMap<string, readonly SeenReservation[]>;
  readonly byReference: ReadonlyMap<string, readonly string[]>;
  readonly movements: ReadonlyMap<string, MovementEntry>;
}

export class Judge {
  readonly #witness: Seen;
  /** An older member may still answer reads from memory while it has not met the one that took its lane. */
  readonly #rivals: boolean;
  readonly settled: Settled[] = [];

  constructor(witness: Seen, rivals: boolean) {
    this.#witness = witness;
    this.#rivals = rivals;
  }

  floorOf(operation: Operation): Floor {
    this.#witness.catchUp();
    const id = operation.kind === "look-up" ? operation.id : operation.kind === "transit" ? operation.command.id : undefined;
    const fresh = operation.kind === "read" && (operation.strict || !this.#rivals);
    return {
      reservationVersion: id === undefined || this.#rivals ? 0 : this.#witness.visibleVersion(id),
      recordVersion: fresh ? (this.#witness.levels(pairOf(operation))?.version ?? 0) : 0,
    };
  }

  /** A definite answer, not a fault. */
  hear(operation: Operation, answer: Answer, floor: Floor): void {
    this.#witness.catchUp();
    this.settled.push({ operation, answer });
    if (answer.kind === "reserved") this.#reserved(operation, answer.reservation, answer.repeated);
    if (answer.kind === "reservation") this.#isCommitted(answer.reservation, floor.reservationVersion);
    if (answer.kind === "applied" || answer.kind === "duplicate" || answer.kind === "pending")
      this.#applied(operation, answer.version);
    if (answer.kind === "insufficient-stock") this.#refused(operation, answer.shortages);
    if (answer.kind === "read" && operation.kind === "read")
      this.#read(operation, answer.value as StockRecord | undefined, floor);
    if (answer.kind === "read" && operation.kind === "look-up")
      this.#lookedUp(operation, answer.value as Reservation | undefined, floor);
  }

  #reserved(operation: Operation, reservation: Reservation, repeated: boolean): void {
    const { idempotency, mode } = (operation as { command: Reserve }).command;
    mustHold(!repeated || idempotency !== undefined, `${operation.name} has no key and was answered as repeated`);
    this.#isCommitted(reservation, 1);
    const made = this.#witness.byReference.get(operation.name) ?? [];
    mustHold(
      made.length === 1 && made[0] === reservation.id,
      `${operation.name} was told ${reservation.id} and made ${made.join(", ")}`,
    );
    const full = reservation.lines.every((line) => line.quantity === line.requested);
    mustHold(full || mode === "partial", `${operation.name} asked for all and got less`);
  }

  #isCommitted(reservation: Reservation, floor: number): void {
    const { id, version } = reservation;
    const seen = this.#witness.reservations.get(id)?.[version - 1];
    mustHold(seen !== undefined, `an answer shows version ${version} of ${id}, which is not committed`);
    mustHold(version >= floor, `an answer shows version ${version} of ${id} when ${floor} was committed before it was asked`);
    const lines = reservation.lines.map(({ quantity, held, allocated, fulfilled, ...line }) => ({
      ...{ pair: pairOf(line), sku: line.sku, quantity },
      ...{ held, allocated, fulfilled },
    }));
    mustHold(
      JSON.stringify(lines) === JSON.stringify(seen.lines) && reservation.expiresAt === seen.expiresAt,
      `an answer shows ${id} at version ${version} as ${JSON.stringify(reservation)}, committed was ${JSON.stringify(seen)}`,
    );
  }

  #applied(operation: Operation, version: number): void {
    const seen = this.#witness.movements.get(idOf(operation));
    mustHold(seen !== undefined, `${operation.name} was answered as applied and is not committed`);
    mustHold(seen.version === version, `${operation.name} was answered with version ${version}, committed is ${seen.version}`);
  }

  #refused(operation: Operation, shortages: readonly { readonly requested: number; readonly available: number }[]): void {
    mustHold(shortages.length > 0, `${operation.name} was refused without a shortage`);
    for (const { requested, available } of shortages) {
      mustHold(
        available < requested && available >= 0,
        `${operation.name} was refused although ${available} of ${requested} are there`,
      );
    }
  }

  #read(operation: Operation & { kind: "read" }, value: StockRecord | undefined, floor: Floor): void {
    const pair = pairOf(operation);
    if (value === undefined)
      return mustHold(floor.recordVersion === 0, `${pair} was read as never seen, at ${floor.recordVersion}`);
    const seen = this.#witness.records.get(pair)?.[value.version - 1];
    mustHold(
      seen !== undefined && sameLevels(seen, value),
      `${pair} was read as ${JSON.stringify(value)}, committed is ${JSON.stringify(seen)}`,
    );
    mustHold(
      value.version >= floor.recordVersion,
      `${pair} was read at ${value.version}, after ${floor.recordVersion} was committed`,
    );
  }

  #lookedUp(operation: Operation & { kind: "look-up" }, value: Reservation | undefined, floor: Floor): void {
    if (value !== undefined) return this.#isCommitted(value, floor.reservationVersion);
    mustHold(floor.reservationVersion === 0, `${operation.id} was not found, at version ${floor.reservationVersion}`);
  }
}
