/** A grid that answers what a test tells it to, and can keep its answers back: the front end alone is under test. */

import type { EpochMs, Fault, LocationId, Sku } from "../../src/base/index.ts";
import type { Grid, MovementResult, Reserve, ReserveResult, Transit, TransitResult } from "../../src/member/index.ts";
import { createReservation, formatReservationId, type LinePart, type Reservation } from "../../src/reservation/index.ts";
import { emptyRecord, type Movement, type StockRecord } from "../../src/stock/index.ts";

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678) as EpochMs;

export const STUB_ID = formatReservationId(AT, 1, 0x9c1d2e3f);

export function stubReservation(lines: readonly LinePart[]): Reservation {
  return createReservation({
    kind: "held",
    id: STUB_ID,
    version: 1,
    at: AT,
    expiresAt: (AT + 900_000) as EpochMs,
    mode: "all",
    lines: lines.map((line) => ({ ...line, requested: line.quantity })),
    reference: undefined,
    channel: undefined,
  });
}

export function stubRecord(sku: Sku, location: LocationId): StockRecord {
  return { ...emptyRecord(sku, location), onHand: 40, held: 2, version: 3, updatedAt: AT };
}

export class StubGrid implements Grid {
  onReserve: (command: Reserve) => ReserveResult = ({ lines }) => ({
    kind: "reserved",
    reservation: stubReservation(lines),
    repeated: false,
  });
  onTransit: (command: Transit) => TransitResult = () => ({ kind: "reservation", reservation: this.known });
  onMove: (movement: Movement) => MovementResult = () => ({ kind: "applied", version: 1 });
  /** When set, every read is answered with it. */
  readFault: Fault | undefined;
  readonly known = stubReservation([{ sku: "A" as Sku, location: "dc" as LocationId, quantity: 2 }]);
  /** While true, answers wait for {@link letGo}. */
  keepBack = false;
  readonly commands: (Reserve | Transit | Movement)[] = [];
  readonly #kept: (() => void)[] = [];

  reserve: Grid["reserve"] = (command, done) => {
    this.commands.push(command);
    this.#later(done, this.onReserve(command));
  };

  transit(command: Transit, done: (result: TransitResult) => void): void {
    this.commands.push(command);
    this.#later(done, this.onTransit(command));
  }

  move(movement: Movement, done: (result: MovementResult) => void): void {
    this.commands.push(movement);
    this.#later(done, this.onMove(movement));
  }

  putLocation: Grid["putLocation"] = () => {
    throw new Error("the NATS service has no way to put a location");
  };

  reservation: Grid["reservation"] = (id, done) => this.#read(done, id === STUB_ID ? this.known : undefined);

  stock: Grid["stock"] = (sku, done) =>
    this.#read(done, sku === "A" ? [stubRecord(sku, "dc" as LocationId), stubRecord(sku, "shop" as LocationId)] : []);

  record: Grid["record"] = (sku, location, done) => this.#read(done, sku === "A" ? stubRecord(sku, location) : undefined);

  availability: Grid["availability"] = (skus, locations, done) =>
    this.#read(
      done,
      skus.flatMap((sku) => (locations ?? ["dc" as LocationId]).map((location) => stubRecord(sku, location))),
    );

  location: Grid["location"] = (_id, done) => this.#read(done, undefined);

  locations: Grid["locations"] = (_after, _limit, done) => this.#read(done, []);

  /** How many answers are kept back. */
  get keptBack(): number {
    return this.#kept.length;
  }

  letGo(): void {
    this.keepBack = false;
    for (const answer of this.#kept.splice(0)) answer();
  }

  #read<T>(done: (result: { readonly kind: "read"; readonly value: T } | Fault) => void, value: T): void {
    this.#later(done, this.readFault ?? { kind: "read", value });
  }

  #later<R>(done: (result: R) => void, result: R): void {
    if (this.keepBack) this.#kept.push(() => done(result));
    else queueMicrotask(() => done(result));
  }
}
