/**
 * Journal entries as flat rows, and back. One number a form; see journal-record.ts for the rule on changing them.
 *
 * The stock events of a new reservation say nothing that its own row does not say but the levels they lead to, so they are
 * rows of the form `heldLine`, which refer to the reservation before them: half the bytes of the commonest record.
 */

import {
  CorruptData,
  type EpochMs,
  type LaneSeq,
  type LocationId,
  type ReservationId,
  type ShardId,
  type ShardOrigin,
  type Sku,
} from "../base/index.ts";
import {
  type LineChange,
  makesReservation,
  type ParticipationLine,
  RESERVATION_EVENT_KINDS,
  type ReservationChanged,
  type ReservationMade,
} from "../reservation/index.ts";
import type { Entry, Location, MovementEntry, ParticipationEntry, ReservationEntry, StockEntry } from "../shard/index.ts";
import { EFFECT_KINDS, STOCK_EVENT_KINDS, STOCK_NOTES, type StockEventKind } from "../stock/index.ts";
import { givenFields } from "./given.ts";

const FORM = {
  stock: 0,
  reservationHeld: 1,
  reservationChanged: 2,
  key: 3,
  movement: 4,
  location: 5,
  heldLine: 6,
  adopted: 7,
  released: 8,
  barrier: 9,
  reservationOpened: 10,
  /** As `reservationChanged`, and some other shard did not follow in the same record. */
  reservationUnsettled: 11,
  participation: 12,
  /** A movement's id in one shard, with its SKU. */
  movementOfSku: 13,
  /** As `stock`, and what it reverses and a note behind it. */
  stockNoted: 14,
  /** As `movementOfSku`, and what the movement did. */
  movementDone: 15,
} as const;

const STOCK_KIND_NUMBER = numbersOf(STOCK_EVENT_KINDS);
const RESERVATION_KIND_NUMBER = numbersOf(RESERVATION_EVENT_KINDS);

function numbersOf<K extends string>(kinds: readonly K[]): Readonly<Record<K, number>> {
  return Object.fromEntries(kinds.map((kind, index) => [kind, index])) as Record<K, number>;
}

type Row = readonly unknown[];

export function rowsOfEntries(entries: readonly Entry[], base: EpochMs): Row[] {
  const rows = new Array<Row>(entries.length);
  let made: ReservationMade | undefined;
  for (let i = 0; i < rows.length; i++) {
    const entry = entries[i] as Entry;
    if (entry.entry === "reservation" && makesReservation(entry.event)) made = entry.event;
    rows[i] = (made !== undefined && entry.entry === "stock" && rowOfHeldLine(entry, made)) || rowOfEntry(entry, base);
  }
  return rows;
}

/** `where` names lane and sequence for the error. Throws CorruptData. */
export function entriesOfRows(rows: readonly Row[], base: EpochMs, where: string): Entry[] {
  let made: ReservationMade | undefined;
  return rows.map((row) => {
    if (row[0] === FORM.heldLine) return heldLineOfRow(row as HeldLineRow, made, where);
    const entry = entryOfRow(row, base, where);
    if (entry.entry === "reservation" && makesReservation(entry.event)) made = entry.event;
    return entry;
  });
}

function rowOfEntry(entry: Entry, base: EpochMs): Row {
  switch (entry.entry) {
    case "stock":
      return rowOfStock(entry, base);
    case "reservation":
      return makesReservation(entry.event) ? rowOfMade(entry.event, base) : rowOfChanged(entry.event, base);
    case "participation":
      return rowOfParticipation(entry, base);
    case "key":
      return [FORM.key, entry.sku, entry.key, entry.fingerprint, entry.reservation, entry.at - base];
    case "movement":
      return rowOfMovement(entry, base);
    case "location":
      return [FORM.location, givenFields(entry.location)];
    case "adopted":
      return [FORM.adopted, entry.shard, entry.epoch, ...fieldsOfOrigin(entry.origin)];
    case "released":
      return [FORM.released, entry.shard, entry.epoch, entry.to];
    case "barrier":
      return [FORM.barrier];
  }
}

