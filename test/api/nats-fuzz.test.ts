/** Whatever the bytes are, there is exactly one answer, a documented one, and the service lives on (D1, D3 of desk.ts). */

import type { NatsConnection } from "@nats-io/nats-core";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NatsService } from "../../src/api/nats/index.ts";
import { type Answered, answered, askAs, type NatsServer, packr, startServer, startService } from "./nats-fixture.ts";
import { STUB_ID, StubGrid } from "./nats-stub-grid.ts";

const SUBJECTS = [
  "reservations.create",
  "reservations.get",
  "reservations.confirm",
  "reservations.release",
  "reservations.extend",
  "reservations.fulfill",
  "movements.apply",
  "stock.get",
  "availability.get",
];

/** Everything else would be a fault of ours: the stub grid has none. */
const ALLOWED = new Set([undefined, "400", "404", "413", "415", "422"]);

const RUNS = Number(process.env["STOCKGRID_FUZZ_RUNS"] ?? 1_500);

let server: NatsServer;
let client: NatsConnection;
let service: NatsService;

beforeAll(async () => {
  server = await startServer();
  client = await server.connect();
  service = await startService(await server.connect(), { grid: new StubGrid() });
});
afterAll(async () => {
  await service.stop();
  await server.stop();
});

const subject = fc.constantFrom(...SUBJECTS);
const contentType = fc.constantFrom("application/json", "application/msgpack", "text/plain", "");

/** Values that come close to a body: the right names with anything in them. */
const nearly = fc.record(
  {
    sku: fc.oneof(fc.constant("A"), fc.string(), fc.jsonValue()),
    location: fc.oneof(fc.constant("dc"), fc.jsonValue()),
    quantity: fc.oneof(fc.integer(), fc.double(), fc.constant("1"), fc.jsonValue()),
    id: fc.oneof(fc.constant(STUB_ID), fc.string(), fc.jsonValue()),
    type: fc.oneof(fc.constantFrom("receipt", "count", "adjustment"), fc.jsonValue()),
    lines: fc.oneof(
      fc.array(fc.record({ sku: fc.constant("A"), location: fc.constant("dc"), quantity: fc.jsonValue() })),
      fc.jsonValue(),
    ),
    skus: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
    ttlSeconds: fc.oneof(fc.integer(), fc.jsonValue()),
    occurredAt: fc.oneof(fc.string(), fc.constant("2026-01-01T00:00:00Z"), fc.integer()),
    mode: fc.oneof(fc.constantFrom("all", "partial"), fc.string()),
    idempotencyKey: fc.oneof(fc.string({ maxLength: 300 }), fc.jsonValue()),
    ["__proto__"]: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

const value = fc.oneof(nearly, fc.array(nearly, { maxLength: 5 }), fc.jsonValue());

async function expectAnswer(to: string, bytes: Uint8Array | string, type: string): Promise<void> {
  const reply: Answered = answered(await askAs(client, to, bytes, type));
  expect(ALLOWED).toContain(reply.code);
  if (reply.code === undefined) return;
  expect(reply.body).toMatchObject({ status: Number(reply.code), title: reply.title });
}

describe("fuzz", () => {
  it("random bytes get an answer", async () => {
    await fc.assert(fc.asyncProperty(subject, fc.uint8Array({ maxLength: 200 }), contentType, expectAnswer), { numRuns: RUNS });
  });

  it("random JSON gets an answer", async () => {
    await fc.assert(
      fc.asyncProperty(subject, value, (to, body) => expectAnswer(to, JSON.stringify(body), "application/json")),
      { numRuns: RUNS },
    );
  });

  it("random msgpack gets an answer, whole and cut short", async () => {
    await fc.assert(
      fc.asyncProperty(subject, value, fc.nat(3), async (to, body, cut) => {
        const bytes = packr.pack(body);
        await expectAnswer(to, bytes.subarray(0, bytes.length - Math.min(cut, bytes.length)), "application/msgpack");
      }),
      { numRuns: RUNS },
    );
  });
});
