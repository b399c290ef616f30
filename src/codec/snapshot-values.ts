/**
 * The bytes of snapshot keys and values. A value is one format byte and a msgpack array; the store adds its own checksum.
 * Keys sort by shard first, so that a shard can be read, moved or dropped as one range.
 */

import { Packr } from "msgpackr";
import { CorruptData, type EpochMs, type LocationId, type ReservationId, type ShardId, type Sku } from "../base/index.ts";
import type {
  Participation,
  ParticipationLine,
  Reservation,
  ReservationLine,
  ReservationStage,
  ReservationStatus,
} from "../reservation/index.ts";
import type { KeyUse, Location, MovementUse } from "../shard/index.ts";
import { EFFECT_KINDS, EMPTY_LEDGER, ledgerOfFirst, type StockRecord } from "../stock/index.ts";
import { givenFields } from "./given.ts";
import { fieldsOfLedger, isEmptyLedger, ledgerOfFields } from "./ledger-fields.ts";

const VALUE_FORMAT = 1;
/** Of a reservation that is not standing and settled: stage and whether it is unsettled come first. */
const RESERVATION_FORMAT_STAGED = 2;
/** Of a record with something in its ledger; the first format had the moves since the last count in its place. */
const RECORD_FORMAT_LEDGER = 2;
/** The same, and something waits in it. */
const RECORD_FORMAT_WAITING = 3;
/** Of a movement's id with what the movement did. */
const MOVEMENT_FORMAT_EFFECT = 2;

const packr = new Packr({ useRecords: false, mapsAsObjects: true, encodeUndefinedAsNil: true });

const PREFIX_LENGTH = 4;
const SHARD_PREFIXES = Array.from({ length: 65_536 }, (_, shard) => shard.toString(16).padStart(PREFIX_LENGTH, "0"));

function prefix(shard: ShardId): string {
  return SHARD_PREFIXES[shard] as string;
}

/** All keys of a shard, in any table whose keys begin with it. */
export function shardRange(shard: ShardId): { from: string; to: string } {
  return { from: prefix(shard), to: `${prefix(shard)}\u{10FFFF}` };
}

/** The shard that a key of a shard's table begins with. */
export function shardOfKey(key: string): ShardId {
  return Number.parseInt(key.slice(0, PREFIX_LENGTH), 16) as ShardId;
}

/** The id in the key of a reservation, a participation, or a place in the outbox. */
export function reservationOfKey(key: string): ReservationId {
  return key.slice(PREFIX_LENGTH) as ReservationId;
}

export function recordKey(shard: ShardId, sku: Sku, location: LocationId): string {
  return `${prefix(shard)}${sku}\u0000${location}`;
}

/** Range that holds every location of a SKU. */
export function recordsOfSku(shard: ShardId, sku: Sku): { from: string; to: string } {
  return { from: `${prefix(shard)}${sku}\u0000`, to: `${prefix(shard)}${sku}\u0001` };
}

/** SKU and location of a record key. */
export function partsOfRecordKey(key: string): { sku: Sku; location: LocationId } {
  const cut = key.indexOf("\u0000");
  return { sku: key.slice(4, cut) as Sku, location: key.slice(cut + 1) as LocationId };
}

export function reservationKey(shard: ShardId, id: ReservationId): string {
  return prefix(shard) + id;
}

export function participationKey(shard: ShardId, id: ReservationId): string {
  return prefix(shard) + id;
}

/** Place of an unsettled reservation in the outbox. */
export function outboxKey(shard: ShardId, id: ReservationId): string {
  return prefix(shard) + id;
}

export function keyUseKey(shard: ShardId, sku: Sku, key: string): string {
  return `${prefix(shard)}${sku}\u0000${key}`;
}

export function movementKey(shard: ShardId, id: string): string {
  return prefix(shard) + id;
}

const TIME_DIGITS = 9;

/** Sortable text of a time, for keys of time indexes. */
export function timeKey(time: number): string {
  return Math.max(0, Math.ceil(time)).toString(36).padStart(TIME_DIGITS, "0");
}

export function dueKey(expiresAt: EpochMs, reservation: ReservationId): string {
  return timeKey(expiresAt) + reservation;
}

export function partsOfDueKey(key: string): { expiresAt: EpochMs; reservation: ReservationId } {
  return {
    expiresAt: Number.parseInt(key.slice(0, TIME_DIGITS), 36) as EpochMs,
    reservation: key.slice(TIME_DIGITS) as ReservationId,
  };
}