function entryOfRow(row: Row, base: EpochMs, where: string): Entry {
  switch (row[0]) {
    case FORM.stock:
    case FORM.stockNoted:
      return stockOfRow(row as StockRow, base, where);
    case FORM.reservationHeld:
    case FORM.reservationOpened:
      return madeOfRow(row, base);
    case FORM.reservationChanged:
    case FORM.reservationUnsettled:
      return changedOfRow(row, base, where);
    case FORM.key: {
      const [, sku, key, fingerprint, reservation, at] = row as [number, Sku, string, string, ReservationId, number];
      return { entry: "key", sku, key, fingerprint, reservation, at: (base + at) as EpochMs };
    }
    case FORM.movement: {
      const [, id, version, at] = row as [number, string, number, number];
      return { entry: "movement", id, version, at: (base + at) as EpochMs };
    }
    case FORM.participation:
      return participationOfRow(row, base);
    case FORM.movementOfSku:
      return movementOfRow(row, base);
    case FORM.movementDone:
      return movementDoneOfRow(row, base, where);
    case FORM.location:
      return { entry: "location", location: row[1] as Location };
    case FORM.adopted: {
      const [, shard, epoch] = row as [number, ShardId, number];
      return { entry: "adopted", shard, epoch, origin: originOfFields(row.slice(3)) };
    }
    case FORM.released: {
      const [, shard, epoch, to] = row as [number, ShardId, number, string];
      return { entry: "released", shard, epoch, to };
    }
    case FORM.barrier:
      return { entry: "barrier" };
    default:
      throw new CorruptData(`journal entry of form ${String(row[0])} is not known to this version`, where);
  }
}

/** Nothing for a new shard, one field for an image, two for a place. */
function fieldsOfOrigin(origin: ShardOrigin): unknown[] {
  if (origin.kind === "new") return [];
  return origin.kind === "image" ? [origin.name] : [origin.lane, origin.seq];
}

function originOfFields(fields: readonly unknown[]): ShardOrigin {
  const [name, seq] = fields as [string | undefined, LaneSeq | undefined];
  if (name === undefined) return { kind: "new" };
  return seq === undefined ? { kind: "image", name } : { kind: "place", lane: name, seq };
}

type HeldLineRow = [
  form: number,
  line: number,
  version: number,
  onHand: number,
  held: number,
  allocated: number,
  unavailable: number,
  inbound: number,
  safetyStock: number,
];

/** Undefined when the event is not the plain hold of a line of `made`. */
function rowOfHeldLine({ event, after }: StockEntry, made: ReservationMade): HeldLineRow | undefined {
  if (event.kind !== "held" || event.cause !== made.id) return undefined;
  const index = made.lines.findIndex((line) => line.sku === event.sku && line.location === event.location);
  if (index < 0 || made.lines[index]?.quantity !== event.quantity) return undefined;
  const { onHand, held, allocated, unavailable, inbound, safetyStock } = after;
  return [FORM.heldLine, index, event.version, onHand, held, allocated, unavailable, inbound, safetyStock];
}

function heldLineOfRow(row: HeldLineRow, made: ReservationMade | undefined, where: string): StockEntry {
  const [, index, version, onHand, held, allocated, unavailable, inbound, safetyStock] = row;
  const line = made?.lines[index];
  if (made === undefined || line === undefined)
    throw new CorruptData("a hold refers to a reservation that is not in its record", where);
  const { at, id } = made;
  return {
    entry: "stock",
    event: {
      kind: "held",
      sku: line.sku,
      location: line.location,
      version,
      at,
      occurredAt: at,
      quantity: line.quantity,
      onHand: 0,
      held: line.quantity,
      allocated: 0,
      unavailable: 0,
      cause: id,
      reason: undefined,
      reference: undefined,
    },
    after: { onHand, held, allocated, unavailable, inbound, safetyStock, version, updatedAt: at },
  };
}

type StockRow = [
  form: number,
  kind: number,
  sku: Sku,
  location: LocationId,
  version: number,
  at: number,
  quantity: number,
  onHandChange: number,
  heldChange: number,
  allocatedChange: number,
  unavailableChange: number,
  onHand: number,
  held: number,
  allocated: number,
  unavailable: number,
  inbound: number,
  safetyStock: number,
  cause: string,
  occurredAt?: number,
  reason?: string | null,
  reference?: string | null,
  reverses?: string | null,
  note?: number,
];

