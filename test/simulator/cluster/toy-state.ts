/** The state of the toy: plain maps, every shard at once, with the production decisions about stock and reservations. */

import { type EpochMs, hash32, type ReservationId } from "../../../src/base/index.ts";
import type {
  IdempotencyKey,
  MovementResult,
  Reserve,
  ReserveResult,
  Transit,
  TransitResult,
} from "../../../src/member/index.ts";
import {
  createReservation,
  decideTransition,
  evolveReservation,
  formatReservationId,
  type Reservation,
  type ReservationChanged,
} from "../../../src/reservation/index.ts";
import type { Entry, Location } from "../../../src/shard/index.ts";
import {
  decideMovement,
  emptyRecord,
  evolve,
  followReservation,
  holdable,
  type Movement,
  type StockEvent,
  type StockRecord,
} from "../../../src/stock/index.ts";
import { pairOf } from "../witness.ts";

type Lines = Reserve["lines"];

export class ToyState {
  readonly records = new Map<string, StockRecord>();
  readonly reservations = new Map<string, Reservation>();
  readonly locations = new Map<string, Location>();
  readonly #keys = new Map<string, { readonly reservation: ReservationId; readonly fingerprint: string }>();
  readonly #movements = new Map<string, number>();
  /** What the commands since the last batch say. */
  entries: Entry[] = [];

  apply(entry: Entry): void {
    if (entry.entry === "stock") this.records.set(pairOf(entry.event), evolve(this.#record(entry.event), entry.event));
    else if (entry.entry === "key") this.#keys.set(`${entry.sku} ${entry.key}`, entry);
    else if (entry.entry === "movement") this.#movements.set(entry.id, entry.version);
    else if (entry.entry === "location") this.locations.set(entry.location.id, entry.location);
    else if (entry.entry === "reservation") {
      const { event } = entry;
      const before = this.reservations.get(event.id) as Reservation;
      const made = event.kind === "held" ? createReservation(event) : evolveReservation(before, event as ReservationChanged);
      this.reservations.set(event.id, made);
    }
  }

  putLocation(location: Omit<Location, "version" | "updatedAt">, now: EpochMs): Location {
    const put = { ...location, version: (this.locations.get(location.id)?.version ?? 0) + 1, updatedAt: now };
    this.#say({ entry: "location", location: put });
    return put;
  }

  move(movement: Movement, now: EpochMs): MovementResult {
    const used = this.#movements.get(movement.id);
    if (used !== undefined) return { kind: "duplicate", version: used };
    const places = [movement.location, movement.toLocation];
    if (places.some((id) => id !== undefined && !this.locations.has(id)))
      return { kind: "not-found", detail: "no such location" };
    const record = this.#record(movement);
    const events = decideMovement(record, movement, now);
    if ("kind" in events) return events;
    for (const event of events) this.#stock(event);
    this.#say({ entry: "movement", id: movement.id, version: record.version + 1, at: now });
    return { kind: "applied", version: record.version + 1 };
  }

  reserve({ idempotency, ...command }: Reserve, now: EpochMs, unique: number): ReserveResult {
    const lines = summed(command.lines);
    const first = lines.map((line) => line.sku).sort()[0] as Lines[number]["sku"];
    const use = idempotency === undefined ? undefined : this.#keys.get(`${first} ${idempotency.key}`);
    const again = use === undefined ? undefined : this.reservations.get(use.reservation);
    if (again !== undefined) return { kind: "reserved", reservation: again, repeated: true };
    const taken = lines.map((line) => ({
      ...line,
      requested: line.quantity,
      quantity: Math.min(line.quantity, holdable(this.#record(line))),
    }));
    const short = taken.filter((line) => line.quantity < line.requested);
    const enough = command.mode === "all" ? short.length === 0 : taken.some((line) => line.quantity > 0);
    if (!enough) return { kind: "insufficient-stock", shortages: short.map((line) => ({ ...line, available: line.quantity })) };
    const id = formatReservationId(now, unique, hash32(first));
    const { mode, reference, channel, ttlMs } = command;
    const expiresAt = (now + ttlMs) as EpochMs;
    this.#say({
      entry: "reservation",
      event: { kind: "held", id, version: 1, at: now, expiresAt, mode, lines: taken, reference, channel },
    });
    for (const line of taken.filter((each) => each.quantity > 0)) {
      this.#stock(followReservation(this.#record(line), "held", { held: line.quantity, allocated: 0, fulfilled: 0 }, id, now));
    }
    this.#useKey(first, idempotency, id, now);
    return { kind: "reserved", reservation: this.reservations.get(id) as Reservation, repeated: false };
  }

  transit({ id, transition, lines, ttlMs, idempotency }: Transit, now: EpochMs): TransitResult {
    this.expire(now);
    const reservation = this.reservations.get(id);
    if (reservation === undefined) return { kind: "not-found", detail: "no such reservation" };
    const first = reservation.lines.map((line) => line.sku).sort()[0] as Lines[number]["sku"];
    if (idempotency !== undefined && this.#keys.has(`${first} ${idempotency.key}`)) return { kind: "reservation", reservation };
    const wanted = transition === "extend" ? { kind: transition, ttlMs: ttlMs ?? 0 } : { kind: transition, lines };
    const decision = decideTransition(reservation, wanted, now);
    if (decision !== undefined && "detail" in decision) return decision;
    if (decision !== undefined) this.#change(reservation, decision);
    this.#useKey(first, idempotency, id, now);
    return { kind: "reservation", reservation: this.reservations.get(id) as Reservation };
  }

  /** Ends what is over; returns when the next hold ends. */
  expire(now: EpochMs): number {
    let next = Number.POSITIVE_INFINITY;
    for (const reservation of [...this.reservations.values()]) {
      const event = decideTransition(reservation, { kind: "expire" }, now);
      if (event?.kind === "expired") this.#change(reservation, event);
      else if (reservation.lines.some((line) => line.held > 0)) next = Math.min(next, reservation.expiresAt);
    }
    return next;
  }

  #change(before: Reservation, event: ReservationChanged): void {
    this.#say({ entry: "reservation", event });
    if (event.kind === "extended") return;
    for (const change of event.changes) {
      const line = before.lines[change.line] as Reservation["lines"][number];
      this.#stock(followReservation(this.#record(line), event.kind as "released", change, event.id, event.at));
    }
  }

  #record({ sku, location }: Pick<StockRecord, "sku" | "location">): StockRecord {
    return this.records.get(pairOf({ sku, location })) ?? emptyRecord(sku, location);
  }

  #stock(event: StockEvent): void {
    this.#say({ entry: "stock", event, after: evolve(this.#record(event), event) });
  }

  #useKey(sku: Lines[number]["sku"], use: IdempotencyKey | undefined, reservation: ReservationId, at: EpochMs): void {
    if (use !== undefined) this.#say({ entry: "key", sku, key: use.key, fingerprint: use.fingerprint, reservation, at });
  }

  #say(entry: Entry): void {
    this.apply(entry);
    this.entries.push(entry);
  }
}

function summed(lines: Lines): Lines {
  const sums = new Map<string, Lines[number]>();
  for (const line of lines) {
    const quantity = line.quantity + (sums.get(pairOf(line))?.quantity ?? 0);
    sums.set(pairOf(line), { ...line, quantity });
  }
  return [...sums.values()];
}
