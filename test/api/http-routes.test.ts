/** Every route of the contract on a real member: what it answers when all goes well, and when the state says no. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Member } from "../../src/member/index.ts";
import { type Answer, ask, memberInMemory, serverOf, slugOf, type TestServer } from "./http-fixture.ts";

let member: Member;
let server: TestServer;

beforeAll(async () => {
  member = await memberInMemory();
  server = serverOf(member);
  await ask(server, "PUT", "/v1/locations/dc", { type: "dc", name: "Centre" });
  await ask(server, "PUT", "/v1/locations/shop", { type: "store", name: "Shop" });
});
afterAll(async () => {
  await server.close();
  await member.stop();
});

let moves = 0;
function move(sku: string, quantity: number, rest: object = {}): Promise<Answer> {
  moves++;
  return ask(server, "POST", "/v1/movements", { id: `m${moves}`, type: "receipt", sku, location: "dc", quantity, ...rest });
}

const reserve = (body: object, headers?: Record<string, string>): Promise<Answer> =>
  ask(server, "POST", "/v1/reservations", { location: "dc", quantity: 1, ...body }, headers);

async function held(sku: string, quantity = 1): Promise<string> {
  const answer = await reserve({ sku, quantity });
  expect(answer.status).toBe(201);
  return String(answer.body["id"]);
}

const transit = (id: string, transition: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> =>
  ask(server, "POST", `/v1/reservations/${id}/${transition}`, body, headers);

const record = async (sku: string): Promise<unknown> => (await ask(server, "GET", `/v1/stock/${sku}/dc`)).body;

describe("locations", () => {
  it("are created with 201 and replaced with 200", async () => {
    const body = { type: "3pl", name: "L", latitude: 52.5, longitude: 13.4, country: "DE", attributes: { dock: 4 } };
    expect(await ask(server, "PUT", "/v1/locations/l%20%2F1", body)).toMatchObject({
      status: 201,
      body: { id: "l /1", ...body },
    });
    expect(await ask(server, "PUT", "/v1/locations/l%20%2F1", { ...body, name: "M" })).toMatchObject({ status: 200 });
    expect(await ask(server, "GET", "/v1/locations/l%20%2F1")).toMatchObject({ status: 200, body: { name: "M", version: 2 } });
  });

  it("are listed page by page, each once", async () => {
    const ids: unknown[] = [];
    let after = "";
    for (;;) {
      const { body } = await ask(server, "GET", `/v1/locations?limit=1${after}`);
      ids.push(...(body["items"] as { id: string }[]).map(({ id }) => id));
      if (body["next"] === undefined) break;
      after = `&after=${encodeURIComponent(String(body["next"]))}`;
    }
    expect(ids).toEqual(["dc", "l /1", "shop"]);
  });

  it("that do not exist are not-found", async () => {
    expect(slugOf(await ask(server, "GET", "/v1/locations/nowhere"))).toBe("not-found");
  });
});

describe("movements", () => {
  it("are applied one by one, whatever the others are", async () => {
    const items = [
      { id: "b1", type: "receipt", sku: "batch", location: "dc", quantity: 5 },
      { id: "b2", type: "receipt", sku: "batch", location: "nowhere", quantity: 5 },
      { type: "receipt" },
      { id: "b1", type: "sale", sku: "batch", location: "dc", quantity: 1 },
      { id: "b5", type: "sale", sku: "batch", location: "dc", quantity: 2 },
    ];
    const { status, body } = await ask(server, "POST", "/v1/movements", items);
    expect(status).toBe(200);
    expect(body["results"]).toMatchObject([
      { id: "b1", status: "applied", version: 1 },
      { id: "b2", status: "rejected", problem: { status: 404 } },
      { id: null, status: "rejected", problem: { status: 400 } },
      { id: "b1", status: "duplicate", version: 1 },
      { id: "b5", status: "applied", version: 2 },
    ]);
    expect(await record("batch")).toMatchObject({ onHand: 3, available: 3, version: 2 });
  });

  it("that reverse another are pending until it comes, and duplicates when they are repeated", async () => {
    const sent = async (items: readonly object[]): Promise<unknown> => {
      const where = items.map((item) => ({ sku: "late", location: "dc", quantity: 2, ...item }));
      return (await ask(server, "POST", "/v1/movements", where)).body["results"];
    };
    const voiding = { id: "v1", type: "void", reverses: "s1" };
    expect(await sent([voiding])).toEqual([{ id: "v1", status: "pending", version: 1 }]);
    expect(await sent([{ id: "s1", type: "sale" }, voiding])).toEqual([
      { id: "s1", status: "applied", version: 2 },
      { id: "v1", status: "duplicate", version: 1 },
    ]);
    expect(await record("late")).toMatchObject({ onHand: 0, version: 4 });
  });

  it("give 200 also when the only one is bad", async () => {
    expect(await move("solo", -1)).toMatchObject({
      status: 200,
      body: { results: [{ status: "rejected", problem: { status: 400 } }] },
    });
  });

  it("of 10,001 are too many", async () => {
    const answer = await ask(server, "POST", "/v1/movements", Array(10_001).fill(1));
    expect([answer.status, slugOf(answer)]).toEqual([413, "payload-too-large"]);
  });
});

describe("stock", () => {
  it("of a SKU never seen has no records", async () => {
    expect(await ask(server, "GET", "/v1/stock/unseen")).toMatchObject({
      status: 200,
      body: { sku: "unseen", records: [], totals: { onHand: 0 } },
    });
    expect(slugOf(await ask(server, "GET", "/v1/stock/unseen/dc"))).toBe("not-found");
    expect(slugOf(await ask(server, "GET", "/v1/stock/unseen/dc?consistency=strict"))).toBe("not-found");
  });

  it("is summed over locations, and read under any id", async () => {
    const sku = "Größe 42/½ %";
    await move(sku, 3);
    await move(sku, 4, { location: "shop" });
    const { body } = await ask(server, "GET", `/v1/stock/${encodeURIComponent(sku)}`);
    expect(body).toMatchObject({ sku, totals: { onHand: 7, available: 7 }, records: [{ location: "dc" }, { location: "shop" }] });
  });

  it("is answered for many SKUs at once as availability", async () => {
    await move("av1", 3);
    await move("av2", 4, { location: "shop" });
    const all = await ask(server, "POST", "/v1/availability", { skus: ["av1", "av2", "unseen"] });
    expect(all).toMatchObject({
      status: 200,
      body: {
        items: [
          { sku: "av1", available: 3, version: 1 },
          { sku: "av2", available: 4 },
        ],
      },
    });
    const some = await ask(server, "POST", "/v1/availability", { skus: ["av1", "av2"], locations: ["shop"] });
    expect(some.body["items"]).toHaveLength(1);
    expect((await ask(server, "POST", "/v1/availability", { skus: Array(1_001).fill("a") })).status).toBe(413);
  });
});

describe("a reservation", () => {
  it("holds units, and is read back as it was answered", async () => {
    await move("r1", 5);
    const { status, body } = await reserve({ sku: "r1", quantity: 2, ttlSeconds: 60, reference: "cart", channel: "web" });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: "held",
      lines: [{ sku: "r1", location: "dc", quantity: 2, requested: 2, held: 2, allocated: 0, fulfilled: 0 }],
      reference: "cart",
      channel: "web",
    });
    expect(Date.parse(String(body["expiresAt"])) - Date.parse(String(body["createdAt"]))).toBe(60_000);
    expect((await ask(server, "GET", `/v1/reservations/${String(body["id"])}`)).body).toEqual(body);
    expect(await record("r1")).toMatchObject({ onHand: 5, held: 2, available: 3 });
  });

  it("that asks for too much holds nothing and says what is short", async () => {
    await move("r2", 5);
    const lines = [
      { sku: "r2", location: "dc", quantity: 5 },
      { sku: "unseen", location: "nowhere", quantity: 1 },
    ];
    const answer = await ask(server, "POST", "/v1/reservations", { lines });
    expect([answer.status, slugOf(answer)]).toEqual([409, "insufficient-stock"]);
    expect(answer.body["shortages"]).toEqual([{ sku: "unseen", location: "nowhere", requested: 1, available: 0 }]);
    expect(await record("r2")).toMatchObject({ held: 0, available: 5 });
  });

  it("in mode partial holds what is there", async () => {
    await move("r3", 2);
    const { body } = await ask(server, "POST", "/v1/reservations", {
      lines: [{ sku: "r3", location: "dc", quantity: 5 }],
      mode: "partial",
    });
    expect(body["lines"]).toMatchObject([{ quantity: 2, requested: 5, held: 2 }]);
  });

  it("is confirmed, then fulfilled, each as often as one likes", async () => {
    await move("r4", 5);
    const id = await held("r4", 2);
    for (const _ of [1, 2]) expect(await transit(id, "confirm")).toMatchObject({ status: 200, body: { status: "confirmed" } });
    expect(await record("r4")).toMatchObject({ held: 0, allocated: 2 });
    for (const _ of [1, 2])
      expect(await transit(id, "fulfill", {})).toMatchObject({ status: 200, body: { status: "fulfilled" } });
    expect(await record("r4")).toMatchObject({ onHand: 3, allocated: 0 });
  });

  it("is released in parts and as a whole, and then no longer confirmed", async () => {
    await move("r5", 5);
    const id = await held("r5", 3);
    const part = { lines: [{ sku: "r5", location: "dc", quantity: 1 }] };
    expect(await transit(id, "release", part)).toMatchObject({ status: 200, body: { status: "held" } });
    for (const _ of [1, 2]) expect(await transit(id, "release")).toMatchObject({ status: 200, body: { status: "released" } });
    expect(slugOf(await transit(id, "confirm"))).toBe("reservation-released");
    expect(await record("r5")).toMatchObject({ held: 0, available: 5 });
  });

  it("is extended from now while it is held only", async () => {
    await move("r6", 5);
    const id = await held("r6");
    const { body } = await transit(id, "extend", { ttlSeconds: 3_600 });
    expect(Date.parse(String(body["expiresAt"])) - Date.parse(String(body["updatedAt"]))).toBe(3_600_000);
    await transit(id, "confirm");
    expect(slugOf(await transit(id, "extend", { ttlSeconds: 1 }))).toBe("conflict");
  });

  it("that is only held is not fulfilled", async () => {
    await move("r7", 5);
    expect(slugOf(await transit(await held("r7"), "fulfill"))).toBe("conflict");
  });

  it("that was never made is not-found", async () => {
    for (const url of ["/v1/reservations/x", "/v1/reservations/0mjwaidke00000001-9c1d2e3f"]) {
      expect(slugOf(await ask(server, "GET", url))).toBe("not-found");
      expect(slugOf(await ask(server, "POST", `${url}/confirm`))).toBe("not-found");
    }
  });
});

describe("an idempotency key", () => {
  const key = { "idempotency-key": "cart-1" };

  it("gives the same reservation again with 200, for the same JSON in any order", async () => {
    await move("k1", 5);
    const first = await reserve({ sku: "k1", reference: "r" }, key);
    const again = await server.inject({
      method: "POST",
      url: "/v1/reservations",
      headers: { ...key, "content-type": "application/json; charset=utf-8" },
      payload: '{"reference":"r", "sku":"k1", "quantity":1.0, "location":"dc"}',
    });
    expect([first.status, again.statusCode]).toEqual([201, 200]);
    expect(again.json()).toEqual(first.body);
    expect(await record("k1")).toMatchObject({ held: 1 });
  });

  it("with another body is refused, and with another first SKU is another key", async () => {
    await move("k2", 5);
    await move("k3", 5);
    expect((await reserve({ sku: "k2" }, key)).status).toBe(201);
    expect([(await reserve({ sku: "k2", quantity: 2 }, key)).status]).toEqual([422]);
    expect((await reserve({ sku: "k3" }, key)).status).toBe(201);
  });

  it("stays free after a refusal", async () => {
    expect((await reserve({ sku: "k4" }, key)).status).toBe(409);
    await move("k4", 5);
    expect((await reserve({ sku: "k4" }, key)).status).toBe(201);
  });

  it("is taken by transitions too", async () => {
    await move("k5", 5);
    const id = await held("k5");
    expect((await transit(id, "confirm", undefined, { "idempotency-key": "t" })).status).toBe(200);
    expect((await transit(id, "confirm", {}, { "idempotency-key": "t" })).status).toBe(200);
    expect(slugOf(await transit(id, "release", undefined, { "idempotency-key": "t" }))).toBe("idempotency-key-reused");
  });
});
