/** Writes a golden journal record with every form of entry: `node test/codec/make-golden.ts <name>`. Never over one that exists. */

import { writeFileSync } from "node:fs";
import type { EpochMs, LaneSeq, LocationId, ReservationId, ShardId, Sku } from "../../src/base/index.ts";
import { encodeJournalRecord, type JournalRecord } from "../../src/codec/index.ts";
import { RESERVATION_EVENT_KINDS } from "../../src/reservation/index.ts";
import type { Entry } from "../../src/shard/index.ts";
import { EFFECT_KINDS, STOCK_EVENT_KINDS, STOCK_NOTES } from "../../src/stock/index.ts";

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

/** Events that say what they reverse, or how they were applied, or both; and what movements did. */
function ledgerEntries(): Entry[] {
  const noted = stockEntries().slice(0, STOCK_NOTES.length + 2) as Extract<Entry, { entry: "stock" }>[];
  const events = noted.map((entry, index): Entry => {
    const note = STOCK_NOTES[index];
    const reverses = index % 2 === 0 ? { reverses: "sale-1" } : {};
    return { ...entry, event: { ...entry.event, ...reverses, ...(note === undefined ? {} : { note }) } };
  });
  const effects = EFFECT_KINDS.map((kind, index): Entry => {
    const effect = { kind, location, occurredAt: (at - 5_000) as EpochMs, units: -index, isVoided: index % 2 === 1 };
    return { entry: "movement", id: `done-${index}`, version: index + 1, at, shard, sku, effect };
  });
  return [...events, ...effects];
}

function reservationEntries(): Entry[] {
  const expiresAt = (at + 900_000) as EpochMs;
  return RESERVATION_EVENT_KINDS.map((kind, index): Entry => {
    if (kind !== "held" && kind !== "opened") {
      const changes = [{ line: 0, held: -1, allocated: 1, fulfilled: 0 }];
      const unsettled = index % 2 === 0 ? {} : ({ unsettled: true } as const);
      return { entry: "reservation", event: { kind, id, version: index + 1, at, expiresAt, changes, ...unsettled } };
    }
    const lines = [{ sku, location, requested: 5, quantity: 3 }];
    const [reference, channel] = ["order 7", undefined];
    return { entry: "reservation", event: { kind, id, version: 1, at, expiresAt, mode: "partial", lines, reference, channel } };
  });
}

/** The plain hold of a line of the reservation opened before it in the record, which has a row of its own. */
function heldLineEntry(): Entry {
  const levels = { onHand: 9, held: 3, allocated: 0, unavailable: 1, inbound: 2, safetyStock: 4 };
  const deltas = { onHand: 0, held: 3, allocated: 0, unavailable: 0 };
  const rest = { cause: id, reason: undefined, reference: undefined };
  return {
    entry: "stock",
    event: { kind: "held", sku, location, version: 8, at, occurredAt: at, quantity: 3, ...deltas, ...rest },
    after: { ...levels, version: 8, updatedAt: at },
  };
}

const shard = 255 as ShardId;

function memberEntries(): Entry[] {
  const line = { sku, location, held: 1, allocated: 2, fulfilled: 3 };
  const origins = [
    { kind: "new" },
    { kind: "place", lane: "default_b_1", seq: 77 as LaneSeq },
    { kind: "image", name: "backup-1" },
  ] as const;
  return [
    { entry: "participation", shard, id, version: 1, at, lines: [line] },
    { entry: "participation", shard, id, version: 4, at, lines: [line, { ...line, held: 0 }] },
    { entry: "movement", id: "spent", version: 12, at, shard, sku },
    { entry: "movement", id: "claimed", version: 0, at, shard, sku, attempt: 2 ** 32 - 1 },
    { entry: "movement", id: "freed", version: -1, at, shard, sku },
    ...origins.map((origin, epoch): Entry => ({ entry: "adopted", shard, epoch, origin })),
    { entry: "released", shard, epoch: 3, to: "default_b_1" },
    { entry: "barrier" },
  ];
}

const record: JournalRecord = {
  lane: "default-0",
  epoch: 3,
  previous: 0xdeadbeef,
  at,
  entries: [
    ...stockEntries(),
    ...reservationEntries(),
    heldLineEntry(),
    { entry: "key", sku, key: "key", fingerprint: "fingerprint", reservation: id, at },
    { entry: "movement", id: "movement", version: 12, at },
    ...memberEntries(),
    ...ledgerEntries(),
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
