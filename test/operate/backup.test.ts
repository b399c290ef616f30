/**
 * Backup, restore and reshard with real nodes: what comes back is what was there, record by record and reservation by reservation, keys and movement ids
 * included, on a new NATS server and over an old cluster, with as many shards and with another number.
 */

import { appendFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { hash32, shardOfHash } from "../../src/base/index.ts";
import { openBackup, readRows } from "../../src/cli/backup-format.ts";
import {
  decodeParticipation,
  decodeReservation,
  decodeStockRecord,
  partsOfRecordKey,
  reservationOfKey,
  shardOfKey,
} from "../../src/codec/index.ts";
import type { Ended } from "../cli/run-stockgrid.ts";
import { type Answer, ask, type Json, patiently, TestGrid, type TestNode } from "./nodes.ts";

const SHARDS = 16;
const RESHARDED = 5;
const SKUS = Array.from({ length: 30 }, (_, index) => `sku-${index}`);
const MS_MAX = 180_000;

let grid: TestGrid;
let nodes: TestNode[] = [];
const others: TestGrid[] = [];
/** Of the state below, taken while it stood still. */
let quiet = "";
let before: State;
const reservations: string[] = [];

interface State {
  readonly stock: readonly Json[];
  readonly reservations: readonly Json[];
  readonly locations: Json;
}

const line = (sku: string, quantity: number): Json => ({ sku, location: "uk", quantity });
const several = (first: number): Json => ({
  lines: [line(`sku-${first}`, 2), line(`sku-${first + 1}`, 1), line(`sku-${first + 2}`, 3)],
  ttlSeconds: 36_000,
});

beforeAll(async () => {
  grid = await TestGrid.start();
  nodes = await Promise.all(["one", "two"].map((id) => grid.node(id, { shards: SHARDS })));
  await fill(nodes[0] as TestNode);
  quiet = join(grid.folder, "quiet");
  await done(grid.runOnNats(["backup", "--out", quiet]));
  before = await stateOf(nodes[1] as TestNode);
}, MS_MAX);

afterAll(() => grid?.end());
afterEach(async () => {
  await Promise.all(others.splice(0).map((other) => other.end()));
});

async function done(command: Promise<Ended>): Promise<void> {
  expect(await command).toMatchObject({ error: "", status: 0 });
}

/** Stock, single and wide reservations in every state, keys, movements. */
async function fill({ url }: TestNode): Promise<void> {
  for (const id of ["uk", "de"]) await patiently(url, "PUT", `/v1/locations/${id}`, { type: "dc", name: `Warehouse ${id}` });
  const receipts = SKUS.flatMap((sku) =>
    ["uk", "de"].map((location) => ({ id: `r-${sku}-${location}`, type: "receipt", sku, location, quantity: 1_000 })),
  );
  expect(await patiently(url, "POST", "/v1/movements", receipts)).toMatchObject({ status: 200 });
  for (let first = 0; first < 20; first++) {
    const made = await patiently(url, "POST", "/v1/reservations", several(first), `wide-${first}`);
    expect(made).toMatchObject({ status: 201 });
    reservations.push(String(made.body["id"]));
    const steps = [[], ["confirm"], ["confirm", "fulfill"], ["release"]][first % 4] ?? [];
    for (const step of steps) {
      expect(await patiently(url, "POST", `/v1/reservations/${reservations.at(-1)}/${step}`, {})).toMatchObject({ status: 200 });
    }
  }
}

async function stateOf({ url }: TestNode): Promise<State> {
  const read = async (path: string): Promise<Json> => {
    const answer = await patiently(url, "GET", path);
    expect(answer, path).toMatchObject({ status: 200 });
    return answer.body;
  };
  return {
    stock: await Promise.all(SKUS.map((sku) => read(`/v1/stock/${sku}`))),
    reservations: await Promise.all(reservations.map((id) => read(`/v1/reservations/${id}`))),
    locations: await read("/v1/locations"),
  };
}

async function fresh(): Promise<TestGrid> {
  const other = await TestGrid.start();
  others.push(other);
  return other;
}

async function onHand({ url }: TestNode, sku: string): Promise<Json> {
  return (await patiently(url, "GET", `/v1/stock/${sku}/uk`)).body;
}

describe("a backup of a grid that stands still", () => {
  it(
    "comes back on a new NATS server and new data folders, keys and movement ids included",
    async () => {
      const other = await fresh();
      await done(other.runOnNats(["restore", "--from", quiet]));
      const node = await other.node("elsewhere", { shards: SHARDS, members: 2 });
      expect(await stateOf(node)).toEqual(before);

      const again = await patiently(node.url, "POST", "/v1/reservations", several(3), "wide-3");
      expect(again).toMatchObject({ status: 200, body: { id: reservations[3] } });
      const [moved] = (await patiently(node.url, "POST", "/v1/movements", [
        { id: "r-sku-4-uk", type: "receipt", sku: "sku-4", location: "uk", quantity: 1_000 },
      ]).then(({ body }) => body["results"])) as Json[];
      expect(moved).toMatchObject({ status: "duplicate" });

      const version = Number((await onHand(node, "sku-0"))["version"]);
      const more = { id: "later", type: "receipt", sku: "sku-0", location: "uk", quantity: 5 };
      expect(await patiently(node.url, "POST", "/v1/movements", more)).toMatchObject({ status: 200 });
      expect((await onHand(node, "sku-0"))["version"]).toBe(version + 1);

      await other.stop(node);
      const restarted = await other.node("elsewhere", { shards: SHARDS, members: 2 });
      expect((await onHand(restarted, "sku-0"))["version"]).toBe(version + 1);
      expect((await stateOf(restarted)).reservations).toEqual(before.reservations);
    },
    MS_MAX,
  );

  it(
    "is refused when a file of it changed, or is missing, and when a settled number of shards does not fit the node",
    async () => {
      const other = await fresh();
      const copy = join(other.folder, "copy");
      await done(grid.runOnNats(["backup", "--out", copy]));
      appendFileSync(join(copy, "shard-00003.msgpack"), "x");
      const refused = await other.runOnNats(["restore", "--from", copy]);
      expect(refused.status).toBe(1);
      expect(refused.error).toMatch(/the backup is damaged: shard-00003.msgpack/);
      expect(await other.runOnNats(["restore", "--from", other.folder])).toMatchObject({ status: 1 });

      await done(other.runOnNats(["restore", "--from", quiet]));
      await expect(other.node("elsewhere", { shards: SHARDS * 2 })).rejects.toThrow();
    },
    MS_MAX,
  );
});

describe("a backup under load", () => {
  it(
    "shows one moment: what records hold is what reservations have, and nothing acknowledged before is missing",
    async () => {
      let over = false;
      const acknowledged: string[] = [];
      const shop = async (node: TestNode, shopper: number): Promise<void> => {
        for (let turn = 0; !over; turn++) {
          const made = await patiently(
            node.url,
            "POST",
            "/v1/reservations",
            several((turn + shopper) % 25),
            `load-${shopper}-${turn}`,
          );
          if (made.status !== 201) throw new Error(JSON.stringify(made));
          const id = String(made.body["id"]);
          acknowledged.push(id);
          if (turn % 2 === 0) await patiently(node.url, "POST", `/v1/reservations/${id}/release`, {});
        }
      };
      const shoppers = [0, 1, 2, 3].map((shopper) => shop(nodes[shopper % 2] as TestNode, shopper));
      while (acknowledged.length < 50) await new Promise((resolve) => setTimeout(resolve, 10));
      const known = [...acknowledged];
      const folder = join(grid.folder, "loaded");
      const backup = await grid.runOnNats(["backup", "--out", folder]);
      over = true;
      await Promise.all(shoppers);
      expect(backup).toMatchObject({ status: 0 });

      const books = booksOf(folder);
      expect(known.filter((id) => !books.reservations.has(id))).toEqual([]);
      expect(books.differences).toEqual([]);
      for (const id of acknowledged) await patiently((nodes[0] as TestNode).url, "POST", `/v1/reservations/${id}/release`, {});
    },
    MS_MAX,
  );

  it(
    "leaves nothing behind when it is interrupted",
    async () => {
      const folder = join(grid.folder, "cut", "off");
      const running = grid.startOnNats(["backup", "--out", folder]);
      while (!existsSync(join(grid.folder, "cut"))) await new Promise((resolve) => setTimeout(resolve, 1));
      running.child.kill("SIGINT");
      const { status } = await running.ended;
      // It may have been through already: then it is whole.
      if (status === 0) openBackup(folder, () => undefined);
      else expect(readdirSync(join(grid.folder, "cut"))).toEqual([]);
    },
    MS_MAX,
  );
});

interface Books {
  readonly reservations: ReadonlySet<string>;
  readonly differences: readonly string[];
}

/** Held and allocated of every record against the reservations of its shard and what the shard knows of others. */
function booksOf(folder: string): Books {
  const bound = new Map<string, number>();
  const known = new Set<string>();
  const add = (sku: string, location: string, units: number): void =>
    void bound.set(`${sku} ${location}`, (bound.get(`${sku} ${location}`) ?? 0) + units);
  const rows = openBackup(folder, () => undefined).files.flatMap(({ file }) => [...readRows(folder, file)]);
  for (const { table, key, value } of rows) {
    if (table === "reservations") {
      const { id, lines } = decodeReservation(value, reservationOfKey(key));
      known.add(id);
      for (const { sku, location, held, allocated } of lines) {
        if (shardOfHash(hash32(sku), SHARDS) === shardOfKey(key)) add(sku, location, held + allocated);
      }
    } else if (table === "participations") {
      for (const { sku, location, held, allocated } of decodeParticipation(value, reservationOfKey(key)).lines)
        add(sku, location, held + allocated);
    }
  }
  const differences = rows.flatMap(({ table, key, value }) => {
    if (table !== "records") return [];
    const { sku, location } = partsOfRecordKey(key);
    const { held, allocated } = decodeStockRecord(value, sku, location);
    const units = bound.get(`${sku} ${location}`) ?? 0;
    return held + allocated === units ? [] : [`${sku} at ${location}: ${held + allocated} bound, reservations have ${units}`];
  });
  return { reservations: known, differences };
}

describe("over the cluster itself", () => {
  it(
    "goes back to the backup, and then to another number of shards without loss, with the old data folders in place",
    async () => {
      const [one, two] = nodes as [TestNode, TestNode];
      const running = await grid.runOnNats(["restore", "--from", quiet, "--replace", "default"]);
      expect(running).toMatchObject({ status: 1 });
      expect(running.error).toMatch(/stop all nodes first: one, two run/);
      const lost = await patiently(one.url, "POST", "/v1/reservations", several(0), "lost");
      expect(lost).toMatchObject({ status: 201 });
      await Promise.all([grid.stop(one), grid.stop(two)]);

      const unasked = await grid.runOnNats(["restore", "--from", quiet]);
      expect(unasked.error).toMatch(/say --replace default/);
      const later = await grid.runOnNats(["reshard", "--shards", "5", "--from", quiet, "--replace", "default"]);
      expect(later.status).toBe(1);
      expect(later.error).toMatch(/the journal has \d+ changes that the backup has not/);
      await done(grid.runOnNats(["restore", "--from", quiet, "--replace", "default"]));

      nodes = await Promise.all(["one", "two"].map((id) => grid.node(id, { shards: SHARDS })));
      expect(await stateOf(nodes[1] as TestNode)).toEqual(before);
      const missing = await ask((nodes[0] as TestNode).url, "GET", `/v1/reservations/${String(lost.body["id"])}`);
      expect(missing).toMatchObject({ status: 404 });

      const last = join(grid.folder, "last");
      await done(grid.runOnNats(["backup", "--out", last]));
      await Promise.all((nodes as TestNode[]).map((node) => grid.stop(node)));
      const words = ["reshard", "--shards", String(RESHARDED), "--from", last, "--replace", "default"];
      await done(grid.runOnNats(words));
      nodes = await Promise.all(["one", "two"].map((id) => grid.node(id, { shards: RESHARDED })));
      const node = nodes[0] as TestNode;
      expect(await stateOf(node)).toEqual(before);

      await confirmedAndFulfilled(node);
      expect(await patiently(node.url, "POST", "/v1/reservations", several(5), "wide-5")).toMatchObject({
        status: 200,
        body: { id: reservations[5] },
      });
    },
    MS_MAX,
  );
});

/** The first reservation was held over several shards, of the old number: its units go all the way, in shards of the new one. */
async function confirmedAndFulfilled(node: TestNode): Promise<void> {
  const skus = ["sku-0", "sku-1", "sku-2"];
  expect(new Set(skus.map((sku) => shardOfHash(hash32(sku), RESHARDED))).size).toBeGreaterThan(1);
  const levels = (): Promise<Json[]> => Promise.all(skus.map((sku) => onHand(node, sku)));
  const held = await levels();
  const step = (name: string): Promise<Answer> => patiently(node.url, "POST", `/v1/reservations/${reservations[0]}/${name}`, {});
  expect(await step("confirm")).toMatchObject({ status: 200, body: { status: "confirmed" } });
  expect(await step("fulfill")).toMatchObject({ status: 200, body: { status: "fulfilled" } });
  await expect
    .poll(async () => (await levels()).map(({ onHand: units, held: bound }) => [units, bound]), { timeout: 10_000 })
    .toEqual(
      [2, 1, 3].map((quantity, index) => [Number(held[index]?.["onHand"]) - quantity, Number(held[index]?.["held"]) - quantity]),
    );
}
