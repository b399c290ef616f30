/** Events of sources, aliases and dead letters over HTTP: by inject against a real member, with letters and signals kept within the test. */

import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AliasBook } from "../../src/aliases/index.ts";
import { parseMovement } from "../../src/api/index.ts";
import { Intake } from "../../src/intake/index.ts";
import { type Member, withLocations } from "../../src/member/index.ts";
import { SystemClock } from "../../src/system/index.ts";
import { runStockgrid } from "../cli/run-stockgrid.ts";
import { MemoryBucket } from "../support/memory-key-value.ts";
import { MemoryLetters, MemorySignals } from "../support/memory-letters.ts";
import { ask, memberInMemory, QUIET, serverOf, slugOf, type TestServer } from "./http-fixture.ts";

let member: Member;
let letters: MemoryLetters;
let server: TestServer;

beforeEach(async () => {
  member = await memberInMemory();
  letters = new MemoryLetters();
  const grid = withLocations(member, member.locations);
  const aliases = new AliasBook(new MemoryBucket().view());
  const intake = new Intake({
    grid,
    codesOf: (source) => aliases.codesOf(source),
    locationOf: () => undefined,
    parseMovement,
    deadLetters: letters,
    signals: new MemorySignals(),
    clock: new SystemClock(),
    log: QUIET,
  });
  server = serverOf(member, { ingest: { intake, deadLetters: letters }, aliases });
  await ask(server, "PUT", "/v1/locations/dc-1", { type: "dc", name: "One" });
});
afterEach(async () => {
  await server.close();
  await member.stop();
});

let events = 0;
const receive = (quantity: unknown, more: object = {}, data: object = {}): object => ({
  ...{ specversion: "1.0", id: `e${++events}`, source: "/wms", type: "x" },
  data: { event: "receive", warehouse: "dc-1", lines: [{ item: "A", quantity }], ...data },
  ...more,
});
const onHand = async (sku = "A"): Promise<unknown> => (await ask(server, "GET", `/v1/stock/${sku}/dc-1`)).body["onHand"];

async function post(path: string, type: string, payload: string): Promise<{ status: number; text: string; type: unknown }> {
  const response = await server.inject({ method: "POST", url: path, headers: { "content-type": type }, payload });
  return { status: response.statusCode, text: response.body, type: response.headers["content-type"] };
}

