/** Verification of a real data folder: in agreement with a node and without one, and after each kind of damage done on purpose. */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EpochMs, hash32, type LaneSeq, type LocationId, type Sku, shardOfHash } from "../../src/base/index.ts";
import { Differences } from "../../src/cli/differences.ts";
import { Fold } from "../../src/cli/verify-fold.ts";
import {
  decodeMark,
  decodeReservation,
  decodeStockRecord,
  encodeJournalRecord,
  encodeMark,
  encodeReservation,
  encodeStockRecord,
  type JournalRecord,
  movementKey,
  recordKey,
} from "../../src/codec/index.ts";
import type { CheckpointWriter, SnapshotStore } from "../../src/ports/index.ts";
import { openLmdbSnapshotStore } from "../../src/snapshot/index.ts";
import { decideMovement, EMPTY_LEDGER, emptyRecord, evolve, type Ledger, type StockEvent } from "../../src/stock/index.ts";
import { type Ended, runStockgrid, startStockgrid } from "./run-stockgrid.ts";

const SHARDS = 256;
const SKU = "A" as Sku;
const UK = "uk" as LocationId;
const RECORD_KEY = recordKey(shardOfHash(hash32(SKU), SHARDS), SKU, UK);

let cwd = "";
let copies = 0;
let whileRunning: Ended;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "stockgrid-verify-"));
  writeFileSync(join(cwd, "locations.csv"), "location,type,name\nuk,dc,Warehouse\n");
  writeFileSync(join(cwd, "balances.csv"), "sku,location,quantity\nA,uk,10\nB,uk,20\n");
  writeFileSync(join(cwd, "movements.csv"), "id,type,sku,location,quantity\nm1,sale,A,uk,1\n");
  const node = startStockgrid(["serve", "--http-port", "0", "--members", "1", "--log-level", "warn"], { cwd });
  await node.printed(/access/);
  for (const file of ["locations.csv", "balances.csv", "movements.csv"])
    expect(await runStockgrid(["import", file], { cwd })).toMatchObject({ status: 0 });
  expect(await runStockgrid(["reserve", "A", "uk", "2"], { cwd })).toMatchObject({ status: 0 });
  whileRunning = await runStockgrid(["verify", "--json"], { cwd });
  node.child.kill("SIGINT");
  await node.ended;
}, 120_000);

afterAll(() => rmSync(cwd, { recursive: true }));

describe("a sound data folder", () => {
  it("agrees with its journal and with the live records while the node runs", () => {
    expect(whileRunning.status).toBe(0);
    expect(JSON.parse(whileRunning.out)).toMatchObject({ live: { compared: 2, movedOn: 0 }, differences: { count: 0 } });
  });

  it("is found through the NATS servers that a node of a cluster is given, with their key and authority", async () => {
    const nats = ["--nats-url", "tls://127.0.0.1:1", "--nats-creds", "operator.nk", "--nats-ca", "ca.pem"];
    const { status, error } = await runStockgrid(["verify", "--data-dir", "nowhere", ...nats], { cwd });
    expect({ status, error }).toEqual({ status: 1, error: expect.stringContaining("is no data folder of a node") });
  });

  it("agrees with its journal after the node has stopped", async () => {
    const { status, out } = await runStockgrid(["verify"], { cwd });
    expect(status).toBe(0);
    expect(out).toMatch(
      /events\nsnapshot +at record \d+, 256 shards: 2 stock records, 1 reservations, 3 movement ids\nlive +no node runs on this folder\nall agree\n$/,
    );
  });
});

describe("a data folder of several members", () => {
  it("agrees while they run and after shards have moved between them", async () => {
    const dir = mkdtempSync(join(tmpdir(), "stockgrid-verify-members-"));
    try {
      await movedAbout(dir);
    } finally {
      rmSync(dir, { recursive: true, maxRetries: 20, retryDelay: 100 });
    }
  }, 120_000);

  /** Two members, then one, then two again, with changes in between. */
  async function movedAbout(dir: string): Promise<void> {
    const serve = [
      "serve",
      "--http-port",
      "0",
      "--members",
      "2",
      "--shards",
      "8",
      "--checkpoint-seconds",
      "1",
      "--log-level",
      "warn",
    ];
    const node = startStockgrid(serve, { cwd: dir });
    await node.printed(/access/);
    for (const file of ["locations.csv", "balances.csv"]) {
      expect(await runStockgrid(["import", join(cwd, file)], { cwd: dir })).toMatchObject({ status: 0 });
    }
    for (const members of ["1", "2"]) {
      for (const sku of ["A", "B"])
        expect(await runStockgrid(["reserve", sku, "uk", "1"], { cwd: dir })).toMatchObject({ status: 0 });
      expect(await runStockgrid(["cluster", "members", members, "--wait"], { cwd: dir })).toMatchObject({ status: 0 });
    }
    expect(await runStockgrid(["reserve", "A", "uk", "1"], { cwd: dir })).toMatchObject({ status: 0 });
    const running = await runStockgrid(["verify", "--shards", "8", "--json"], { cwd: dir });
    expect(running).toMatchObject({ error: "", status: 0 });
    expect(JSON.parse(running.out)).toMatchObject({ differences: { count: 0 }, members: [{}, {}] });
    node.child.kill("SIGINT");
    await node.ended;
    const { status, out } = await runStockgrid(["verify", "--shards", "8"], { cwd: dir });
    expect(out).toMatch(/lane default_.*_0,.*lane default_.*_1,.*all agree/s);
    expect(status).toBe(0);
  }
});

