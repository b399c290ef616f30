/** What is retried, when, and what a caller gets, against a server that misbehaves on purpose. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Answer, connectStockGrid, type Reservation, type StockGridClient, StockGridFault } from "../../src/client/index.ts";
import { ChaosHttp, problemReply } from "./chaos.ts";
import { startGrid, type TestGrid } from "./grid.ts";

let grid: TestGrid;
let chaos: ChaosHttp;
let url: string;
let client: StockGridClient;

beforeEach(async () => {
  grid = await startGrid();
  chaos = new ChaosHttp((request, body) => grid.forward(request, body));
  url = await chaos.listen();
  client = await connectStockGrid({ http: url, attemptMs: 5_000, deadlineMs: 20_000, apiKey: "secret" });
  await grid.receive("A", 10);
});
afterEach(async () => {
  await client.close();
  await chaos.close();
  await grid.close();
});

const BODY = { sku: "A", location: "dc", quantity: 2 };

function valueIn<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`refused: ${answer.reason}`);
  return answer.value;
}

async function faultOf(promise: Promise<unknown>): Promise<StockGridFault> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof StockGridFault) return error;
  throw new Error(`no fault: ${String(error)}`);
}

describe("a retry", () => {
  it("sends the same key and body in every attempt", async () => {
    chaos.plan.push("lost-after", "unknown-after", "gateway", "silent-before");
    const impatient = await connectStockGrid({ http: url, attemptMs: 200, deadlineMs: 20_000 });
    valueIn(await impatient.reserve(BODY));
    await impatient.close();
    expect(chaos.seen.length).toBeGreaterThanOrEqual(5);
    expect(new Set(chaos.seen.map(({ key, body }) => `${key} ${body}`)).size).toBe(1);
    expect(chaos.seen[0]?.key).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("makes a key for each call, and uses the caller's, whatever its characters", async () => {
    await client.reserve(BODY);
    await client.reserve(BODY);
    expect(chaos.seen[0]?.key).not.toBe(chaos.seen[1]?.key);
    const first = valueIn(await client.reserve(BODY, { idempotencyKey: "Größe 日本" }));
    expect(valueIn(await client.reserve(BODY, { idempotencyKey: "Größe 日本" })).id).toBe(first.id);
  });

  it("keeps a confirm, a release in part and a fulfil harmless", async () => {
    const lines = [{ sku: "A", location: "dc", quantity: 1 }];
    const { id } = valueIn(await client.reserve({ ...BODY, quantity: 3 }));
    for (const transition of ["release", "confirm", "fulfill"] as const) {
      chaos.plan.push("lost-after", "unknown-after", "doubled");
      valueIn(await client[transition](id, { lines }));
    }
    expect(await grid.levels("A")).toMatchObject({ onHand: 9, held: 1, allocated: 0 });
    chaos.plan.push("lost-after");
    expect(valueIn(await client.extend(id, 60)).status).toBe("held");
  });

  it("waits for as long as Retry-After says", async () => {
    chaos.plan.push(problemReply("too-many-requests", 429, "1"), problemReply("not-ready", 503, "1"));
    valueIn(await client.reserve(BODY));
    const [first, second, third] = chaos.seen.map(({ atMs }) => atMs) as [number, number, number];
    expect(second - first).toBeGreaterThanOrEqual(990);
    expect(third - second).toBeGreaterThanOrEqual(990);
  });

  it("ends at the deadline with the last fault, the key in it", async () => {
    chaos.plan.push(...Array.from({ length: 50 }, () => problemReply("outcome-unknown", 503, "0")));
    const fault = await faultOf(client.reserve(BODY, { deadlineMs: 300 }));
    expect(fault).toMatchObject({ code: "outcome-unknown", retryable: true, problem: { status: 503 } });
    expect(fault.idempotencyKey).toBe(chaos.seen[0]?.key);
    expect(chaos.seen.length).toBeGreaterThan(1);
  });

  it("is not made when the grid asks for more time than there is", async () => {
    chaos.plan.push(problemReply("not-ready", 503, "30"));
    expect(await faultOf(client.reserve(BODY, { deadlineMs: 2_000 }))).toMatchObject({ code: "not-ready", retryAfterMs: 30_000 });
    expect(chaos.seen).toHaveLength(1);
  });

  it("goes to the next address when one does not serve", async () => {
    const gone = new ChaosHttp(() => Promise.reject(new Error("never asked")));
    const goneUrl = await gone.listen();
    await gone.close();
    const both = await connectStockGrid({ http: [goneUrl, url] });
    for (let i = 0; i < 4; i++) valueIn(await both.reserve({ ...BODY, quantity: 1 }));
    expect(chaos.seen).toHaveLength(4);
    await both.close();
  });

  it("does not outlive the signal, which ends the call with its reason", async () => {
    const stop = new AbortController();
    const reason = new Error("the customer left");
    chaos.plan.push("silent-before", "silent-before");
    const reserving = client.reserve(BODY, { signal: stop.signal });
    stop.abort(reason);
    await expect(reserving).rejects.toBe(reason);
    await expect(client.reserve(BODY, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("ends when the client is closed", async () => {
    chaos.plan.push("silent-before");
    const reserving = faultOf(client.reserve(BODY));
    await client.close();
    expect((await reserving).code).toBe("closed");
    expect((await faultOf(client.get("x"))).code).toBe("closed");
  });
});

describe("a definite answer", () => {
  it("of too little stock is data with its shortages, asked once", async () => {
    const answer = await client.reserve({ ...BODY, quantity: 11 });
    if (answer.ok || answer.reason !== "insufficient-stock") throw new Error("not refused as it should be");
    expect(answer.problem.shortages).toEqual([{ sku: "A", location: "dc", requested: 11, available: 10 }]);
    expect(chaos.seen).toHaveLength(1);
  });

  it.each([
    ["invalid-request", () => client.reserve({ ...BODY, quantity: 0 })],
    ["not-found", () => client.get("0mm7ju2ey00000001-8f00732c")],
    ["not-found", () => client.record("nothing", "dc")],
    ["invalid-request", () => client.reserve(BODY, { idempotencyKey: "new\nline" })],
  ] as const)("%s is data, asked at most once", async (reason, ask) => {
    expect(await (ask as () => Promise<Answer<unknown>>)()).toMatchObject({ ok: false, reason });
    expect(chaos.seen.length).toBeLessThan(2);
  });

  it("about a key used with another body is data", async () => {
    await client.reserve(BODY, { idempotencyKey: "k" });
    const again: Answer<Reservation> = await client.reserve({ ...BODY, quantity: 3 }, { idempotencyKey: "k" });
    expect(again).toMatchObject({ ok: false, reason: "idempotency-key-reused" });
  });

  it.each([
    ["unauthorized", 401, "unauthorized"],
    ["forbidden", 403, "forbidden"],
    ["internal-error", 500, "internal-error"],
    ["brand-new-problem", 400, "unexpected-answer"],
  ])("%s is a fault that is not retried", async (slug, status, code) => {
    chaos.plan.push(problemReply(slug, status));
    expect(await faultOf(client.reserve(BODY))).toMatchObject({ code, retryable: false });
    expect(chaos.seen).toHaveLength(1);
  });
});

describe("movements", () => {
  const receipts = (count: number): { id: string; type: "receipt"; sku: string; location: string; quantity: number }[] =>
    Array.from({ length: count }, (_, i) => ({ id: `m-${i}`, type: "receipt", sku: `S${i % 7}`, location: "dc", quantity: 1 }));

  it("go out in chunks of 10,000 and come back in order, each applied once through losses", async () => {
    chaos.plan.push("lost-after", "none", "unknown-after");
    const slow = await connectStockGrid({ http: url, attemptMs: 20_000, deadlineMs: 60_000 });
    const results = await slow.applyMovements(receipts(20_001));
    expect(results.map(({ id }) => id)).toEqual(receipts(20_001).map(({ id }) => id));
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(["duplicate", "applied"]));
    const { value } = (await slow.stock("S0")) as { value: { totals: { onHand: number } } };
    expect(value.totals.onHand).toBe(2_858);
    expect(chaos.seen.filter(({ path }) => path === "/v1/movements").map(({ body }) => JSON.parse(body).length)).toEqual([
      10_000, 10_000, 10_000, 10_000, 1,
    ]);
    await slow.close();
  }, 60_000);

  it("that met a fault are sent again alone", async () => {
    const problem = JSON.parse(problemReply("too-many-requests", 429).body) as object;
    const results = [
      { id: "m-0", status: "applied", version: 2 },
      { id: "m-1", status: "rejected", problem },
    ];
    chaos.plan.push({ status: 200, body: JSON.stringify({ results }) });
    expect(await client.applyMovements(receipts(2))).toMatchObject([
      { id: "m-0", status: "applied", version: 2 },
      { id: "m-1", status: "applied" },
    ]);
    expect(JSON.parse(chaos.seen[1]?.body ?? "")).toMatchObject([{ id: "m-1" }]);
  });

  it("are halved when they are too large together, and refused alone", async () => {
    const tooLarge = problemReply("payload-too-large", 413);
    chaos.plan.push(tooLarge, tooLarge);
    const results = await client.applyMovements(receipts(4));
    expect(results).toMatchObject([{ status: "applied" }, { status: "applied" }, { status: "applied" }, { status: "applied" }]);
    expect(chaos.seen.map(({ body }) => JSON.parse(body).length)).toEqual([4, 2, 1, 1, 2]);
    chaos.plan.push(tooLarge);
    expect(await client.applyMovements(receipts(1)[0] as ReturnType<typeof receipts>[number])).toMatchObject([
      { id: "m-0", status: "rejected", problem: { status: 413 } },
    ]);
  });

  it("that are rejected for a reason of their own are data", async () => {
    const [first] = receipts(1);
    const results = await client.applyMovements([{ ...(first as NonNullable<typeof first>), location: "nowhere" }]);
    expect(results).toMatchObject([{ id: "m-0", status: "rejected", problem: { type: "urn:stockgrid:problem:not-found" } }]);
    expect(chaos.seen).toHaveLength(1);
  });
});

describe("many reservations over HTTP", () => {
  it("are answered one by one, in order, faults among them", async () => {
    chaos.plan.push(problemReply("forbidden", 403));
    const bodies = [BODY, { ...BODY, quantity: 99 }, { ...BODY, idempotencyKey: "mine" }];
    const answers = await client.reserveMany(bodies);
    const kinds = answers.map((answer) => (answer.ok ? "held" : answer.reason)).sort();
    expect(kinds).toEqual(["fault", "held", "insufficient-stock"]);
    expect(chaos.seen.map(({ key }) => key)).toContain("mine");
  });
});

describe("locations over HTTP", () => {
  it("are put, read and listed", async () => {
    expect(valueIn(await client.putLocation("shop.1", { type: "store", name: "Shop" }))).toMatchObject({
      id: "shop.1",
      version: 1,
    });
    expect(valueIn(await client.location("shop.1")).name).toBe("Shop");
    const page = valueIn(await client.locations({ limit: 1 }));
    expect(page.items.map(({ id }) => id)).toEqual(["dc"]);
    expect(valueIn(await client.locations({ after: page.next })).items.map(({ id }) => id)).toEqual(["shop.1"]);
    expect(await client.ready()).toBe(true);
  });

  it("have no shard map there, and it says so", async () => {
    expect((await faultOf(client.clusterMap())).code).toBe("not-supported");
    expect(() => client.watchAvailability()).toThrow(StockGridFault);
  });

  it("refuse addresses that are none", async () => {
    await expect(connectStockGrid({ http: "localhost:8080" })).rejects.toThrow(RangeError);
    await expect(connectStockGrid({ http: [] })).rejects.toThrow(RangeError);
  });
});

describe("availability", () => {
  it("is asked for 1,000 SKUs at a time, each once", async () => {
    const skus = Array.from({ length: 1_500 }, (_, i) => `S${i}`);
    expect(valueIn(await client.availability({ skus: ["A", ...skus, "A"] })).items).toMatchObject([{ sku: "A", available: 10 }]);
    expect(chaos.seen.map(({ body }) => JSON.parse(body).skus.length)).toEqual([1_000, 501]);
  });
});