/** Number of an event without a note. */
const NO_NOTE = -1;

function rowOfStock({ event, after }: StockEntry, base: EpochMs): StockRow {
  const row: StockRow = [
    FORM.stock,
    STOCK_KIND_NUMBER[event.kind],
    event.sku,
    event.location,
    event.version,
    event.at - base,
    event.quantity,
    event.onHand,
    event.held,
    event.allocated,
    event.unavailable,
    after.onHand,
    after.held,
    after.allocated,
    after.unavailable,
    after.inbound,
    after.safetyStock,
    event.cause,
  ];
  const earlier = event.occurredAt - event.at;
  if (event.note !== undefined || event.reverses !== undefined) {
    row[0] = FORM.stockNoted;
    const note = event.note === undefined ? NO_NOTE : STOCK_NOTES.indexOf(event.note);
    row.push(earlier, event.reason ?? null, event.reference ?? null, event.reverses ?? null, note);
  } else if (earlier !== 0 || event.reason !== undefined || event.reference !== undefined) {
    row.push(earlier, event.reason ?? null, event.reference ?? null);
  }
  return row;
}

function stockOfRow(row: StockRow, base: EpochMs, where: string): StockEntry {
  const kind = STOCK_EVENT_KINDS[row[1]];
  if (kind === undefined) throw new CorruptData(`stock event number ${row[1]} is not known to this version`, where);
  const at = (base + row[5]) as EpochMs;
  return {
    entry: "stock",
    event: {
      kind: kind satisfies StockEventKind,
      sku: row[2],
      location: row[3],
      version: row[4],
      at,
      occurredAt: (at + (row[18] ?? 0)) as EpochMs,
      quantity: row[6],
      onHand: row[7],
      held: row[8],
      allocated: row[9],
      unavailable: row[10],
      cause: row[17],
      reason: row[19] ?? undefined,
      reference: row[20] ?? undefined,
      ...(row[0] === FORM.stockNoted ? notedFields(row, where) : undefined),
    },
    after: {
      onHand: row[11],
      held: row[12],
      allocated: row[13],
      unavailable: row[14],
      inbound: row[15],
      safetyStock: row[16],
      version: row[4],
      updatedAt: at,
    },
  };
}

function notedFields(row: StockRow, where: string): Pick<StockEntry["event"], "reverses" | "note"> {
  const number = row[22] ?? NO_NOTE;
  const note = STOCK_NOTES[number];
  if (note === undefined && number !== NO_NOTE) throw new CorruptData(`note ${number} is not known to this version`, where);
  return { ...(row[21] == null ? {} : { reverses: row[21] }), ...(note === undefined ? {} : { note }) };
}

const HELD_LINES_AT = 7;

function rowOfMade(event: ReservationMade, base: EpochMs): unknown[] {
  const row: unknown[] = [
    event.kind === "held" ? FORM.reservationHeld : FORM.reservationOpened,
    event.id,
    event.at - base,
    event.expiresAt - base,
    event.mode === "all" ? 0 : 1,
    event.reference ?? null,
    event.channel ?? null,
  ];
  for (const line of event.lines) row.push(line.sku, line.location, line.requested, line.quantity);
  return row;
}

function madeOfRow(row: readonly unknown[], base: EpochMs): ReservationEntry {
  const lines: { sku: Sku; location: LocationId; requested: number; quantity: number }[] = [];
  for (let i = HELD_LINES_AT; i < row.length; i += 4) {
    lines.push({
      sku: row[i] as Sku,
      location: row[i + 1] as LocationId,
      requested: row[i + 2] as number,
      quantity: row[i + 3] as number,
    });
  }
  const event: ReservationMade = {
    kind: row[0] === FORM.reservationHeld ? "held" : "opened",
    id: row[1] as ReservationId,
    version: 1,
    at: (base + (row[2] as number)) as EpochMs,
    expiresAt: (base + (row[3] as number)) as EpochMs,
    mode: row[4] === 0 ? "all" : "partial",
    lines,
    reference: (row[5] as string | null) ?? undefined,
    channel: (row[6] as string | null) ?? undefined,
  };
  return { entry: "reservation", event };
}

const CHANGES_AT = 6;

