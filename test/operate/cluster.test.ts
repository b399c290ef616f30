/** `stockgrid cluster` and the routes under /v1/cluster against real nodes: what is shown is so, and what is asked for happens, under load, without loss. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClusterView } from "../../src/cli/cluster-view.ts";
import { ask, patiently, TestGrid, type TestNode } from "./nodes.ts";

const SHARDS = 16;
const SKUS = Array.from({ length: 40 }, (_, index) => `sku-${index}`);
const START_MS_MAX = 120_000;
const TEST_MS_MAX = 120_000;

let grid: TestGrid;
let one: TestNode;
let two: TestNode;

beforeAll(async () => {
  grid = await TestGrid.start();
  one = await grid.node("one", { shards: SHARDS });
  two = await grid.node("two", { shards: SHARDS });
  await patiently(one.url, "PUT", "/v1/locations/uk", { type: "dc", name: "Warehouse" });
  const receipts = SKUS.map((sku) => ({ id: `r-${sku}`, type: "receipt", sku, location: "uk", quantity: 100_000 }));
  const moved = await patiently(one.url, "POST", "/v1/movements", receipts);
  expect(moved.status).toBe(200);
  const settled = await grid.run(["cluster", "undrain", "one", "--wait"], one);
  expect(settled).toMatchObject({ status: 0 });
}, START_MS_MAX);

afterAll(() => grid?.end());

async function view(node: TestNode = one): Promise<ClusterView> {
  const { status, body } = await ask(node.url, "GET", "/v1/cluster");
  expect(status).toBe(200);
  return body as unknown as ClusterView;
}

const ownedBy = (seen: ClusterView, node: string): number =>
  seen.members.filter((member) => member.node === node).reduce((sum, member) => sum + member.owned, 0);

/** Reserves one unit after another until told to stop; what was not answered 201 in the end, and how many were. */
class Shoppers {
  readonly failed: unknown[] = [];
  held = 0;
  #isOver = false;
  readonly #running: Promise<void>[];

  constructor(urls: readonly string[]) {
    this.#running = urls.map((url, index) => this.#shop(url, index));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async #shop(url: string, shopper: number): Promise<void> {
    for (let turn = 0; !this.#isOver; turn++) {
      const sku = SKUS[turn % SKUS.length];
      const key = `${shopper}-${this.held}-${turn}-${Math.random()}`;
      try {
        const answer = await patiently(
          url,
          "POST",
          "/v1/reservations",
          { sku, location: "uk", quantity: 1, ttlSeconds: 3_600 },
          key,
        );
        if (answer.status === 201) this.held++;
        else this.failed.push(JSON.stringify(answer));
      } catch (error) {
        this.failed.push(error);
      }
    }
  }
}

async function heldUnits(): Promise<number> {
  const records = await Promise.all(SKUS.map((sku) => patiently(one.url, "GET", `/v1/stock/${sku}/uk`)));
  return records.reduce((sum, { body }) => sum + Number(body["held"]), 0);
}

describe("status", () => {
  it("shows every member and shard, each standing by for the other", async () => {
    const seen = await view();
    expect(seen).toMatchObject({ node: "one", ready: true, lead: "one", draining: [] });
    expect(seen.members.map(({ node, state, suspected }) => [node, state, suspected])).toEqual([
      ["one", "serving", false],
      ["two", "serving", false],
    ]);
    expect(seen.shards.map(({ shard, state }) => [shard, state])).toEqual(
      Array.from({ length: SHARDS }, (_, shard) => [shard, "owned"]),
    );
    expect(seen.members.map(({ last }) => typeof last)).toEqual(["number", "number"]);
    const { status, out } = await grid.run(["cluster", "status", "--shards"], two, { NO_COLOR: "1" });
    expect(status).toBe(0);
    expect(out).toContain(`${SHARDS} of ${SHARDS} shards served`);
    expect(out).toMatch(/default_two_0 +two +serving/);
    expect(out).toMatch(/\n15 +owned/);
  });
});

