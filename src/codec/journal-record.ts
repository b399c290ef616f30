/**
 * The bytes of one journal record: `SG`, format version, a msgpack body, a CRC-32 over all of it.
 *
 * C1. A record names its lane and carries the CRC of the record before it, so that a hole, a swap or a flipped bit below
 *     us is noticed at the next record.
 * C2. An unknown version or a wrong checksum is CorruptData with lane and sequence, never a guess.
 *
 * Body: `[lane, epoch, previous, at, rows]`. A row is one entry as a flat array whose first element is its form; times in
 * rows are offsets to `at` in ms. Rows are append only: a new form gets a new number, a changed one too.
 */

import { crc32 } from "node:zlib";
import { Packr } from "msgpackr";
import { CorruptData, type EpochMs } from "../base/index.ts";
import type { Entry } from "../shard/index.ts";
import { entriesOfRows, rowsOfEntries } from "./rows.ts";

export const JOURNAL_FORMAT = 1;

/** CRC-32 of a whole record; 0 stands for "there was none before". */
export type RecordChecksum = number;

export interface JournalRecord {
  readonly lane: string;
  /** Grows by one with each writer of the lane. A record without entries announces a new writer. */
  readonly epoch: number;
  readonly previous: RecordChecksum;
  readonly at: EpochMs;
  readonly entries: readonly Entry[];
}

const MAGIC_0 = 0x53;
const MAGIC_1 = 0x47;
const HEAD_BYTES = 3;
const CHECKSUM_BYTES = 4;

const packr = new Packr({ useRecords: false, mapsAsObjects: true, encodeUndefinedAsNil: true });

/** Fresh bytes that the caller owns. O(entries). */
export function encodeJournalRecord(record: JournalRecord): Uint8Array {
  const rows = rowsOfEntries(record.entries, record.at);
  const body = packr.pack([record.lane, record.epoch, record.previous, record.at, rows]);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + body.length + CHECKSUM_BYTES);
  bytes[0] = MAGIC_0;
  bytes[1] = MAGIC_1;
  bytes[2] = JOURNAL_FORMAT;
  bytes.set(body, HEAD_BYTES);
  const end = bytes.length - CHECKSUM_BYTES;
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end)), end);
  return bytes;
}

/** The checksum a record carries, without checking it. */
export function checksumOf(record: Uint8Array): RecordChecksum {
  return new DataView(record.buffer, record.byteOffset, record.byteLength).getUint32(record.length - CHECKSUM_BYTES, true);
}

/** `where` names lane and sequence for the error. Throws CorruptData. */
export function decodeJournalRecord(bytes: Uint8Array, where: string): JournalRecord {
  if (bytes.length < HEAD_BYTES + CHECKSUM_BYTES || bytes[0] !== MAGIC_0 || bytes[1] !== MAGIC_1) {
    throw new CorruptData("not a StockGrid journal record", where);
  }
  if (bytes[2] !== JOURNAL_FORMAT) {
    throw new CorruptData(`journal format ${bytes[2]} is not known to this version, which reads ${JOURNAL_FORMAT}`, where);
  }
  const end = bytes.length - CHECKSUM_BYTES;
  if (crc32(bytes.subarray(0, end)) !== checksumOf(bytes)) throw new CorruptData("checksum of a journal record is wrong", where);
  const body = packr.unpack(bytes.subarray(HEAD_BYTES, end)) as [string, number, number, number, unknown[][]];
  const [lane, epoch, previous, at, rows] = body;
  return { lane, epoch, previous, at: at as EpochMs, entries: entriesOfRows(rows, at as EpochMs, where) };
}