/** Tables whose rows are forgotten after a time, by the letter that stands for them in keys of `retention`. */
const RETAINED = { r: "reservations", p: "participations", k: "keys", m: "movements" } as const;
export type RetainedTable = (typeof RETAINED)[keyof typeof RETAINED];

export function retentionKey(until: number, table: RetainedTable, key: string): string {
  return timeKey(until) + (table[0] as string) + key;
}

export function partsOfRetentionKey(key: string): { table: RetainedTable; key: string } {
  return { table: RETAINED[key[TIME_DIGITS] as keyof typeof RETAINED], key: key.slice(TIME_DIGITS + 1) };
}

export const EMPTY_VALUE: Uint8Array = Uint8Array.of(VALUE_FORMAT);

function pack(fields: unknown, format = VALUE_FORMAT): Uint8Array {
  const body = packr.pack(fields);
  const bytes = new Uint8Array(body.length + 1);
  bytes[0] = format;
  bytes.set(body, 1);
  return bytes;
}

function unpack(bytes: Uint8Array, where: string): unknown {
  if (bytes[0] !== VALUE_FORMAT) {
    throw new CorruptData(`snapshot value format ${bytes[0]} is not known to this version, which reads ${VALUE_FORMAT}`, where);
  }
  return packr.unpack(bytes.subarray(1));
}

export function encodeStockRecord(record: StockRecord): Uint8Array {
  const { ledger } = record;
  const fields: unknown[] = [
    record.onHand,
    record.held,
    record.allocated,
    record.unavailable,
    record.inbound,
    record.safetyStock,
    record.version,
    record.updatedAt,
    record.countedAt,
  ];
  // Units or a count without a ledger mean a record of the first release, which is given one when it is read.
  if (isEmptyLedger(ledger) && record.onHand === 0 && record.countedAt === 0) return pack(fields);
  fields.push(...fieldsOfLedger(ledger));
  return pack(fields, ledger.waiting.length === 0 ? RECORD_FORMAT_LEDGER : RECORD_FORMAT_WAITING);
}

/** Something waits in the record of these bytes. O(1). */
export function isWaitingRecord(bytes: Uint8Array): boolean {
  return bytes[0] === RECORD_FORMAT_WAITING;
}

const LEDGER_AT = 9;

export function decodeStockRecord(bytes: Uint8Array, sku: Sku, location: LocationId): StockRecord {
  const isLedger = bytes[0] === RECORD_FORMAT_LEDGER || bytes[0] === RECORD_FORMAT_WAITING;
  const fields = isLedger
    ? (packr.unpack(bytes.subarray(1)) as unknown[])
    : (unpack(bytes, `record ${sku} at ${location}`) as unknown[]);
  const [onHand, held, allocated, unavailable, inbound, safetyStock, version, updatedAt, countedAt] = fields as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    EpochMs,
    EpochMs,
  ];
  const rest = fields.slice(LEDGER_AT);
  const isEmpty = rest.length === 0 && countedAt === 0 && onHand === 0;
  const first = { onHand, countedAt, recent: rest as number[] };
  const ledger = isLedger ? ledgerOfFields(rest) : isEmpty ? EMPTY_LEDGER : ledgerOfFirst(first);
  const levels = { onHand, held, allocated, unavailable, inbound, safetyStock };
  return { sku, location, ...levels, version, updatedAt, countedAt, ledger };
}

export function encodeReservation(reservation: Reservation): Uint8Array {
  const fields: unknown[] = [
    reservation.version,
    reservation.mode === "all" ? 0 : 1,
    reservation.createdAt,
    reservation.expiresAt,
    reservation.updatedAt,
    reservation.lastTransition,
    reservation.reference ?? null,
    reservation.channel ?? null,
  ];
  for (const line of reservation.lines) {
    fields.push(line.sku, line.location, line.requested, line.quantity, line.held, line.allocated, line.fulfilled);
  }
  const { stage, unsettled } = reservation;
  if (stage === "standing" && !unsettled) return pack(fields);
  return pack([stage, unsettled, ...fields], RESERVATION_FORMAT_STAGED);
}

const LINES_AT = 8;
const LINE_FIELDS = 7;

