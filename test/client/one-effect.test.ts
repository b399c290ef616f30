/** C1: whatever happens to its requests and answers, a reservation with a key is made once. */

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectStockGrid, type StockGridClient, StockGridFault } from "../../src/client/index.ts";
import { withLocations } from "../../src/member/index.ts";
import { type NatsServer, startServer, startService } from "../api/nats-fixture.ts";
import { propertySettings } from "../fast-check.ts";
import { ChaosHttp, ChaosNats, FAULTS, type Fault, LATE_MS } from "./chaos.ts";
import { startGrid, type TestGrid } from "./grid.ts";

const PATIENCE = { deadlineMs: 20_000, attemptMs: LATE_MS - 50 };
const plans = fc.array(fc.constantFrom<Fault>(...FAULTS), { maxLength: 5 });
const quantities = fc.integer({ min: 1, max: 5 });

let grid: TestGrid;
let skus = 0;

beforeAll(async () => {
  grid = await startGrid();
});
afterAll(() => grid.close());

interface Way {
  client: StockGridClient;
  chaos: { readonly plan: { push(...faults: Fault[]): unknown; splice(start: number): unknown }; settled(): Promise<void> };
}

/** A property of one kind of client. */
function reserveOnce(way: () => Way): fc.IAsyncProperty<[Fault[], number, number | undefined]> {
  const shortDeadline = fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined });
  return fc.asyncProperty(plans, quantities, shortDeadline, async (plan, quantity, deadlineMs) => {
    const { client, chaos } = way();
    const sku = `sku-${skus++}`;
    await grid.receive(sku, 5);
    chaos.plan.push(...plan);
    const body = { sku, location: "dc", quantity };
    const made = await client.reserve(body, { deadlineMs }).catch((fault: unknown) => {
      if (!(fault instanceof StockGridFault)) throw fault;
      return fault;
    });
    chaos.plan.splice(0);
    // Who was left without an answer asks again with the key that the fault names.
    const key = made instanceof StockGridFault ? { idempotencyKey: made.idempotencyKey } : undefined;
    const answer = made instanceof StockGridFault ? await client.reserve(body, key) : made;
    await chaos.settled();
    expect(answer).toMatchObject({ ok: true, value: { status: "held", lines: [{ held: quantity }] } });
    // One receipt, one hold: a second effect would be a third version, whatever became of its units.
    expect(await grid.levels(sku)).toMatchObject({ held: quantity, available: 5 - quantity, version: 2 });
  });
}

describe("a reservation with a key", () => {
  it("has exactly one effect over HTTP", async () => {
    const chaos = new ChaosHttp((request, body) => grid.forward(request, body));
    const client = await connectStockGrid({ http: await chaos.listen(), ...PATIENCE });
    try {
      await fc.assert(
        reserveOnce(() => ({ client, chaos })),
        propertySettings(25),
      );
    } finally {
      await client.close();
      await chaos.close();
    }
  }, 120_000);

  it("has exactly one effect over NATS", async () => {
    const servers: NatsServer[] = [await startServer(), await startServer()];
    const [front, back] = servers as [NatsServer, NatsServer];
    const service = await startService(await back.connect(), { grid: withLocations(grid.member, grid.member.locations) });
    const chaos = new ChaosNats(await front.connect(), await back.connect(), "stockgrid.v1.reservations.create");
    const client = await connectStockGrid({ nats: front.url, ...PATIENCE });
    try {
      await fc.assert(
        reserveOnce(() => ({ client, chaos })),
        propertySettings(25),
      );
    } finally {
      await client.close();
      await service.stop();
      for (const server of servers) await server.stop();
    }
  }, 120_000);
});
