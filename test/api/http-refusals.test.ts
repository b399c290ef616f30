/** Requests that are refused before a route sees them, by inject and on a real socket: always a problem, never a 500. */

import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiKey, HttpServerOptions } from "../../src/api/http/index.ts";
import { type Answer, ask, serverOf, slugOf, type TestServer } from "./http-fixture.ts";
import { STUB_ID, StubGrid } from "./nats-stub-grid.ts";

const BODY = { sku: "A", location: "dc", quantity: 1 };

/** One server for the length of a test. */
async function withServer(
  options: Partial<HttpServerOptions>,
  test: (server: TestServer, grid: StubGrid) => Promise<void>,
): Promise<void> {
  const grid = new StubGrid();
  const server = serverOf(grid, options);
  try {
    await test(server, grid);
  } finally {
    await server.close();
  }
}

describe("a request that fits no route", () => {
  let server: TestServer;
  beforeAll(() => {
    server = serverOf(new StubGrid());
  });
  afterAll(() => server.close());

  const json = { "content-type": "application/json" };
  const send = async (
    method: "POST" | "GET" | "PUT",
    url: string,
    payload: string | Buffer | undefined,
    headers: Record<string, string>,
  ): Promise<Answer> => {
    const response = await server.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
    return { status: response.statusCode, headers: response.headers, body: response.json(), text: response.body };
  };

  it.each([
    ["/", "not-found"],
    ["/v1", "not-found"],
    ["/v1/stock/a/b/c", "not-found"],
    ["/v1/stock/%", "invalid-request"],
    ["/v1/stock/%ff", "invalid-request"],
    ["/v1/stock/", "invalid-request"],
    ["/v1/stock/%20a", "invalid-request"],
    ["/v1/stock/a%00", "invalid-request"],
    [`/v1/stock/${"%F0%9F%98%80".repeat(65)}`, "invalid-request"],
    ["/v1/locations?limit=0", "invalid-request"],
    ["/v1/locations?limit=1001", "invalid-request"],
    ["/v1/locations?limit=1&limit=2", "invalid-request"],
    ["/v1/locations?after=%20", "invalid-request"],
    ["/v1/events?type=gift", "invalid-request"],
    ["/v1/events?sku=a&sku=b", "invalid-request"],
  ])("GET %s is answered %s", async (url, slug) => {
    const answer = await ask(server, "GET", url);
    expect(slugOf(answer)).toBe(slug);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.body).toMatchObject({
      status: answer.status,
      detail: expect.any(String),
      instance: `urn:stockgrid:request:${String(answer.headers["x-request-id"])}`,
    });
  });

  it.each([
    ["GET", "/v1/events?skus=1", "skus", "sku, location, type"],
    ["GET", "/v1/events?sku=A&Type=held", "Type", "sku, location, type"],
    ["GET", "/v1/locations?foo=1", "foo", "after, limit"],
    ["GET", "/v1/locations?%66oo", "foo", "after, limit"],
    ["GET", "/v1/locations?=1", "", "after, limit"],
    ["GET", "/v1/locations?constructor=1", "constructor", "after, limit"],
    ["GET", "/v1/locations?__proto__=1", "__proto__", "after, limit"],
    ["GET", "/v1/locations/dc?x=1", "x", "none"],
    ["PUT", "/v1/locations/dc?x=1", "x", "none"],
    ["GET", "/v1/stock/A?location=dc", "location", "consistency"],
    ["GET", "/v1/stock/A/dc?x=1", "x", "consistency"],
    ["GET", `/v1/reservations/${STUB_ID}?x=1`, "x", "none"],
    ["POST", "/v1/reservations?ttlSeconds=5", "ttlSeconds", "none"],
    ["POST", "/v1/reservations?x=1&x=2", "x", "none"],
    ["POST", `/v1/reservations/${STUB_ID}/confirm?x=1`, "x", "none"],
    ["POST", "/v1/availability?x=1", "x", "none"],
    ["POST", "/v1/movements?x=1", "x", "none"],
  ] as const)("by its query, %s %s, is told %j is not known, and what is", async (method, url, name, known) => {
    const answer = await ask(server, method, url, method === "GET" ? undefined : BODY);
    expect([answer.status, slugOf(answer)]).toEqual([400, "invalid-request"]);
    const message = known === "none" ? "is not known; there are none here" : `is not known; there are ${known}`;
    expect(answer.body["errors"]).toEqual([{ path: `query ${name}`, message }]);
  });

  it("is told which consistencies there are", async () => {
    for (const url of ["/v1/stock/A?consistency=some", "/v1/stock/A/dc?consistency=strict&consistency=strict"]) {
      const answer = await ask(server, "GET", url);
      expect([answer.status, answer.body["errors"]]).toEqual([
        400,
        [{ path: "query consistency", message: "must be one of default, strict" }],
      ]);
    }
  });

  it("may have a query that is empty, and any outside the API", async () => {
    for (const url of ["/v1/locations?", "/v1/stock/A?", "/healthz?probe=1", "/metrics?x=1", "/openapi.json?x=1"])
      expect((await ask(server, "GET", url)).status, url).toBe(200);
  });

  it("is told of a bounded number of parameters, each by so much of its name", async () => {
    const query = Array.from({ length: 100 }, (_, i) => `${"n".repeat(100)}${i}=1`).join("&");
    const { body } = await ask(server, "GET", `/v1/stock/A?${query}`);
    const errors = body["errors"] as { path: string }[];
    expect([errors.length, errors[0]?.path]).toEqual([8, `query ${"n".repeat(64)}`]);
  });

  it("takes ids of 64 code points, however long they are when encoded", async () => {
    expect((await ask(server, "GET", `/v1/stock/${"%F0%9F%98%80".repeat(64)}`)).status).toBe(200);
  });

  it.each([
    ["DELETE", "/v1/reservations", "POST"],
    ["GET", "/v1/movements", "POST"],
    ["HEAD", "/v1/events", "GET"],
    ["PUT", `/v1/reservations/${STUB_ID}`, "GET, HEAD"],
    ["POST", "/v1/locations/dc", "GET, HEAD, PUT"],
    ["PATCH", "/healthz", "GET, HEAD"],
  ] as const)("by its method, %s %s, is told which are allowed", async (method, url, allowed) => {
    const answer = await ask(server, method, url, method === "GET" || method === "HEAD" ? undefined : BODY);
    expect([answer.status, answer.headers["allow"]]).toEqual([405, allowed]);
    if (method !== "HEAD") expect(slugOf(answer)).toBe("method-not-allowed");
  });

  it.each([
    ["{", json, 400],
    ["", json, 400],
    ["null", json, 400],
    ["7", json, 400],
    ['"text"', json, 400],
    ["[1,", json, 400],
    ['{"sku":"A","location":"dc","quantity":1,"__proto__":{"x":1}}', json, 400],
    ['{"constructor":{"prototype":{"x":1}}}', json, 400],
    ["[".repeat(100_000), json, 400],
    ["a=b", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["{}", { "content-type": "text/plain" }, 415],
    ["{}", { "content-type": "nonsense" }, 415],
    [`{"sku":"${"A".repeat(1_100_000)}"}`, json, 413],
  ])("has the body %.40s", async (payload, headers, status) => {
    const answer = await send("POST", "/v1/reservations", payload, headers as Record<string, string>);
    expect([answer.status, answer.headers["content-type"]]).toEqual([status, "application/problem+json"]);
  });

  it("has bytes that are no UTF-8", async () => {
    const payload = Buffer.concat([
      Buffer.from('{"sku":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('","location":"dc","quantity":1}'),
    ]);
    expect(slugOf(await send("POST", "/v1/reservations", payload, json))).toBe("invalid-request");
  });

  it("has a key that is none", async () => {
    for (const key of ["", "k".repeat(256)]) {
      const answer = await ask(server, "POST", "/v1/reservations", BODY, { "idempotency-key": key });
      expect(answer.body).toMatchObject({ status: 400, errors: [{ path: "header Idempotency-Key" }] });
    }
  });

  it("keeps the id its caller gave it when that is sane, and gets one of its own otherwise", async () => {
    const idOf = async (id: string): Promise<unknown> =>
      (await ask(server, "GET", "/healthz", undefined, { "x-request-id": id })).headers["x-request-id"];
    expect(await idOf("abc-1")).toBe("abc-1");
    expect(await idOf("a b")).not.toBe("a b");
    expect(await idOf("x".repeat(65))).toMatch(/^[\w-]+$/);
  });

  it("answers HEAD as GET without its body", async () => {
    const [head, get] = [await ask(server, "HEAD", "/v1/stock/A"), await ask(server, "GET", "/v1/stock/A")];
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", get.headers["content-length"]]);
  });
});

describe("what the grid cannot do now", () => {
  it.each([
    ["too-many-requests", 429],
    ["not-ready", 503],
    ["outcome-unknown", 503],
  ] as const)("is answered %s with Retry-After in seconds, at least 1", async (code, status) => {
    await withServer({}, async (server, grid) => {
      grid.onReserve = () => ({ kind: "fault", code, retryAfterMs: 1_200, detail: "now" });
      grid.readFault = { kind: "fault", code, retryAfterMs: 0, detail: "now" };
      const answer = await ask(server, "POST", "/v1/reservations", BODY);
      expect([answer.status, slugOf(answer), answer.headers["retry-after"]]).toEqual([status, code, "2"]);
      for (const url of ["/v1/stock/A", "/v1/stock/A/dc", `/v1/reservations/${STUB_ID}`, "/v1/locations", "/v1/locations/dc"]) {
        expect((await ask(server, "GET", url)).headers["retry-after"]).toBe("1");
      }
    });
  });

  it("is a logged internal-error when the server itself fails", async () => {
    const logged: string[] = [];
    const log = {
      info: () => undefined,
      warn: () => undefined,
      error: (_fields: object, message: string) => void logged.push(message),
    };
    await withServer({ log }, async (server, grid) => {
      grid.onReserve = () => {
        throw new Error("broken");
      };
      const answer = await ask(server, "POST", "/v1/reservations", BODY);
      expect([answer.status, slugOf(answer), logged.length]).toEqual([500, "internal-error", 1]);
      expect(answer.text).not.toContain("broken");
    });
  });
});

describe("the state of the node", () => {
  it.each([
    ["recovering", 200, 503],
    ["serving", 200, 200],
    ["stopping", 200, 503],
    ["stopped", 503, 503],
  ] as const)("%s is alive %i and ready %i", async (phase, alive, ready) => {
    await withServer({ phase: () => phase }, async (server) => {
      expect((await ask(server, "GET", "/healthz")).status).toBe(alive);
      expect((await ask(server, "GET", "/readyz")).status).toBe(ready);
    });
  });

  it("has metrics as text, and every request is observed under the pattern of its route", async () => {
    const seen: unknown[] = [];
    const observe = {
      request: (...labels: unknown[]) => void seen.push(labels.slice(0, 3)),
      problem: (slug: string) => void seen.push(slug),
    };
    await withServer({ observe }, async (server) => {
      expect((await ask(server, "GET", "/metrics")).text).toBe("stockgrid_up 1\n");
      await ask(server, "GET", "/v1/stock/A/dc");
      await ask(server, "GET", "/v1/stock/B/dc");
      await ask(server, "GET", "/secret");
    });
    const route = "/v1/stock/:sku/:location";
    const ours = [
      ["/metrics", "GET", 200],
      [route, "GET", 200],
      "not-found",
      [route, "GET", 404],
      "not-found",
      ["none", "GET", 404],
    ];
    expect(seen).toEqual(ours);
  });
});

describe("API keys", () => {
  const key = (name: ApiKey["scopes"][number]): ApiKey => ({ name, scopes: [name], secret: `${name}-0123456789abcdef` });
  const apiKeys = [key("read"), key("write"), key("admin")];
  const as = (name: string): Record<string, string> => ({ authorization: `Bearer ${name}-0123456789abcdef` });

  it("open what their scope covers, and nothing else", async () => {
    await withServer({ apiKeys }, async (server) => {
      const table: Record<string, number[]> = {};
      for (const name of ["read", "write", "admin"]) {
        const answers = [
          await ask(server, "GET", "/v1/stock/A", undefined, as(name)),
          await ask(server, "GET", "/metrics", undefined, as(name)),
          await ask(server, "POST", "/v1/availability", { skus: ["A"] }, as(name)),
          await ask(server, "POST", "/v1/reservations", BODY, as(name)),
          await ask(server, "POST", "/v1/movements", [], as(name)),
          await ask(server, "PUT", "/v1/locations/dc", {}, as(name)),
        ];
        table[name] = answers.map(({ status }) => status);
      }
      expect(table).toEqual({
        read: [200, 200, 200, 403, 403, 403],
        write: [403, 403, 403, 201, 200, 403],
        admin: [200, 200, 200, 201, 200, 400],
      });
    });
  });

  it("are needed for all but health and documentation", async () => {
    await withServer({ apiKeys }, async (server, grid) => {
      for (const headers of [{}, as("guess"), { authorization: "Basic x" }, { "x-api-key": "guess" }] as Record<
        string,
        string
      >[]) {
        const answer = await ask(server, "POST", "/v1/reservations", BODY, headers);
        expect([answer.status, slugOf(answer), answer.headers["www-authenticate"]]).toEqual([
          401,
          "unauthorized",
          'Bearer realm="stockgrid"',
        ]);
      }
      expect(grid.commands).toEqual([]);
      for (const url of ["/healthz", "/readyz", "/openapi.json"]) expect((await ask(server, "GET", url)).status).toBe(200);
    });
  });

  it("may come as X-API-Key", async () => {
    await withServer({ apiKeys }, async (server) => {
      expect((await ask(server, "GET", "/v1/stock/A", undefined, { "x-api-key": "read-0123456789abcdef" })).status).toBe(200);
    });
  });
});

describe("on a real socket", () => {
  /** Sends bytes, and gives what came back until the server closed. */
  async function exchange(server: TestServer, bytes: string): Promise<string> {
    await server.listen({ host: "127.0.0.1", port: 0 });
    const socket = connect((server.server.address() as AddressInfo).port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.write(bytes);
    await once(socket, "close");
    return answer;
  }

  const request = (lines: string, body = ""): string =>
    `${lines}\r\nHost: x\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

  it("bytes that are no HTTP get a problem", async () => {
    await withServer({}, async (server) => {
      const answer = await exchange(server, "hello\r\n\r\n");
      expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*urn:stockgrid:problem:invalid-request/);
    });
  });

  it("headers without end get a problem", async () => {
    await withServer({}, async (server) => {
      const answer = await exchange(server, `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`);
      expect(answer).toContain("urn:stockgrid:problem:invalid-request");
    });
  });

  it("an id of two dots, which clients tend to resolve, is refused", async () => {
    await withServer({}, async (server) => {
      expect(await exchange(server, request("GET /v1/stock/%2e%2e HTTP/1.1"))).toContain("must not be . or ..");
    });
  });

  it("a method that no server knows gets a problem", async () => {
    await withServer({}, async (server) => {
      expect(await exchange(server, request("BREW /v1/reservations HTTP/1.1"))).toContain("urn:stockgrid:problem:");
    });
  });

  it("overload is turned away under /v1 only, with the time to come back", async () => {
    await withServer({ overloaded: () => 2_500 }, async (server, grid) => {
      const body = JSON.stringify(BODY);
      const answer = await exchange(server, request("POST /v1/reservations HTTP/1.1\r\nContent-Type: application/json", body));
      expect(answer).toMatch(/^HTTP\/1\.1 429 [\s\S]*retry-after: 3\r\n[\s\S]*urn:stockgrid:problem:too-many-requests/);
      expect(grid.commands).toEqual([]);
      const { port } = server.server.address() as AddressInfo;
      expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    });
  });

  it("a request turned away leaves its connection fit for the next, and says all that a problem says", async () => {
    const waits = [1, undefined];
    const told: string[] = [];
    const observe = { request: () => undefined, problem: (slug: string) => void told.push(slug) };
    await withServer({ overloaded: () => waits.shift(), observe }, async (server, grid) => {
      const body = JSON.stringify(BODY);
      const head = "POST /v1/reservations HTTP/1.1\r\nContent-Type: application/json";
      const kept = request(head, body).replace("Connection: close", "Connection: keep-alive");
      const [refused = "", served = ""] = (await exchange(server, kept + request(head, body))).split(/(?=HTTP\/1\.1 201)/);
      const [headers = "", text = ""] = refused.split("\r\n\r\n");
      expect(headers).toMatch(/^HTTP\/1\.1 429 [\s\S]*content-type: application\/problem\+json\r\n[\s\S]*retry-after: 1\r\n/);
      expect(JSON.parse(text)).toEqual({
        type: "urn:stockgrid:problem:too-many-requests",
        title: "Too many requests",
        status: 429,
        detail: expect.any(String),
        retryAfterSeconds: 1,
      });
      expect(served).toContain('"status":"held"');
      expect([grid.commands.length, told]).toEqual([1, ["too-many-requests"]]);
    });
  });

  it("a reservation is answered with length and type", async () => {
    await withServer({ overloaded: () => undefined }, async (server) => {
      const answer = await exchange(
        server,
        request("POST /v1/reservations HTTP/1.1\r\nContent-Type: application/json", JSON.stringify(BODY)),
      );
      expect(answer).toMatch(
        /^HTTP\/1\.1 201 Created\r\ncontent-type: application\/json; charset=utf-8\r\ncontent-length: \d+\r\n/,
      );
      expect(answer).toContain('"status":"held"');
    });
  });
});
