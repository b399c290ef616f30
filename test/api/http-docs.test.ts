/** The description of the API and its page. */

import { validate } from "@scalar/openapi-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClusterAdmin } from "../../src/api/index.ts";
import { ask, serverOf, type TestServer } from "./http-fixture.ts";
import { StubGrid } from "./nats-stub-grid.ts";

interface AnswerDescription {
  readonly headers?: Readonly<Record<string, { readonly schema: object }>>;
  readonly content: Readonly<Record<string, unknown>>;
}

interface Operation {
  readonly operationId: string;
  readonly security?: unknown;
  readonly requestBody?: { readonly required: boolean };
  readonly responses: Readonly<Record<string, AnswerDescription>>;
}

const never = (): Promise<never> => Promise.reject(new Error("not asked here"));
const NO_ADMIN: ClusterAdmin = {
  node: "n",
  status: () => undefined,
  lead: () => undefined,
  laneEnds: () => Promise.resolve(new Map()),
  pin: never,
  unpin: never,
  drain: never,
  undrain: never,
  resize: never,
};

let server: TestServer;
let document: { openapi: string; paths: Record<string, Record<string, Operation>>; components: { schemas: object } };

beforeAll(async () => {
  server = serverOf(new StubGrid(), { admin: NO_ADMIN });
  document = (await ask(server, "GET", "/openapi.json")).body as unknown as typeof document;
});
afterAll(() => server.close());

const operations = (): (readonly [string, Operation])[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  );

describe("the description", () => {
  it("is valid OpenAPI 3.1", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(validate(document, { checkPathParameters: true })).toMatchObject({ valid: true, errors: [] });
  });

  it("has every route of the contract and no other", () => {
    expect(
      operations()
        .map(([name]) => name)
        .sort(),
    ).toEqual(
      [
        "DELETE /v1/cluster/drains/{node}",
        "DELETE /v1/cluster/moves/{shard}",
        "GET /docs",
        "GET /healthz",
        "GET /metrics",
        "GET /openapi.json",
        "GET /readyz",
        "GET /v1/cluster",
        "GET /v1/events",
        "GET /v1/locations",
        "GET /v1/locations/{location}",
        "GET /v1/reservations/{id}",
        "GET /v1/stock/{sku}",
        "GET /v1/stock/{sku}/{location}",
        "POST /v1/availability",
        "POST /v1/cluster/drains",
        "POST /v1/cluster/moves",
        "POST /v1/movements",
        "POST /v1/reservations",
        "POST /v1/reservations/{id}/confirm",
        "POST /v1/reservations/{id}/extend",
        "POST /v1/reservations/{id}/fulfill",
        "POST /v1/reservations/{id}/release",
        "PUT /v1/cluster/nodes/{node}/members",
        "PUT /v1/locations/{location}",
      ].sort(),
    );
  });

  it("has problems, security and an example for every operation under /v1", () => {
    for (const [name, operation] of operations().filter(([name]) => name.includes("/v1/"))) {
      expect(Object.keys(operation.responses), name).toEqual(expect.arrayContaining(["401", "403", "429", "503"]));
      expect(operation.security, name).toBeDefined();
      for (const answer of Object.values(operation.responses))
        expect(JSON.stringify(answer.content), name).toMatch(/example|\$ref|event-stream/);
    }
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      if (name !== "Problem") expect(schema, name).toHaveProperty("examples");
    }
  });

  it("has the answer to a wrong method for every operation, with the methods that are right", () => {
    for (const [name, { responses }] of operations()) {
      expect(responses["405"], name).toMatchObject({
        headers: { Allow: { schema: { type: "string" } } },
        content: { "application/problem+json": { examples: { "method-not-allowed": { value: { status: 405 } } } } },
      });
    }
  });

  it("says when to come back wherever that is answered", () => {
    const answers = operations().flatMap(([, { responses }]) => [responses["429"], responses["503"]]);
    for (const answer of answers) if (answer !== undefined) expect(answer.headers).toHaveProperty("Retry-After");
  });

  it("says which bodies may be left out", () => {
    const optional = operations().filter(([, { requestBody }]) => requestBody?.required === false);
    expect(optional.map(([, { operationId }]) => operationId).sort()).toEqual(["confirm", "fulfill", "release"]);
  });
});

describe("the page to try it", () => {
  it.each(["/docs", "/docs/", "/docs?theme=dark"])(
    "comes with its own code and may load nothing from elsewhere, at %s",
    async (url) => {
      const page = await ask(server, "GET", url);
      expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
      expect(page.text).toContain("/openapi.json");
      expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//);
      expect(page.headers["content-security-policy"]).toContain("default-src 'self'");
      const script = await ask(server, "GET", /src="([^"]+)"/.exec(page.text)?.[1] ?? "");
      expect([script.status, script.text.length > 1_000_000]).toEqual([200, true]);
    },
  );
});
