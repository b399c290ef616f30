/** A fuzzy image with what the lane says behind it is the shard as it was at that place, whatever of it the image had already. */

import { describe, expect, it } from "vitest";
import { type EpochMs, hash32, type LocationId, type Sku, shardOfHash } from "../../src/base/index.ts";
import { decodeStockRecord, encodeStockRecord, recordKey } from "../../src/codec/index.ts";
import { ImageFold, type ImageRow } from "../../src/member/index.ts";
import type { Entry } from "../../src/shard/index.ts";
import { decideMovement, emptyRecord, evolve, type StockEvent, type StockRecord } from "../../src/stock/index.ts";

const SHARDS = 4;
const SKU = "A" as Sku;
const UK = "uk" as LocationId;
const SHARD = shardOfHash(hash32(SKU), SHARDS);
const KEY = recordKey(SHARD, SKU, UK);

/** A record at each of its versions, from 0, and the entries that lead from one to the next. */
function history(versions: number): { records: StockRecord[]; entries: Entry[] } {
  const records = [emptyRecord(SKU, UK)];
  const entries: Entry[] = [];
  for (let index = 0; index < versions; index++) {
    const before = records.at(-1) as StockRecord;
    const movement = { id: `m${index}`, type: "receipt", sku: SKU, location: UK, quantity: index + 1 } as const;
    const [event] = decideMovement(before, movement, (1_000 + index) as EpochMs) as StockEvent[];
    const after = evolve(before, event as StockEvent);
    records.push(after);
    entries.push({ entry: "stock", event: event as StockEvent, after });
  }
  return { records, entries };
}

const { records, entries } = history(6);
const rowAt = (version: number): ImageRow[] =>
  version === 0 ? [] : [{ table: "records", key: KEY, value: encodeStockRecord(records[version] as StockRecord) }];

describe("the fold of an image", () => {
  it.each([0, 1, 3, 6])("with the record at version %i is the record at the end", (version) => {
    const [row, ...more] = new ImageFold(SHARDS).fold(SHARD, rowAt(version), entries);
    expect(more).toEqual([]);
    expect(decodeStockRecord(row?.value ?? new Uint8Array(), SKU, UK)).toEqual(records[6]);
  });

  it("keeps nothing of the shard before", () => {
    const fold = new ImageFold(SHARDS);
    fold.fold(SHARD, rowAt(0), entries);
    expect(fold.fold(SHARD, [], [])).toEqual([]);
    expect(fold.fold(SHARD, rowAt(2), [])).toEqual(rowAt(2));
  });

  it("refuses entries that do not follow", () => {
    expect(() => new ImageFold(SHARDS).fold(SHARD, rowAt(1), entries.slice(3))).toThrow(
      /does not follow from the image.*version 4 follows 1/,
    );
  });
});
