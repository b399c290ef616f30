/** Many more buyers than units, all at once: against a real node over HTTP, and against a member in one turn of its loop. */

import { Agent, request } from "node:http";
import { afterAll, describe, expect, it } from "vitest";
import type { ReserveResult } from "../../src/member/index.ts";
import { PLACE, SKU, Stage } from "../simulator/stage.ts";
import { NodeUnderTest } from "./node-under-test.ts";
import { Shopper } from "./shopper.ts";

const BUYERS = 5_000;
const UNITS = 1_000;
const SOCKETS = 400;
const BUSY_RETRY_MS = 50;

const ends: (() => Promise<void>)[] = [];

afterAll(async () => {
  for (const end of ends) await end();
});

/** Status of one reservation of one unit; asks again when told to come back later. */
async function buy(agent: Agent, url: string, buyer: number): Promise<number> {
  for (;;) {
    const status = await post(agent, `${url}/v1/reservations`, buyer);
    if (status !== 429 && status !== 503) return status;
    await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS));
  }
}

function post(agent: Agent, url: string, buyer: number): Promise<number> {
  const headers = { "content-type": "application/json", "idempotency-key": `buyer-${buyer}` };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    });
    sent.once("error", reject);
    sent.end(JSON.stringify({ sku: "rush", location: "place", quantity: 1 }));
  });
}

describe(`${BUYERS} concurrent attempts on ${UNITS} units`, () => {
  it(`give exactly ${UNITS} reservations over HTTP`, async () => {
    const node = await NodeUnderTest.start();
    ends.push(() => node.end());
    const shopper = new Shopper(node);
    await shopper.put("/v1/locations/place", { type: "store", name: "Place" });
    await shopper.post("/v1/movements", { id: "open", type: "receipt", sku: "rush", location: "place", quantity: UNITS });
    const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
    const attempts = Array.from({ length: BUYERS }, (_, buyer) => buy(agent, node.httpUrl as string, buyer));
    const statuses = await Promise.all(attempts);
    agent.destroy();
    expect(statuses.filter((status) => status === 201)).toHaveLength(UNITS);
    expect(statuses.filter((status) => status === 409)).toHaveLength(BUYERS - UNITS);
    const { body } = await shopper.get("/v1/stock/rush/place");
    expect(body).toMatchObject({ onHand: UNITS, held: UNITS, available: 0 });
  }, 120_000);

  it(`give exactly ${UNITS} reservations in one turn of a member`, async () => {
    const stage = new Stage();
    await stage.open(UNITS);
    const results: ReserveResult[] = [];
    for (let buyer = 0; buyer < BUYERS; buyer++) {
      const command = { lines: [{ sku: SKU, location: PLACE, quantity: 1 }], mode: "all" as const, ttlMs: 60_000 };
      stage.member.reserve(command, (result) => results.push(result));
    }
    await stage.world.scheduler.runUntil(() => results.length === BUYERS, "every answer", 60_000);
    expect(results.filter(({ kind }) => kind === "reserved")).toHaveLength(UNITS);
    expect(results.filter(({ kind }) => kind === "insufficient-stock")).toHaveLength(BUYERS - UNITS);
    expect(await stage.record()).toMatchObject({ onHand: UNITS, held: UNITS });
  });
});
