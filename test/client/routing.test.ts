/** Shard-aware routing: two members on a real server, each with subjects of its own. What a caller gets never depends on the way. */

import type { NatsConnection, Subscription } from "@nats-io/nats-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ClusterMap, NatsService } from "../../src/api/nats/index.ts";
import { hash32, shardOfHash } from "../../src/base/index.ts";
import { connectStockGrid, type StockGridClient, StockGridFault } from "../../src/client/index.ts";
import { formatReservationId } from "../../src/reservation/index.ts";
import { ask, headersOf, type NatsServer, PREFIX, startServer, startService } from "../api/nats-fixture.ts";
import { StubGrid } from "../api/nats-stub-grid.ts";
import { until } from "../feed/until.ts";

const SHARDS = 8;
const LANES = ["default_node-1_0", "default_node-2_0"] as const;

interface TestMember {
  readonly grid: StubGrid;
  readonly service: NatsService;
  readonly connection: NatsConnection;
}

let server: NatsServer;
let watcher: NatsConnection;
/** Hears every request. It counts as somebody who could answer, so it hides that nobody does. */
let tap: Subscription;
let mapsRead: number;
let members: TestMember[];
let map: ClusterMap;
let client: StockGridClient;
let clients: StockGridClient[];
/** Subjects of all requests to the grid, without their prefix. */
let asked: string[];

beforeAll(async () => {
  server = await startServer();
  watcher = await server.connect();
});
afterAll(() => server.stop());

beforeEach(async () => {
  asked = [];
  clients = [];
  mapsRead = 0;
  tap = watcher.subscribe(`${PREFIX}>`, {
    callback: (_error, { subject }) => {
      if (subject !== `${PREFIX}cluster.map`) asked.push(subject.slice(PREFIX.length));
    },
  });
  map = { shards: SHARDS, revision: 1, owners: Array.from({ length: SHARDS }, (_, shard) => LANES[shard % 2] as string) };
  members = await Promise.all(LANES.map(startMember));
  client = await open({});
  await untilRouted(client);
});
afterEach(async () => {
  tap.unsubscribe();
  await Promise.all(clients.map((each) => each.close()));
  await Promise.all(members.map(({ service }) => service.stop()));
  await Promise.all(members.map(({ connection }) => connection.close()));
});

async function startMember(lane: string): Promise<TestMember> {
  const grid = new StubGrid();
  const connection = await server.connect();
  return { grid, connection, service: await startService(connection, { grid, routing: { lane, map: readMap } }) };
}

function readMap(): ClusterMap {
  mapsRead++;
  return map;
}

async function open(options: object): Promise<StockGridClient> {
  const opened = await connectStockGrid({ nats: server.url, attemptMs: 5_000, ...options });
  clients.push(opened);
  return opened;
}

/** The map is read in the background: waits until a call goes straight to an owner. */
async function untilRouted(opened: StockGridClient): Promise<void> {
  await until("a call goes to the owner", async () => {
    await opened.stock(skuOf(0));
    await watcher.flush();
    return asked.at(-1)?.startsWith("at.") === true;
  });
  asked = [];
}

/** A SKU of a shard. */
function skuOf(shard: number, more = ""): string {
  for (let i = 0; ; i++) if (shardOfHash(hash32(`sku${more}${i}`), SHARDS) === shard) return `sku${more}${i}`;
}

const at = (member: 0 | 1, subject: string): string => `at.${LANES[member]}.${subject}`;

async function subjects(): Promise<string[]> {
  await watcher.flush();
  return asked;
}

describe("the subjects of a member", () => {
  it("tell the map, to anyone, with any body", async () => {
    expect((await ask(watcher, "cluster.map", {})).body).toEqual(map);
    const empty = await watcher.request(`${PREFIX}cluster.map`);
    expect(empty.json()).toEqual(map);
    expect(headersOf(empty).code).toBeUndefined();
    expect(await client.clusterMap()).toEqual(map);
  });

  it("reach that member and no other", async () => {
    for (const [index, lane] of LANES.entries()) {
      for (let i = 0; i < 5; i++) await ask(watcher, `at.${lane}.reservations.create`, { sku: "A", location: "dc", quantity: 1 });
      expect(members[index]?.grid.commands).toHaveLength(5);
    }
  });
});