describe("POST /v1/ingest/{source}", () => {
  it.each([
    ["application/json", false],
    ["application/cloudevents+json", false],
    ["application/cloudevents-batch+json; charset=utf-8", true],
    ["application/json", true],
  ])("takes %s, as a batch: %j", async (type, isBatch) => {
    const event = receive(2);
    const answer = await post("/v1/ingest/wms", type, JSON.stringify(isBatch ? [event, event] : event));
    expect(answer.status).toBe(200);
    const { results } = JSON.parse(answer.text) as { results: unknown[] };
    expect(results[0]).toMatchObject({ status: "applied", movements: 1, version: 1 });
    if (isBatch) expect(results[1]).toMatchObject({ status: "duplicate" });
    expect(await onHand()).toBe(2);
  });

  it("judges events one by one, in order, and keeps the bad ones", async () => {
    const items = [receive(1), 17, receive("1"), receive(1, {}, { warehouse: "nowhere" }), receive(3)];
    const { status, body } = await ask(server, "POST", "/v1/ingest/wms", items);
    expect(status).toBe(200);
    expect(body["results"]).toMatchObject([
      { status: "applied" },
      { id: null, status: "rejected", problem: { detail: expect.stringMatching(/must be a CloudEvent/) }, deadLetter: 1 },
      {
        status: "rejected",
        problem: { errors: [{ path: "/data/lines/0/quantity", message: expect.stringMatching(/number/) }] },
        deadLetter: 2,
      },
      { status: "rejected", problem: { detail: expect.stringMatching(/nowhere is not known/) }, deadLetter: 3 },
      { status: "applied" },
    ]);
    expect(await onHand()).toBe(4);
    expect(letters.letters.size).toBe(3);
  });

  it("answers lines in their order, with or without a last newline", async () => {
    const lines = [JSON.stringify(receive(1)), "", "{", JSON.stringify(receive(2)), "\u00e4"];
    const answer = await post("/v1/ingest/wms", "application/x-ndjson", lines.join("\r\n"));
    expect([answer.status, answer.type]).toEqual([200, "application/x-ndjson; charset=utf-8"]);
    const results = answer.text
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { status: string }).status);
    expect(results).toEqual(["applied", "rejected", "applied", "rejected"]);
    expect([...letters.letters.values()].map(({ body }) => Buffer.from(body).toString())).toEqual(["{", "\u00e4"]);
    expect(await onHand()).toBe(3);
  });

  it("takes more lines than may wait for their answers, over a socket", async () => {
    await server.listen({ port: 0, host: "127.0.0.1" });
    const { port } = server.server.address() as AddressInfo;
    const lines = Array.from({ length: 3_000 }, () => JSON.stringify(receive(1)));
    const answer = await fetch(`http://127.0.0.1:${port}/v1/ingest/wms`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: `${lines.join("\n")}\n`,
    });
    expect((await answer.text()).trim().split("\n")).toHaveLength(3_000);
    expect(await onHand()).toBe(3_000);
  });

  it("ends a stream at a line that is too long, after the answers to what came before", async () => {
    const answer = await post(
      "/v1/ingest/wms",
      "application/x-ndjson",
      `${JSON.stringify(receive(1))}\n${"x".repeat(1_100_000)}\n${JSON.stringify(receive(1))}\n`,
    );
    expect(
      answer.text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { status: "applied" },
      { status: "rejected", problem: { status: 413, detail: expect.stringMatching(/line 2 has more than 1048576 bytes/) } },
    ]);
    expect(await onHand()).toBe(1);
  });

  it("takes the location of the query for events that name none, and no other", async () => {
    await ask(server, "PUT", "/v1/locations/dc-2", { type: "dc", name: "Two" });
    const event = receive(1, {}, { warehouse: undefined });
    expect((await ask(server, "POST", "/v1/ingest/wms", event)).body["results"]).toMatchObject([{ status: "rejected" }]);
    expect((await ask(server, "POST", "/v1/ingest/wms?location=dc-1", event)).body["results"]).toMatchObject([
      { status: "applied" },
    ]);
    const other = (await ask(server, "POST", "/v1/ingest/wms?location=dc-2", receive(1))).body["results"];
    expect(other).toMatchObject([{ problem: { detail: expect.stringMatching(/sent for dc-2/) } }]);
  });

  it.each<[string, string, string, number]>([
    ["/v1/ingest/fax", "application/json", "{}", 404],
    ["/v1/ingest/wms", "application/json", "{", 400],
    ["/v1/ingest/wms", "text/plain", "{}", 415],
    ["/v1/ingest/wms?location=", "application/json", "{}", 400],
    ["/v1/ingest/wms?place=x", "application/json", "{}", 400],
    ["/v1/ingest/wms", "application/cloudevents-batch+json", JSON.stringify(Array.from({ length: 10_001 }, () => 0)), 413],
    ["/v1/movements", "application/x-ndjson", "{}", 415],
    ["/v1/movements", "application/cloudevents+json", "{}", 415],
  ])("%s with %s is refused as a whole", async (path, type, body, status) => {
    expect((await post(path, type, body)).status).toBe(status);
    expect(letters.letters.size).toBe(0);
  });

  it("is a fault as a whole when nothing but a fault of the world was met", async () => {
    letters.away = true;
    const answer = await ask(server, "POST", "/v1/ingest/wms", [17, 18]);
    expect([answer.status, slugOf(answer), answer.headers["retry-after"]]).toEqual([503, "outcome-unknown", "1"]);
  });
});

describe("aliases", () => {
  it("are put, read, listed, used and removed", async () => {
    const url = "/v1/aliases/items/4711";
    expect((await ask(server, "PUT", url, { sku: "A", units: 12 })).status).toBe(201);
    expect((await ask(server, "PUT", url, { sku: "A", units: 6 })).status).toBe(200);
    await ask(server, "PUT", "/v1/aliases/locations/wms:7", { location: "dc-1" });
    const event = receive(2, {}, { warehouse: "7", lines: [{ item: "4711", quantity: 2 }] });
    expect((await ask(server, "POST", "/v1/ingest/wms", event)).body["results"]).toMatchObject([{ status: "applied" }]);
    expect(await onHand()).toBe(12);
    expect((await ask(server, "GET", url)).body).toEqual({ kind: "items", code: "4711", sku: "A", units: 6 });
    expect((await ask(server, "GET", "/v1/aliases/items?limit=1")).body).toMatchObject({ items: [{ code: "4711" }] });
    expect((await ask(server, "DELETE", url)).status).toBe(200);
    expect((await ask(server, "GET", url)).status).toBe(404);
    expect((await ask(server, "DELETE", url)).status).toBe(404);
  });

  it.each([
    ["/v1/aliases/items/1", { sku: "" }, 400],
    ["/v1/aliases/items/1", { sku: "A", units: 0 }, 400],
    ["/v1/aliases/items/1", { sku: "A", units: 1.5 }, 400],
    ["/v1/aliases/items/1", { location: "dc-1" }, 400],
    ["/v1/aliases/locations/1", { sku: "A" }, 400],
    ["/v1/aliases/things/1", { sku: "A" }, 404],
    [`/v1/aliases/items/${"x".repeat(300)}`, { sku: "A" }, 400],
  ])("%s %j is refused", async (url, body, status) => expect((await ask(server, "PUT", url, body)).status).toBe(status));
});

