/** The bytes of journal records and snapshot values: versioned, checksummed, refused when unknown. */
export { entryBytesMax } from "./entry-size.ts";
export {
  checksumOf,
  decodeJournalRecord,
  encodeJournalRecord,
  JOURNAL_FORMAT,
  type JournalRecord,
  type RecordChecksum,
} from "./journal-record.ts";
export { decodeMark, encodeMark, type HeldMark, type LaneMark, type Mark } from "./mark.ts";
export {
  decodeKeyUse,
  decodeLocation,
  decodeMovementUse,
  decodeReservation,
  decodeStockRecord,
  dueKey,
  EMPTY_VALUE,
  encodeKeyUse,
  encodeLocation,
  encodeMovementUse,
  encodeReservation,
  encodeStockRecord,
  keyUseKey,
  movementKey,
  partsOfDueKey,
  partsOfRecordKey,
  partsOfRetentionKey,
  type RetainedTable,
  recordKey,
  recordsOfSku,
  reservationKey,
  reservationOfKey,
  retentionKey,
  shardRange,
  timeKey,
} from "./snapshot-values.ts";