describe("a client that knows the map", () => {
  it("sends each call straight to the owner of its shard", async () => {
    const id = formatReservationId(1_767_323_045_678 as Parameters<typeof formatReservationId>[0], 1, hash32(skuOf(3)));
    await client.reserve({ sku: skuOf(0), location: "dc", quantity: 1 });
    await client.reserve({ sku: skuOf(1), location: "dc", quantity: 1 });
    await client.get(id);
    await client.confirm(id);
    await client.applyMovements({ id: "m", type: "sale", sku: skuOf(5), location: "dc", quantity: 1 });
    await client.record(skuOf(6), "dc");
    await client.availability({ skus: [skuOf(7)] });
    await client.availability({ skus: [skuOf(7), skuOf(0)] });
    expect(await subjects()).toEqual([
      at(0, "reservations.create"),
      at(1, "reservations.create"),
      at(1, "reservations.get"),
      at(1, "reservations.confirm"),
      at(1, "movements.apply"),
      at(0, "stock.get"),
      at(1, "availability.get"),
      "availability.get",
    ]);
    expect(members[0]?.grid.commands).toHaveLength(1);
    expect(members[1]?.grid.commands).toHaveLength(3);
  });

  it("sends many as one message for each owner, and puts the answers in order", async () => {
    const skus = Array.from({ length: 40 }, (_, i) => skuOf(i % SHARDS, `-${i}-`));
    const answers = await client.reserveMany(skus.map((sku) => ({ sku, location: "dc", quantity: 1 })));
    expect(answers.map((answer) => (answer.ok ? answer.value.lines[0]?.sku : answer.reason))).toEqual(skus);
    expect((await subjects()).sort()).toEqual([at(0, "reservations.create"), at(1, "reservations.create")]);
    const movements = skus.map((sku, i) => ({ id: `m-${i}`, type: "receipt" as const, sku, location: "dc", quantity: 1 }));
    expect((await client.applyMovements(movements)).map(({ id }) => id)).toEqual(movements.map(({ id }) => id));
    expect(members[0]?.grid.commands).toHaveLength(40);
  });

  it("asks any member at once while an owner is not there, and the owner again under a new map", async () => {
    const patient = await open({ attemptMs: 60_000, deadlineMs: 60_000 });
    await untilRouted(patient);
    tap.unsubscribe();
    await members[1]?.service.stop();
    const readBefore = mapsRead;
    const started = performance.now();
    expect((await patient.stock(skuOf(1))).ok).toBe(true);
    expect((await patient.stock(skuOf(3))).ok).toBe(true);
    expect(performance.now() - started).toBeLessThan(10_000);
    await until("the map is read again", () => mapsRead > readBefore);
    map = { ...map, revision: 2, owners: map.owners.map(() => LANES[0]) };
    await patient.clusterMap();
    (members[0] as TestMember).grid.commands.splice(0);
    await patient.reserve({ sku: skuOf(1), location: "dc", quantity: 1 });
    expect(members[0]?.grid.commands).toHaveLength(1);
  });

  it("asks any member when the owner does not answer in time", async () => {
    const impatient = await open({ attemptMs: 400 });
    await untilRouted(impatient);
    (members[1] as TestMember).grid.keepBack = true;
    // The queue group may pick the silent member too: then the retry asks again.
    expect((await impatient.stock(skuOf(1), { deadlineMs: 20_000 })).ok).toBe(true);
    const [first, ...others] = await subjects();
    expect(first).toBe(at(1, "stock.get"));
    expect(new Set(others)).toEqual(new Set(["stock.get"]));
    members[1]?.grid.letGo();
  });

  it("asks any member when the owner is not ready", async () => {
    const [, second] = members as [TestMember, TestMember];
    await second.service.stop();
    const stopping = await startService(second.connection, {
      grid: second.grid,
      routing: { lane: LANES[1], map: readMap },
      phase: () => "stopping",
    });
    // The queue group may pick the member that stops as well: then the retry asks again.
    expect((await client.stock(skuOf(1), { deadlineMs: 20_000 })).ok).toBe(true);
    const [first, ...others] = await subjects();
    expect(first).toBe(at(1, "stock.get"));
    expect(new Set(others)).toEqual(new Set(["stock.get"]));
    await stopping.stop();
  });

  it("asks any member for shards without an owner", async () => {
    map = { ...map, revision: 2, owners: map.owners.map(() => "") };
    await client.clusterMap();
    await client.stock(skuOf(1));
    expect(await subjects()).toEqual(["stock.get"]);
  });

  it("goes by the map no longer than three refreshes without one, and by a new one again", async () => {
    const forgetful = await open({ mapRefreshMs: 100 });
    await untilRouted(forgetful);
    const usable = map;
    map = { shards: SHARDS, revision: 2, owners: [] };
    await until("the map is old", async () => {
      await forgetful.stock(skuOf(1));
      return (await subjects()).at(-1) === "stock.get";
    });
    map = { ...usable, revision: 3 };
    await untilRouted(forgetful);
  });
});

describe("a client of members without a map", () => {
  it("asks any of them", async () => {
    tap.unsubscribe();
    await Promise.all(members.map(({ service }) => service.stop()));
    const plain = new StubGrid();
    const service = await startService(await server.connect(), { grid: plain });
    const other = await open({});
    expect((await other.reserve({ sku: skuOf(1), location: "dc", quantity: 1 })).ok).toBe(true);
    expect(plain.commands).toHaveLength(1);
    await expect(other.clusterMap({ deadlineMs: 100 })).rejects.toMatchObject({ code: "unreachable" });
    await service.stop();
  });
});

describe("over msgpack", () => {
  it("calls, arrays and refusals are the same", async () => {
    const packed = await open({ encoding: "msgpack" });
    await untilRouted(packed);
    expect(await packed.reserve({ sku: skuOf(1), location: "dc", quantity: 2 })).toMatchObject({
      ok: true,
      value: { lines: [{ held: 2 }] },
    });
    expect(await packed.confirm("x", { lines: undefined })).toMatchObject({ ok: false, reason: "not-found" });
    const bad = { sku: "", location: "dc", quantity: 1 };
    const answers = await packed.reserveMany([{ sku: skuOf(0), location: "dc", quantity: 1 }, bad]);
    expect(answers).toMatchObject([{ ok: true }, { ok: false, reason: "invalid-request" }]);
  });
});

describe("what NATS cannot do", () => {
  it("is said, and nothing is sent", async () => {
    const put = client.putLocation("dc", { type: "dc", name: "x" });
    await expect(put).rejects.toMatchObject({ code: "not-supported" });
    await expect(client.locations()).rejects.toBeInstanceOf(StockGridFault);
  });

  it("is refused by a message that is larger than the server takes", async () => {
    const reference = "x".repeat(9 * 1_024 * 1_024);
    const answer = await client.reserve({ sku: "A", location: "dc", quantity: 1, reference });
    expect(answer).toMatchObject({ ok: false, reason: "payload-too-large" });
  });

  it("is a fault when there is no server", async () => {
    await expect(connectStockGrid({ nats: "nats://127.0.0.1:1", deadlineMs: 500 })).rejects.toMatchObject({
      code: "unreachable",
    });
  });
});