describe("a change", () => {
  it(
    "moves a shard and keeps it, until it is unpinned",
    async () => {
      const before = await view();
      const shard = before.shards.find(({ owner }) => owner === "default_one_0")?.shard ?? 0;
      expect(await grid.run(["cluster", "move", String(shard), "two", "--wait"], one)).toMatchObject({
        status: 0,
        out: `shard ${shard} is pinned to default_two_0\n`,
      });
      expect((await view()).shards[shard]).toMatchObject({ owner: "default_two_0", pinned: true, state: "owned" });
      expect(await grid.run(["cluster", "unpin", String(shard), "--wait"], one)).toMatchObject({ status: 0 });
      expect((await view()).shards[shard]).toMatchObject({ owner: "default_one_0", pinned: false });
    },
    TEST_MS_MAX,
  );

  it(
    "drains a node and undrains it, under load, with no failed request",
    async () => {
      const heldBefore = await heldUnits();
      const shoppers = new Shoppers([one.url, two.url]);
      expect(await grid.run(["cluster", "drain", "two", "--wait"], two)).toMatchObject({ status: 0 });
      expect([ownedBy(await view(), "two"), (await view()).draining]).toEqual([0, ["two"]]);
      expect(await grid.run(["cluster", "undrain", "two", "--wait"], one)).toMatchObject({ status: 0 });
      await shoppers.stop();
      expect(ownedBy(await view(), "two")).toBeGreaterThan(0);
      expect(shoppers.failed.slice(0, 3).map(String)).toEqual([]);
      expect(shoppers.held).toBeGreaterThan(20);
      expect((await heldUnits()) - heldBefore).toBe(shoppers.held);
    },
    TEST_MS_MAX,
  );

  it(
    "takes a node from one member to three and back, under load, with no failed request and no loss",
    async () => {
      const heldBefore = await heldUnits();
      const shoppers = new Shoppers([one.url, one.url]);
      expect(await grid.run(["cluster", "members", "3", "--wait"], one)).toMatchObject({ status: 0 });
      const grown = (await view(two)).members.filter(({ node }) => node === "one");
      expect(grown.map(({ lane, state, owned }) => [lane, state, owned > 0])).toEqual(
        [0, 1, 2].map((number) => [`default_one_${number}`, "serving", true]),
      );
      expect(await grid.run(["cluster", "members", "1", "--wait"], one)).toMatchObject({ status: 0 });
      await shoppers.stop();
      const shrunk = await view(two);
      expect(shrunk.members.map(({ lane }) => lane)).toEqual(["default_one_0", "default_two_0"]);
      expect(shrunk.shards.every(({ state }) => state === "owned")).toBe(true);
      expect(shoppers.failed.slice(0, 3).map(String)).toEqual([]);
      expect(shoppers.held).toBeGreaterThan(20);
      expect((await heldUnits()) - heldBefore).toBe(shoppers.held);
    },
    TEST_MS_MAX,
  );
});

describe("what makes no sense", () => {
  it.each<[string, string, unknown, number, string]>([
    ["POST", "/v1/cluster/moves", { shard: SHARDS, to: "two" }, 400, "/shard must be a whole number from 0 to 15"],
    ["POST", "/v1/cluster/moves", { shard: 0, to: "nobody" }, 409, "nobody is neither a member nor a node that serves"],
    ["DELETE", "/v1/cluster/moves/x", undefined, 400, "path shard must be a whole number"],
    ["POST", "/v1/cluster/drains", {}, 400, "lacks node"],
    ["PUT", "/v1/cluster/nodes/two/members", { count: 2 }, 409, "this is node one; ask two itself"],
    ["PUT", "/v1/cluster/nodes/nine/members", { count: 2 }, 404, "there is no node nine"],
    ["PUT", "/v1/cluster/nodes/one/members", { count: 0 }, 400, "/count"],
  ])("%s %s with %j is refused", async (method, path, body, status, words) => {
    const answer = await ask(one.url, method, path, body);
    expect(answer.status).toBe(status);
    expect(String(answer.body["detail"])).toContain(words);
  });

  it.each([
    [["cluster"], 2, /say one of/],
    [["cluster", "move", "1"], 2, /say one of/],
    [["cluster", "move", "x", "two"], 2, /the shard must be a whole number/],
    [["cluster", "drain", "nobody"], 1, /there is no node nobody; there are one, two/],
    [["cluster", "status", "--nope"], 2, /there is no option --nope/],
  ] as const)("stockgrid %j ends with %i", async (words, status, error) => {
    const ended = await grid.run(words, one);
    expect(ended.status).toBe(status);
    expect(ended.error).toMatch(error);
  });
});
