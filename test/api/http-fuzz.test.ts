/** Whatever is sent, the answer is a documented one, and what is refused changes nothing. */

import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Member } from "../../src/member/index.ts";
import { ask, memberInMemory, serverOf, type TestServer } from "./http-fixture.ts";

const RUNS = Number(process.env["STOCKGRID_FUZZ_RUNS"] ?? 300);
const DOCUMENTED = new Set([200, 201, 400, 404, 405, 409, 413, 415, 422]);

let member: Member;
let server: TestServer;

/** By a socket, since inject resolves and rejects paths as a browser does. */
async function statusOf(method: string, path: string, headers: Record<string, string>): Promise<number | undefined> {
  const { port } = server.server.address() as AddressInfo;
  const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: false }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  sent.destroy();
  return response.statusCode;
}

beforeAll(async () => {
  member = await memberInMemory();
  server = serverOf(member);
  await server.listen({ host: "127.0.0.1", port: 0 });
  await ask(server, "PUT", "/v1/locations/dc", { type: "dc", name: "Centre" });
  await ask(server, "POST", "/v1/movements", { id: "m0", type: "receipt", sku: "A", location: "dc", quantity: 1_000 });
});
afterAll(async () => {
  await server.close();
  await member.stop();
});

const SEEDS: readonly (readonly [string, object])[] = [
  ["/v1/reservations", { sku: "A", location: "dc", quantity: 1, ttlSeconds: 60, mode: "all", reference: "r" }],
  ["/v1/reservations", { lines: [{ sku: "A", location: "dc", quantity: 1 }], mode: "partial" }],
  ["/v1/reservations/0mjwaidke00000001-9c1d2e3f/confirm", { lines: [{ sku: "A", location: "dc", quantity: 1 }] }],
  ["/v1/reservations/0mjwaidke00000001-9c1d2e3f/extend", { ttlSeconds: 1 }],
  ["/v1/movements", { id: "m", type: "count", sku: "B", location: "dc", quantity: 1, occurredAt: "2026-01-01T00:00:00Z" }],
  ["/v1/availability", { skus: ["A"], locations: ["dc"] }],
];

const strange = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    null,
    "",
    "..",
    -1,
    0.5,
    Number.MAX_VALUE,
    2 ** 31,
    2 ** 53,
    "\u0000",
    "\ud800",
    [],
    {},
    [[[[]]]],
    "x".repeat(300),
  ),
);

/** Puts a strange value in place of a member, or beside them. */
const mutated = fc
  .constantFrom(...SEEDS)
  .chain(([url, body]) =>
    fc
      .tuple(fc.constantFrom(...Object.keys(body), "extra"), strange)
      .map(([name, value]) => ({ url, payload: JSON.stringify({ ...body, [name]: value }) })),
  );

/** Cuts, doubles or overwrites bytes. */
const damaged = fc
  .tuple(fc.constantFrom(...SEEDS), fc.nat(200), fc.nat(200), fc.string({ unit: "binary", maxLength: 8 }))
  .map(([[url, body], from, to, text]) => {
    const payload = JSON.stringify(body);
    return { url, payload: payload.slice(0, from) + text + payload.slice(to) };
  });

describe("a mutated request", () => {
  it("is answered as documented, and a refusal changes no stock", async () => {
    const record = async (): Promise<unknown> => (await ask(server, "GET", "/v1/stock/A/dc")).body;
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, damaged), async ({ url, payload }) => {
        const before = await record();
        const answer = await server.inject({ method: "POST", url, payload, headers: { "content-type": "application/json" } });
        expect(DOCUMENTED).toContain(answer.statusCode);
        if (answer.statusCode < 400) return;
        expect(answer.headers["content-type"]).toBe("application/problem+json");
        expect(answer.json()).toMatchObject({
          type: expect.stringMatching(/^urn:stockgrid:problem:/),
          status: answer.statusCode,
        });
        expect(await record()).toEqual(before);
      }),
      { numRuns: RUNS },
    );
  });

  it("with any path and headers is answered as documented", async () => {
    const segment = fc.oneof(
      fc.constantFrom("v1", "stock", "reservations", "locations", "events?type=x", "%", "%E0%A4%A"),
      fc.string({ unit: "grapheme-ascii" }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET" as const, "POST" as const, "PUT" as const, "DELETE" as const),
        fc.array(segment, { maxLength: 5 }),
        fc.string({ unit: fc.constantFrom(..." \t!~0aZ,;\u00e9\u00ff"), maxLength: 300 }),
        async (method, path, key) => {
          const url = `/${path.map((part) => part.replaceAll(/[^!-~]/g, "")).join("/")}`;
          expect(DOCUMENTED).toContain(await statusOf(method, url, { "idempotency-key": key, "x-request-id": key }));
        },
      ),
      { numRuns: RUNS },
    );
  });
});
