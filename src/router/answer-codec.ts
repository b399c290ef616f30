/** Answers as flat rows, and back to plain objects equal to those of a local call. Numbers are append only; a changed row gets a new number. */

import type { EpochMs, Fault, FaultCode, LocationId, ReservationId, Sku } from "../base/index.ts";
import { fieldsOfLedger, ledgerOfFields } from "../codec/index.ts";
import type { Shortage } from "../member/index.ts";
import type { Reservation, ReservationLine } from "../reservation/index.ts";
import { ledgerOfFirst, type StockRecord } from "../stock/index.ts";
import type { Answer } from "./command.ts";

type Row = readonly unknown[];

const FORM = {
  fault: 0,
  reserved: 1,
  shortages: 2,
  refusal: 3,
  reservation: 4,
  version: 5,
  readReservation: 6,
  readRecords: 7,
  readRecord: 8,
  granted: 9,
  refused: 10,
  bare: 11,
  readNothing: 12,
  /** As `readRecords` and `readRecord`, with the ledger. */
  readLedgers: 13,
  readLedger: 14,
} as const;

export function rowOfAnswer(answer: Answer): Row {
  switch (answer.kind) {
    case "fault":
      return [FORM.fault, answer.code, answer.retryAfterMs, answer.detail];
    case "reserved":
      return [FORM.reserved, rowOfReservation(answer.reservation), answer.repeated];
    case "insufficient-stock":
      return [FORM.shortages, flatShortages(answer.shortages)];
    case "reservation":
      return [FORM.reservation, rowOfReservation(answer.reservation)];
    case "applied":
    case "duplicate":
    case "pending":
      return [FORM.version, answer.kind, answer.version];
    case "read":
      return rowOfRead(answer.value);
    case "granted":
      return [FORM.granted, answer.quantities];
    case "refused":
      return [FORM.refused, flatShortages(answer.shortages)];
    case "overtaken":
    case "followed":
    case "claimed":
      return [FORM.bare, answer.kind];
    default:
      return [FORM.refusal, answer.kind, answer.detail];
  }
}

/** Undefined for a number that this version does not know. */
export function answerOfRow(row: Row): Answer | undefined {
  switch (row[0]) {
    case FORM.fault:
      return faultOf(row);
    case FORM.reserved:
      return { kind: "reserved", reservation: reservationOf(row[1] as Row), repeated: row[2] as boolean };
    case FORM.shortages:
      return { kind: "insufficient-stock", shortages: shortagesOf(row[1] as Row) };
    case FORM.refusal:
      return { kind: row[1] as "conflict", detail: row[2] as string };
    case FORM.reservation:
      return { kind: "reservation", reservation: reservationOf(row[1] as Row) };
    case FORM.version:
      return { kind: row[1] as "applied", version: row[2] as number };
    case FORM.readReservation:
      return { kind: "read", value: reservationOf(row[1] as Row) };
    case FORM.readRecords:
      return { kind: "read", value: (row[1] as Row[]).map(firstRecordOf) };
    case FORM.readRecord:
      return { kind: "read", value: firstRecordOf(row[1] as Row) };
    case FORM.readLedgers:
      return { kind: "read", value: (row[1] as Row[]).map(recordOf) };
    case FORM.readLedger:
      return { kind: "read", value: recordOf(row[1] as Row) };
    case FORM.readNothing:
      return { kind: "read", value: undefined };
    case FORM.granted:
      return { kind: "granted", quantities: row[1] as number[] };
    case FORM.refused:
      return { kind: "refused", shortages: shortagesOf(row[1] as Row) };
    case FORM.bare:
      return { kind: row[1] as "followed" };
    default:
      return undefined;
  }
}

function faultOf([, code, retryAfterMs, detail]: Row): Fault {
  return { kind: "fault", code: code as FaultCode, retryAfterMs: retryAfterMs as number, detail: detail as string };
}

function rowOfRead(value: Reservation | StockRecord | readonly StockRecord[] | undefined): Row {
  if (value === undefined) return [FORM.readNothing];
  if ("mode" in value) return [FORM.readReservation, rowOfReservation(value)];
  if ("sku" in value) return [FORM.readLedger, rowOfRecord(value)];
  return [FORM.readLedgers, value.map(rowOfRecord)];
}

function rowOfReservation(reservation: Reservation): Row {
  const { id, version, mode, createdAt, expiresAt, updatedAt, lastTransition, reference, channel, stage, unsettled } =
    reservation;
  const row: unknown[] = [
    id,
    version,
    mode,
    createdAt,
    expiresAt,
    updatedAt,
    lastTransition,
    reference,
    channel,
    stage,
    unsettled,
  ];
  for (const line of reservation.lines) {
    row.push(line.sku, line.location, line.requested, line.quantity, line.held, line.allocated, line.fulfilled);
  }
  return row;
}

const LINES_AT = 11;
const LINE_FIELDS = 7;

function reservationOf(row: Row): Reservation {
  const lines: ReservationLine[] = [];
  for (let i = LINES_AT; i < row.length; i += LINE_FIELDS) {
    lines.push({
      sku: row[i] as Sku,
      location: row[i + 1] as LocationId,
      requested: row[i + 2] as number,
      quantity: row[i + 3] as number,
      held: row[i + 4] as number,
      allocated: row[i + 5] as number,
      fulfilled: row[i + 6] as number,
    });
  }
  return {
    id: row[0] as ReservationId,
    version: row[1] as number,
    lines,
    mode: row[2] as Reservation["mode"],
    createdAt: row[3] as EpochMs,
    expiresAt: row[4] as EpochMs,
    updatedAt: row[5] as EpochMs,
    lastTransition: row[6] as Reservation["lastTransition"],
    reference: (row[7] as string | null) ?? undefined,
    channel: (row[8] as string | null) ?? undefined,
    stage: row[9] as Reservation["stage"],
    unsettled: row[10] as boolean,
  };
}

function rowOfRecord(record: StockRecord): Row {
  const row: unknown[] = [
    record.sku,
    record.location,
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
  row.push(...fieldsOfLedger(record.ledger));
  return row;
}

const LEDGER_AT = 11;

function recordOf(row: Row): StockRecord {
  return { ...levelsOf(row), ledger: ledgerOfFields(row.slice(LEDGER_AT)) };
}

/** Of a member of the first release. */
function firstRecordOf(row: Row): StockRecord {
  const levels = levelsOf(row);
  return { ...levels, ledger: ledgerOfFirst({ ...levels, recent: row.slice(LEDGER_AT) as number[] }) };
}

function levelsOf(row: Row): Omit<StockRecord, "ledger"> {
  return {
    sku: row[0] as Sku,
    location: row[1] as LocationId,
    onHand: row[2] as number,
    held: row[3] as number,
    allocated: row[4] as number,
    unavailable: row[5] as number,
    inbound: row[6] as number,
    safetyStock: row[7] as number,
    version: row[8] as number,
    updatedAt: row[9] as EpochMs,
    countedAt: row[10] as EpochMs,
  };
}

function flatShortages(shortages: readonly Shortage[]): Row {
  const row: unknown[] = [];
  for (const { sku, location, requested, available } of shortages) row.push(sku, location, requested, available);
  return row;
}

function shortagesOf(row: Row): Shortage[] {
  const shortages: Shortage[] = [];
  for (let i = 0; i < row.length; i += 4) {
    const [sku, location, requested, available] = row.slice(i, i + 4) as [Sku, LocationId, number, number];
    shortages.push({ sku, location, requested, available });
  }
  return shortages;
}
