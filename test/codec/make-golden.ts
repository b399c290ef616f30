/** Writes a golden journal record with every form of entry: `node test/codec/make-golden.ts <name>`. Never over one that exists. */

import { writeFileSync } from "node:fs";
import type { EpochMs, LocationId, ReservationId, Sku } from "../../src/base/index.ts";
import { encodeJournalRecord, type JournalRecord } from "../../src/codec/index.ts";
import { RESERVATION_EVENT_KINDS } from "../../src/reservation/index.ts";
import type { Entry } from "../../src/shard/index.ts";
import { STOCK_EVENT_KINDS } from "../../src/stock/index.ts";

const at = 1_767_225_600_000 as EpochMs;
const sku = "größe 42" as Sku;
const location = "store.1" as LocationId;
const id = "0mjuohs00075bcd15-deadbeef" as ReservationId;

function stockEntries(): Entry[] {
  return STOCK_EVENT_KINDS.map((kind, index) => ({
    entry: "stock",
    event: {
      kind,
      sku,
      location,
      version: index + 1,
      at,
      occurredAt: (at - index * 1_000) as EpochMs,
      quantity: index + 1,
      onHand: -index,
      held: index,
      allocated: 1,
      unavailable: 0,
      cause: `cause-${index}`,
      reason: index % 2 === 0 ? undefined : "reason",
      reference: index % 3 === 0 ? undefined : "reference",
    },
    after: {
      onHand: 2 ** 40,
      held: 1,
      allocated: 2,
      unavailable: 3,
      inbound: 4,
      safetyStock: 5,
      version: index + 1,
      updatedAt: at,
    },
  }));
}

function reservationEntries(): Entry[] {
  const expiresAt = (at + 900_000) as EpochMs;
  return RESERVATION_EVENT_KINDS.map((kind, index): Entry => {
    if (kind !== "held") {
      const changes = [{ line: 0, held: -1, allocated: 1, fulfilled: 0 }];
      return { entry: "reservation", event: { kind, id, version: index + 1, at, expiresAt, changes } };
    }
    const lines = [{ sku, location, requested: 5, quantity: 3 }];
    const [reference, channel] = ["order 7", undefined];
    return { entry: "reservation", event: { kind, id, version: 1, at, expiresAt, mode: "partial", lines, reference, channel } };
  });
}

const record: JournalRecord = {
  lane: "default-0",
  epoch: 3,
  previous: 0xdeadbeef,
  at,
  entries: [
    ...stockEntries(),
    ...reservationEntries(),
    { entry: "key", sku, key: "key", fingerprint: "fingerprint", reservation: id, at },
    { entry: "movement", id: "movement", version: 12, at },
    {
      entry: "location",
      location: {
        id: location,
        type: "store",
        name: "Store 1",
        latitude: 52.52,
        longitude: 13.405,
        attributes: { floor: 2, tags: ["a", null] },
        version: 1,
        updatedAt: at,
      },
    },
  ],
};

const name = process.argv[2];
if (name === undefined) throw new Error("which name? For example journal-1");
const target = new URL(`golden/${name}`, import.meta.url).pathname;
writeFileSync(`${target}.bin`, encodeJournalRecord(record), { flag: "wx" });
writeFileSync(`${target}.json`, `${JSON.stringify(record, undefined, 2)}\n`, { flag: "wx" });
