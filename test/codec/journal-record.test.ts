/** C1 and C2: a record comes back as it was written, and whatever was done to its bytes is noticed. */

import { readdirSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CorruptData, type EpochMs } from "../../src/base/index.ts";
import {
  checksumOf,
  decodeJournalRecord,
  encodeJournalRecord,
  JOURNAL_FORMAT,
  type JournalRecord,
} from "../../src/codec/index.ts";
import { propertySettings } from "../fast-check.ts";
import { anyRecord } from "./arbitrary.ts";

const WHERE = "lane l, record 7";
const GOLDEN = new URL("golden/", import.meta.url);

const EMPTY: JournalRecord = { lane: "l", epoch: 1, previous: 0, at: 5 as EpochMs, entries: [] };

/** Bytes with a checksum that fits, whatever they say. */
function sealed(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(crc32(copy.subarray(0, -4)), copy.length - 4);
  return copy;
}

describe("a journal record", () => {
  it("comes back as it was written", () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(decodeJournalRecord(encodeJournalRecord(record), WHERE)).toEqual(record);
      }),
      propertySettings(500),
    );
  });

  it("is the same bytes for the same record, so that a repeat can be told from another writer's", () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(Buffer.compare(encodeJournalRecord(record), encodeJournalRecord(structuredClone(record)))).toBe(0);
      }),
      propertySettings(100),
    );
  });

  it("is the caller's: the next one does not write over it", () => {
    const first = encodeJournalRecord(EMPTY);
    const copy = Buffer.from(first);
    encodeJournalRecord({ ...EMPTY, lane: "another" });
    expect(Buffer.compare(first, copy)).toBe(0);
  });

  it("C2: with any one bit flipped is corrupt data", () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(), (record, chosen) => {
        const bytes = Buffer.from(encodeJournalRecord(record));
        const bit = chosen % (bytes.length * 8);
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(() => decodeJournalRecord(bytes, WHERE)).toThrow(CorruptData);
      }),
      propertySettings(500),
    );
  });

  it("C2: cut short at any byte is corrupt data", () => {
    const bytes = encodeJournalRecord({ ...EMPTY, lane: "a lane of some length" });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeJournalRecord(bytes.subarray(0, length), WHERE)).toThrow(CorruptData);
    }
  });

  it("C2: with bytes behind it is corrupt data", () => {
    const bytes = Buffer.concat([encodeJournalRecord(EMPTY), Buffer.from([0])]);
    expect(() => decodeJournalRecord(bytes, WHERE)).toThrow(CorruptData);
  });

  it("C2: of an unknown format is refused by its number, with where it stands", () => {
    const bytes = Buffer.from(encodeJournalRecord(EMPTY));
    bytes[2] = JOURNAL_FORMAT + 1;
    expect(() => decodeJournalRecord(sealed(bytes), WHERE)).toThrow(
      new CorruptData(`journal format ${JOURNAL_FORMAT + 1} is not known to this version, which reads ${JOURNAL_FORMAT}`, WHERE),
    );
  });

  it("C1: carries the checksum of the one before it, found without decoding", () => {
    const first = encodeJournalRecord(EMPTY);
    const second = encodeJournalRecord({ ...EMPTY, previous: checksumOf(first) });
    expect(decodeJournalRecord(second, WHERE).previous).toBe(checksumOf(first));
    expect(checksumOf(first)).toBe(crc32(first.subarray(0, -4)));
  });

  it("keeps a location without the fields that were not given", () => {
    const location = { id: "p", type: "store", name: "P", version: 1, updatedAt: 5, postalCode: undefined } as never;
    const back = decodeJournalRecord(encodeJournalRecord({ ...EMPTY, entries: [{ entry: "location", location }] }), WHERE);
    const [entry] = back.entries;
    expect(entry?.entry === "location" ? JSON.stringify(entry.location) : "").not.toContain("null");
  });
});

/** Journals of every release are read for ever. `node test/codec/make-golden.ts <name>` writes one for a new release. */
describe("a journal record of an earlier release", () => {
  const names = readdirSync(GOLDEN)
    .filter((name) => name.endsWith(".bin"))
    .map((name) => name.slice(0, -4));

  it("is kept for at least one release", () => {
    expect(names).not.toEqual([]);
  });

  it.each(names)("%s reads as it did", (name) => {
    const bytes = readFileSync(new URL(`${name}.bin`, GOLDEN));
    const told: unknown = JSON.parse(readFileSync(new URL(`${name}.json`, GOLDEN), "utf8"));
    expect(JSON.parse(JSON.stringify(decodeJournalRecord(bytes, name)))).toEqual(told);
  });
});