function stagedFields(bytes: Uint8Array, id: ReservationId): [ReservationStage, boolean, unknown[]] {
  if (bytes[0] !== RESERVATION_FORMAT_STAGED) return ["standing", false, unpack(bytes, `reservation ${id}`) as unknown[]];
  const [stage, unsettled, ...fields] = packr.unpack(bytes.subarray(1)) as [ReservationStage, boolean, ...unknown[]];
  return [stage, unsettled, fields];
}

export function decodeReservation(bytes: Uint8Array, id: ReservationId): Reservation {
  const [stage, unsettled, fields] = stagedFields(bytes, id);
  const lines: ReservationLine[] = [];
  for (let i = LINES_AT; i < fields.length; i += LINE_FIELDS) {
    lines.push({
      sku: fields[i] as Sku,
      location: fields[i + 1] as LocationId,
      requested: fields[i + 2] as number,
      quantity: fields[i + 3] as number,
      held: fields[i + 4] as number,
      allocated: fields[i + 5] as number,
      fulfilled: fields[i + 6] as number,
    });
  }
  return {
    id,
    version: fields[0] as number,
    mode: fields[1] === 0 ? "all" : "partial",
    createdAt: fields[2] as EpochMs,
    expiresAt: fields[3] as EpochMs,
    updatedAt: fields[4] as EpochMs,
    lastTransition: fields[5] as ReservationStatus,
    stage,
    unsettled,
    reference: (fields[6] as string | null) ?? undefined,
    channel: (fields[7] as string | null) ?? undefined,
    lines,
  };
}

const PARTICIPATION_LINES_AT = 2;

export function encodeParticipation({ version, at, lines }: Participation): Uint8Array {
  const fields: unknown[] = [version, at];
  for (const line of lines) fields.push(line.sku, line.location, line.held, line.allocated, line.fulfilled);
  return pack(fields);
}

export function decodeParticipation(bytes: Uint8Array, id: ReservationId): Participation {
  const fields = unpack(bytes, `participation in ${id}`) as unknown[];
  const [version, at] = fields as [number, EpochMs];
  const lines: ParticipationLine[] = [];
  for (let i = PARTICIPATION_LINES_AT; i < fields.length; i += 5) {
    const [sku, location, held, allocated, fulfilled] = fields.slice(i, i + 5) as [Sku, LocationId, number, number, number];
    lines.push({ sku, location, held, allocated, fulfilled });
  }
  return { id, version, at, lines };
}

export function encodeKeyUse(use: KeyUse): Uint8Array {
  return pack([use.fingerprint, use.reservation, use.at]);
}

export function decodeKeyUse(bytes: Uint8Array, where: string): KeyUse {
  const [fingerprint, reservation, at] = unpack(bytes, where) as [string, ReservationId, EpochMs];
  return { fingerprint, reservation, at };
}

export function encodeMovementUse(use: MovementUse): Uint8Array {
  const { version, at, sku, attempt, effect } = use;
  if (effect !== undefined) {
    const { kind, location, occurredAt, units, isVoided } = effect;
    const did = [EFFECT_KINDS.indexOf(kind), location, occurredAt, units, isVoided];
    return pack([version, at, sku ?? null, attempt ?? null, ...did], MOVEMENT_FORMAT_EFFECT);
  }
  if (sku === undefined) return pack([version, at]);
  return pack(attempt === undefined ? [version, at, sku] : [version, at, sku, attempt]);
}

type EffectFields = [version: number, at: EpochMs, Sku | null, number | null, number, LocationId, EpochMs, number, boolean];

export function decodeMovementUse(bytes: Uint8Array, where: string): MovementUse {
  if (bytes[0] === MOVEMENT_FORMAT_EFFECT) {
    const fields = packr.unpack(bytes.subarray(1)) as EffectFields;
    const [version, at, sku, attempt, number, location, occurredAt, units, isVoided] = fields;
    const kind = EFFECT_KINDS[number];
    if (kind === undefined) throw new CorruptData(`movement effect ${number} is not known to this version`, where);
    const effect = { kind, location, occurredAt, units, isVoided };
    return { version, at, sku: sku ?? undefined, attempt: attempt ?? undefined, effect };
  }
  const [version, at, sku, attempt] = unpack(bytes, where) as [number, EpochMs, Sku?, number?];
  return { version, at, sku, attempt };
}

export function encodeLocation(location: Location): Uint8Array {
  return pack(givenFields(location));
}

export function decodeLocation(bytes: Uint8Array, where: string): Location {
  return unpack(bytes, where) as Location;
}