describe("dead letters", () => {
  const bad = (): object => receive(1, {}, { warehouse: "dc-2" });

  it("are listed, shown, replayed once the world is mended, and then gone", async () => {
    const event = bad();
    await ask(server, "POST", "/v1/ingest/wms", event);
    expect((await ask(server, "GET", "/v1/deadletters")).body["items"]).toMatchObject([
      { seq: 1, source: "wms", subject: "http" },
    ]);
    const shown = (await ask(server, "GET", "/v1/deadletters/1")).body;
    expect(JSON.parse(String(shown["body"]))).toEqual(event);
    const still = await ask(server, "POST", "/v1/deadletters/1/replay");
    expect(still.body["results"]).toMatchObject([{ status: "rejected" }]);
    expect((await ask(server, "GET", "/v1/deadletters/1")).status).toBe(200);
    await ask(server, "PUT", "/v1/locations/dc-2", { type: "dc", name: "Two" });
    expect((await ask(server, "POST", "/v1/deadletters/1/replay")).body["results"]).toMatchObject([{ status: "applied" }]);
    expect((await ask(server, "GET", "/v1/deadletters/1")).status).toBe(404);
    expect((await ask(server, "POST", "/v1/deadletters/1/replay")).status).toBe(404);
  });

  it("are replayed with a mended body, or dropped", async () => {
    await ask(server, "POST", "/v1/ingest/wms", [bad(), 17]);
    expect((await ask(server, "POST", "/v1/deadletters/2/replay", [receive(2), receive(3)])).body["results"]).toHaveLength(2);
    expect(await onHand()).toBe(5);
    expect((await ask(server, "DELETE", "/v1/deadletters/1")).status).toBe(200);
    expect(letters.letters.size).toBe(0);
  });

  it("whose stream does not answer are not ready", async () => {
    letters.away = true;
    expect((await ask(server, "GET", "/v1/deadletters")).status).toBe(503);
  });

  it("are handled by the command", async () => {
    await server.listen({ port: 0, host: "127.0.0.1" });
    const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
    const run = (...args: string[]): ReturnType<typeof runStockgrid> => runStockgrid(["deadletter", ...args, "--url", url]);
    expect((await run("list")).out).toBe("no dead letters\n");
    await ask(server, "POST", "/v1/ingest/wms", [bad(), bad()]);
    expect((await run("list", "--source", "wms")).out).toMatch(/number +at +source[^\n]+\n1 +\S+ +wms[^\n]+dc-2 is not known/);
    expect((await run("list", "--source", "pos")).out).toBe("no dead letters\n");
    expect((await run("show", "1")).out).toMatch(/"warehouse":"dc-2"/);
    const mended = JSON.stringify(receive(4));
    const replayed = await runStockgrid(["deadletter", "replay", "1", "--body", "-", "--url", url], { input: mended });
    expect([replayed.status, replayed.out]).toEqual([0, "1  applied\n"]);
    const all = await run("replay", "--all");
    expect([all.status, all.out]).toEqual([1, expect.stringMatching(/^2 {2}stays: .*dc-2 is not known/)]);
    expect((await run("drop", "2")).out).toBe("2  dropped\n");
    expect((await run("replay")).status).toBe(2);
    expect(await onHand()).toBe(4);
  }, 60_000);

  it("need the scope admin", async () => {
    const keys = [{ name: "shop", scopes: ["read", "write"] as const, secret: "0123456789abcdef" }];
    const guarded = serverOf(member, { apiKeys: keys, ingest: { intake: { take: () => undefined }, deadLetters: letters } });
    const headers = { authorization: "Bearer 0123456789abcdef" };
    expect((await ask(guarded, "GET", "/v1/deadletters", undefined, headers)).status).toBe(403);
    await guarded.close();
  });
});
