/** The bytes of journal records and snapshot values: versioned, checksummed, refused when unknown. */
export {
  checksumOf,
  decodeJournalRecord,
  encodeJournalRecord,
  JOURNAL_FORMAT,
  type JournalRecord,
  type RecordChecksum,
} from "./journal-record.ts";