function rowOfChanged(event: ReservationChanged, base: EpochMs): unknown[] {
  const row: unknown[] = [
    event.unsettled ? FORM.reservationUnsettled : FORM.reservationChanged,
    RESERVATION_KIND_NUMBER[event.kind],
    event.id,
    event.version,
    event.at - base,
    event.expiresAt - base,
  ];
  for (const change of event.changes) row.push(change.line, change.held, change.allocated, change.fulfilled);
  return row;
}

function changedOfRow(row: readonly unknown[], base: EpochMs, where: string): ReservationEntry {
  const kind = RESERVATION_EVENT_KINDS[row[1] as number];
  if (kind === undefined || kind === "held" || kind === "opened") {
    throw new CorruptData(`reservation event number ${String(row[1])} is not known to this version`, where);
  }
  const changes: LineChange[] = [];
  for (let i = CHANGES_AT; i < row.length; i += 4) {
    changes.push({
      line: row[i] as number,
      held: row[i + 1] as number,
      allocated: row[i + 2] as number,
      fulfilled: row[i + 3] as number,
    });
  }
  const event: ReservationChanged = {
    kind,
    id: row[2] as ReservationId,
    version: row[3] as number,
    at: (base + (row[4] as number)) as EpochMs,
    expiresAt: (base + (row[5] as number)) as EpochMs,
    changes,
    ...(row[0] === FORM.reservationUnsettled ? { unsettled: true } : {}),
  };
  return { entry: "reservation", event };
}

const PARTICIPATION_LINES_AT = 5;

function rowOfParticipation({ shard, id, version, lines, at }: ParticipationEntry, base: EpochMs): unknown[] {
  const row: unknown[] = [FORM.participation, shard, id, version, at - base];
  for (const line of lines) row.push(line.sku, line.location, line.held, line.allocated, line.fulfilled);
  return row;
}

function participationOfRow(row: Row, base: EpochMs): ParticipationEntry {
  const [, shard, id, version, at] = row as [number, ShardId, ReservationId, number, number];
  const lines: ParticipationLine[] = [];
  for (let i = PARTICIPATION_LINES_AT; i < row.length; i += 5) {
    const [sku, location, held, allocated, fulfilled] = row.slice(i, i + 5) as [Sku, LocationId, number, number, number];
    lines.push({ sku, location, held, allocated, fulfilled });
  }
  return { entry: "participation", shard, id, version, lines, at: (base + at) as EpochMs };
}

function rowOfMovement({ id, version, at, shard, sku, attempt, effect }: MovementEntry, base: EpochMs): Row {
  if (shard === undefined) return [FORM.movement, id, version, at - base];
  if (effect !== undefined) {
    const { kind, location, occurredAt, units, isVoided } = effect;
    const did = [EFFECT_KINDS.indexOf(kind), location, occurredAt - base, units, isVoided];
    return [FORM.movementDone, id, version, at - base, shard, sku ?? null, attempt ?? null, ...did];
  }
  const row = [FORM.movementOfSku, id, version, at - base, shard, sku ?? null];
  return attempt === undefined ? row : [...row, attempt];
}

function movementOfRow(row: Row, base: EpochMs): MovementEntry {
  const [, id, version, at, shard, sku, attempt] = row as [number, string, number, number, ShardId, Sku | null, number?];
  return { entry: "movement", id, version, at: (base + at) as EpochMs, shard, sku: sku ?? undefined, attempt };
}

type MovementDoneRow = [
  form: number,
  id: string,
  version: number,
  at: number,
  shard: ShardId,
  sku: Sku | null,
  attempt: number | null,
  kind: number,
  location: LocationId,
  occurredAt: number,
  units: number,
  isVoided: boolean,
];

function movementDoneOfRow(row: Row, base: EpochMs, where: string): MovementEntry {
  const [, id, version, at, shard, sku, attempt, number, location, occurredAt, units, isVoided] = row as MovementDoneRow;
  const kind = EFFECT_KINDS[number];
  if (kind === undefined) throw new CorruptData(`movement effect ${number} is not known to this version`, where);
  const effect = { kind, location, occurredAt: (base + occurredAt) as EpochMs, units, isVoided };
  const use = { version, at: (base + at) as EpochMs, sku: sku ?? undefined, attempt: attempt ?? undefined };
  return { entry: "movement", id, shard, ...use, effect };
}