describe("a data folder in which", () => {
  it.each<[string, Damage, RegExp]>([
    [
      "a level changed",
      (store, writer) => writer.put("records", RECORD_KEY, encodeStockRecord({ ...recordA(store), onHand: 99 })),
      /A at uk: the snapshot has onHand 99 where the journal has 9 \(version 3\)/,
    ],
    [
      "a version is ahead",
      (store, writer) => writer.put("records", RECORD_KEY, encodeStockRecord({ ...recordA(store), version: 7 })),
      /A at uk: the snapshot has version 7 where the journal has 3/,
    ],
    [
      "a record is missing",
      (_, writer) => writer.delete("records", RECORD_KEY),
      /1 stock records are in the journal, not in the snapshot/,
    ],
    [
      "a movement id is missing",
      (_, writer) => writer.delete("movements", movementKey(shardOfHash(hash32("m1"), SHARDS), "m1")),
      /movement m1: applied in the journal, not known to the snapshot/,
    ],
    [
      "a record waits unseen",
      (store, writer) => writer.put("records", RECORD_KEY, encodeStockRecord({ ...recordA(store), ledger: WAITING })),
      /A at uk: something waits in it, and no row says so/,
    ],
    ["a reservation lost its units", loseReservedUnits, /held 2, reservations hold 0/],
    [
      "the checkpoint rests on another journal",
      otherMark,
      /record \d+ of the journal is not the one that the checkpoint rests on/,
    ],
  ])("%s is found out", async (_, damage, words) => {
    const dir = await damaged(damage);
    const { status, out, error } = await runStockgrid(["verify", "--data-dir", dir], { cwd });
    expect(status).toBe(1);
    expect(out + error).toMatch(words);
  });
});

describe("nothing to verify", () => {
  it("is said for a folder without a store, and none is made", async () => {
    const { status, error } = await runStockgrid(["verify", "--data-dir", "empty"], { cwd });
    expect(status).toBe(1);
    expect(error).toContain("is no data folder of a node");
  });
});

describe("the fold", () => {
  const at = 1_000 as StockEvent["at"];
  const events = decideMovement(
    emptyRecord(SKU, UK),
    { id: "m", type: "receipt", sku: SKU, location: UK, quantity: 5 },
    at,
  ) as StockEvent[];
  const event = events[0] as StockEvent;
  const after = evolve(emptyRecord(SKU, UK), event);
  const record: JournalRecord = { lane: "l", epoch: 1, previous: 0, at, entries: [{ entry: "stock", event, after }] };

  function folded(...records: JournalRecord[]): string[] {
    const differences = new Differences();
    const fold = new Fold("l", SHARDS, differences);
    for (const [index, each] of records.entries()) fold.add((index + 1) as LaneSeq, encodeJournalRecord(each));
    return differences.kept;
  }

  it("finds levels that do not follow from the event", () => {
    expect(folded(record)).toEqual([]);
    const [wrong] = folded({ ...record, entries: [{ entry: "stock", event, after: { ...after, onHand: 6 } }] });
    expect(wrong).toBe("A at uk: onHand folds to 5 at version 1, the journal says 6");
  });

  it("finds a journal record that does not follow the one before it, and a version twice", () => {
    expect(folded(record, { ...record, epoch: 0 })).toEqual([
      "record 2 of the journal does not follow the one before it",
      "record 2 of the journal was written by writer 0 after writer 1",
      "A at uk: version 1 follows 1 in the journal",
      "A at uk: onHand folds to 10 at version 1, the journal says 5",
    ]);
  });
});

function recordA(store: SnapshotStore): ReturnType<typeof decodeStockRecord> {
  return decodeStockRecord(store.get("records", RECORD_KEY) as Uint8Array, SKU, UK);
}

function loseReservedUnits(store: SnapshotStore, writer: CheckpointWriter): void {
  for (const { key, value } of store.scan("reservations", { from: "", to: "\u{10FFFF}" })) {
    const reservation = decodeReservation(value, key.slice(4) as Parameters<typeof decodeReservation>[1]);
    const lines = reservation.lines.map((line) => ({ ...line, held: 0 }));
    writer.put("reservations", key, encodeReservation({ ...reservation, lines }));
  }
}

const WAITING: Ledger = {
  ...EMPTY_LEDGER,
  waiting: [
    {
      id: "v",
      type: "void",
      reverses: "s",
      quantity: 1,
      occurredAt: 1 as EpochMs,
      since: 2 as EpochMs,
      reason: undefined,
      reference: undefined,
    },
  ],
};

function otherMark(store: SnapshotStore): Uint8Array {
  const mark = decodeMark(store.mark() as Uint8Array);
  return encodeMark({ ...mark, checksum: mark.checksum ^ 1 });
}

/** Changes the copy of a store; may return another mark for the checkpoint. */
type Damage = (store: SnapshotStore, writer: CheckpointWriter) => unknown;

/** A copy of the data folder with the damage done by a checkpoint that looks sound. */
async function damaged(damage: Damage): Promise<string> {
  const dir = join(cwd, `copy-${++copies}`);
  cpSync(join(cwd, "data"), dir, { recursive: true });
  const store = await openLmdbSnapshotStore({ path: join(dir, "lmdb", "member-0") });
  const writer = store.begin();
  const made = damage(store, writer);
  const mark = made instanceof Uint8Array ? made : (store.mark() as Uint8Array);
  await new Promise<void>((resolve, reject) => writer.commit(mark, (error) => (error ? reject(error) : resolve())));
  await store.close();
  return dir;
}
