/** The NATS front end on a real server, over a stub grid: subjects, arrays, forms, problems, bounds, stopping. */

import type { NatsConnection } from "@nats-io/nats-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { NatsService } from "../../src/api/nats/index.ts";
import type { Fault } from "../../src/base/index.ts";
import type { Grid, MemberPhase } from "../../src/member/index.ts";
import {
  ask,
  askAs,
  askBytes,
  askMsgpack,
  askMsgpackBytes,
  headersOf,
  type NatsServer,
  PREFIX,
  publishRaw,
  QUIET,
  startServer,
  startService,
} from "./nats-fixture.ts";
import { STUB_ID, StubGrid } from "./nats-stub-grid.ts";

interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
}
type Reservation = { readonly id: string; readonly status: string; readonly lines: readonly { readonly quantity: number }[] };

const CREATE = { sku: "A", location: "dc", quantity: 2 };
const slug = (problem: { readonly type: string }): string => problem.type.replace("urn:stockgrid:problem:", "");

let server: NatsServer;
let client: NatsConnection;
let grid: StubGrid;
let service: NatsService;
let phase: MemberPhase;
let overloaded: boolean;
let observed: [string, string][];
let failures: object[];

beforeAll(async () => {
  server = await startServer();
  client = await server.connect();
});
afterAll(() => server.stop());

beforeEach(async () => {
  grid = new StubGrid();
  phase = "serving";
  overloaded = false;
  observed = [];
  failures = [];
  service = await startService(await server.connect(), {
    grid,
    maxInFlight: 4_000,
    phase: () => phase,
    overloaded: () => overloaded,
    log: { ...QUIET, error: (fields) => failures.push(fields) },
    observe: (endpoint, outcome) => observed.push([endpoint, outcome]),
  });
});
afterEach(async () => {
  grid.letGo();
  await service.stop();
});

describe("each subject", () => {
  it("creates a reservation, with the key out of the body", async () => {
    const { body, code } = await ask<Reservation>(client, "reservations.create", { ...CREATE, idempotencyKey: "cart-17" });
    expect(code).toBeUndefined();
    expect(body).toMatchObject({ id: STUB_ID, status: "held", lines: [{ sku: "A", location: "dc", quantity: 2, held: 2 }] });
    expect(body).toMatchObject({ createdAt: "2026-01-02T03:04:05.678Z", expiresAt: "2026-01-02T03:19:05.678Z" });
    expect(grid.commands).toMatchObject([{ mode: "all", ttlMs: 900_000, idempotency: { key: "cart-17" } }]);
  });

  it("gives equal bodies equal fingerprints, whatever the key is and however it is written", async () => {
    await askBytes(client, "reservations.create", '{"sku":"A","location":"dc","quantity":2,"idempotencyKey":"k"}');
    await askBytes(client, "reservations.create", '{"quantity":2,"location":"dc","idempotencyKey":"k2","sku":"A"}');
    await askMsgpack(client, "reservations.create", { ...CREATE, idempotencyKey: "k" });
    await ask(client, "reservations.create", { ...CREATE, quantity: 3, idempotencyKey: "k" });
    const [first, ...others] = grid.commands.map((it) => ("idempotency" in it ? it.idempotency?.fingerprint : undefined));
    expect(first).toBeTypeOf("string");
    expect(others.map((it) => it === first)).toEqual([true, true, false]);
  });

  it("reads a reservation", async () => {
    expect((await ask<Reservation>(client, "reservations.get", { id: STUB_ID })).body).toMatchObject({ id: STUB_ID });
  });

  it.each(["confirm", "release", "fulfill"] as const)("passes on %s, whole and in part", async (transition) => {
    const lines = [{ sku: "A", location: "dc", quantity: 1 }];
    await ask(client, `reservations.${transition}`, { id: STUB_ID });
    const { body } = await ask<Reservation>(client, `reservations.${transition}`, { id: STUB_ID, lines, idempotencyKey: "k" });
    expect(body.id).toBe(STUB_ID);
    expect(grid.commands).toMatchObject([
      { id: STUB_ID, transition },
      { id: STUB_ID, transition, lines, idempotency: { key: "k" } },
    ]);
  });

  it("passes on extend in milliseconds", async () => {
    await ask(client, "reservations.extend", { id: STUB_ID, ttlSeconds: 60 });
    expect(grid.commands).toMatchObject([{ id: STUB_ID, transition: "extend", ttlMs: 60_000 }]);
  });

  it("applies one movement or many, always with results", async () => {
    const movement = { id: "m1", type: "receipt", sku: "A", location: "dc", quantity: 40 };
    const one = await ask(client, "movements.apply", movement);
    expect(one.body).toEqual({ results: [{ id: "m1", status: "applied", version: 1 }] });
    const many = await ask(client, "movements.apply", [movement, { ...movement, id: "m2", quantity: "forty" }]);
    expect(many.code).toBeUndefined();
    expect(many.body).toMatchObject({
      results: [
        { id: "m1", status: "applied" },
        { id: "m2", status: "rejected", problem: { status: 400 } },
      ],
    });
  });

  it("reads the stock of a SKU, of one record, and of a SKU never seen", async () => {
    const { body } = await ask(client, "stock.get", { sku: "A" });
    expect(body).toMatchObject({
      sku: "A",
      totals: { onHand: 80, available: 76 },
      records: [{ location: "dc" }, { location: "shop" }],
    });
    expect((await ask(client, "stock.get", { sku: "A", location: "dc" })).body).toMatchObject({
      onHand: 40,
      available: 38,
      version: 3,
    });
    expect((await ask(client, "stock.get", { sku: "B" })).body).toMatchObject({ sku: "B", records: [] });
    const missing = await ask<Problem>(client, "stock.get", { sku: "B", location: "dc" });
    expect([slug(missing.body), missing.code]).toEqual(["not-found", "404"]);
  });

  it("reads availability", async () => {
    const { body } = await ask(client, "availability.get", { skus: ["A", "B"], locations: ["dc"] });
    expect(body).toEqual({
      items: [
        { sku: "A", location: "dc", available: 38, version: 3 },
        { sku: "B", location: "dc", available: 38, version: 3 },
      ],
    });
  });
});

describe("arrays", () => {
  it("are answered item by item in order, without error headers", async () => {
    grid.onReserve = ({ lines }) =>
      lines[0]?.quantity === 9
        ? { kind: "insufficient-stock", shortages: [{ ...lines[0], requested: 9, available: 1 }] }
        : { kind: "reserved", reservation: grid.known, repeated: false };
    const reply = await ask<[Reservation, Problem, Problem, Reservation]>(client, "reservations.create", [
      CREATE,
      { ...CREATE, quantity: 9 },
      { ...CREATE, quantity: 0 },
      CREATE,
    ]);
    expect(reply.code).toBeUndefined();
    const [first, short, invalid, last] = reply.body;
    expect([first.id, slug(short), slug(invalid), last.id]).toEqual([STUB_ID, "insufficient-stock", "invalid-request", STUB_ID]);
    expect(short).toMatchObject({ shortages: [{ sku: "A", location: "dc", requested: 9, available: 1 }] });
  });

  it("of transitions and reads work too, and an empty one gets an empty one", async () => {
    const { body } = await ask<unknown[]>(client, "reservations.confirm", [{ id: STUB_ID }, { id: "nonsense" }, { id: STUB_ID }]);
    expect(body).toHaveLength(3);
    expect((await ask<unknown[]>(client, "reservations.get", [{ id: STUB_ID }])).body).toMatchObject([{ id: STUB_ID }]);
    expect((await ask(client, "reservations.create", [])).body).toEqual([]);
    expect((await ask(client, "movements.apply", [])).body).toEqual({ results: [] });
  });

  it("of 1,000 reservations pass and of 1,001 do not, and then nothing is done", async () => {
    const thousand = new Array<unknown>(1_000).fill(CREATE);
    expect((await ask<unknown[]>(client, "reservations.create", thousand)).body).toHaveLength(1_000);
    grid.commands.length = 0;
    const refused = await ask<Problem>(client, "reservations.create", [...thousand, CREATE]);
    expect([slug(refused.body), refused.code]).toEqual(["payload-too-large", "413"]);
    expect(grid.commands).toHaveLength(0);
  });

  it("of more than 10,000 movements are refused whole", async () => {
    const movement = { id: "m", type: "sale", sku: "A", location: "dc", quantity: 1 };
    const refused = await ask<Problem>(client, "movements.apply", new Array<unknown>(10_001).fill(movement));
    expect([slug(refused.body), grid.commands.length]).toEqual(["payload-too-large", 0]);
  });

  it("are no body for reads of stock", async () => {
    expect(slug((await ask<Problem>(client, "stock.get", [{ sku: "A" }])).body)).toBe("invalid-request");
  });
});

describe("msgpack", () => {
  it("in is msgpack out, with the content type, one and many", async () => {
    const one = await askMsgpack<Reservation>(client, "reservations.create", CREATE);
    expect(one).toMatchObject({ body: { id: STUB_ID, status: "held" }, contentType: "application/msgpack", code: undefined });
    const many = await askMsgpack<Reservation[]>(client, "reservations.create", [CREATE, CREATE]);
    expect(many.body.map((it) => it.id)).toEqual([STUB_ID, STUB_ID]);
  });

  it("says the same as JSON does", async () => {
    const subjects: [string, unknown][] = [
      ["reservations.create", CREATE],
      ["stock.get", { sku: "A" }],
      ["stock.get", { sku: "B", location: "dc" }],
      ["availability.get", { skus: ["A"] }],
      ["movements.apply", { id: "m", type: "nonsense" }],
    ];
    for (const [subject, body] of subjects) {
      const [json, msgpack] = [await ask(client, subject, body), await askMsgpack(client, subject, body)];
      expect(msgpack).toEqual({ ...json, contentType: "application/msgpack" });
    }
  });

  it("that cannot be read is an invalid request, told in msgpack", async () => {
    const reply = await askMsgpackBytes<Problem>(client, "reservations.create", Uint8Array.of(0xc1));
    expect(reply).toMatchObject({ code: "400", contentType: "application/msgpack", body: { status: 400 } });
  });

  it("may be named in any case and with parameters; another type is refused", async () => {
    const reply = await askAs(client, "reservations.create", JSON.stringify(CREATE), "Application/JSON; charset=utf-8");
    expect(reply.json()).toMatchObject({ id: STUB_ID });
    const refused = await askAs(client, "reservations.create", "<a/>", "text/xml");
    expect([slug(refused.json<Problem>()), headersOf(refused).code]).toEqual(["unsupported-media-type", "415"]);
  });
});

describe("problems", () => {
  it.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["no UTF-8", Buffer.from('{"sku":"\u00ff","location":"dc","quantity":2}', "latin1")],
    ["null", "null"],
    ["a number", "7"],
    ["a wrong type", '{"sku":"A","location":"dc","quantity":"2"}'],
    ["a deep pit", "[".repeat(100_000)],
    ["a deep tower", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
    [
      "a deep field",
      `{"sku":"A","location":"dc","quantity":2,"idempotencyKey":"k","x":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
    ],
  ])("answer %s with invalid-request", async (_name, bytes) => {
    const reply = await askBytes<Problem | Problem[]>(client, "reservations.create", bytes);
    const problem = Array.isArray(reply.body) ? (reply.body[0] as Problem) : reply.body;
    expect(slug(problem)).toBe("invalid-request");
    expect(grid.commands).toHaveLength(0);
  });

  it.each(["reservation-expired", "reservation-released", "conflict"] as const)("carry %s with its headers", async (kind) => {
    grid.onTransit = () => ({ kind, detail: "because" });
    const { body, code, title } = await ask<Problem>(client, "reservations.confirm", { id: STUB_ID });
    expect([slug(body), body.status, body.detail, code, title]).toEqual([kind, 409, "because", "409", body.title]);
  });

  it("carry not-found, key reuse and shortages", async () => {
    grid.onTransit = () => ({ kind: "not-found", detail: "no such reservation" });
    expect((await ask(client, "reservations.confirm", { id: STUB_ID })).code).toBe("404");
    grid.onReserve = () => ({ kind: "idempotency-key-reused", detail: "another body" });
    expect((await ask(client, "reservations.create", { ...CREATE, idempotencyKey: "k" })).code).toBe("422");
    grid.onReserve = ({ lines }) => ({
      kind: "insufficient-stock",
      shortages: lines.map((it) => ({ ...it, requested: 2, available: 0 })),
    });
    const short = await ask<Problem>(client, "reservations.create", CREATE);
    expect([slug(short.body), short.code]).toEqual(["insufficient-stock", "409"]);
  });

  it.each([
    ["too-many-requests", "429"],
    ["not-ready", "503"],
    ["outcome-unknown", "503"],
  ] as const)("carry the fault %s with the time to come back", async (fault, status) => {
    const answer: Fault = { kind: "fault", code: fault, retryAfterMs: 1_500, detail: "later" };
    grid.onReserve = () => answer;
    grid.readFault = answer;
    for (const [subject, asked] of [
      ["reservations.create", CREATE],
      ["stock.get", { sku: "A" }],
    ] as const) {
      const { body, code, retryAfter } = await ask<Problem>(client, subject, asked);
      expect([slug(body), code, retryAfter, body.retryAfterSeconds]).toEqual([fault, status, "2", 2]);
    }
  });

  it("stand in for an answer that is larger than the server lets through", async () => {
    const line = { sku: "A".repeat(64), location: "L".repeat(64), quantity: 1 };
    grid.onReserve = ({ lines }) => ({
      kind: "reserved",
      reservation: {
        ...grid.known,
        lines: new Array(60_000).fill({ ...lines[0], requested: 1, held: 1, allocated: 0, fulfilled: 0 }),
      },
      repeated: false,
    });
    const reply = await ask<Problem>(client, "reservations.create", line);
    expect([slug(reply.body), reply.code]).toEqual(["payload-too-large", "413"]);
  });

  it("stand in for an answer that cannot be written", async () => {
    grid.onReserve = () => ({ kind: "reserved", reservation: { ...grid.known, lines: [] }, repeated: false });
    expect((await ask(client, "reservations.create", CREATE)).code).toBe("500");
    expect(failures).toHaveLength(1);
  });

  it("are the only answer when the grid throws and answers nevertheless", async () => {
    const { promise: late, resolve: answerLate } = Promise.withResolvers<Parameters<Grid["reserve"]>[1]>();
    grid.reserve = (_command, done) => {
      answerLate(done);
      throw new Error("broken");
    };
    const answers = client.subscribe("answers");
    client.publish(`${PREFIX}reservations.create`, JSON.stringify(CREATE), { reply: "answers" });
    (await late)({ kind: "reserved", reservation: grid.known, repeated: false });
    await service.stop();
    await answers.drain();
    const codes: (string | undefined)[] = [];
    for await (const answer of answers) codes.push(headersOf(answer).code);
    expect(codes).toEqual(["500"]);
  });

  it("stand in for the answer when the grid throws, and the subscription lives on", async () => {
    grid.onReserve = () => {
      throw new Error("broken");
    };
    const reply = await ask<Problem>(client, "reservations.create", CREATE);
    expect([slug(reply.body), reply.code]).toEqual(["internal-error", "500"]);
    expect((await ask(client, "reservations.create", [CREATE, CREATE])).code).toBe("500");
    expect(failures).toHaveLength(2);
    grid.onReserve = () => ({ kind: "reserved", reservation: grid.known, repeated: false });
    expect((await ask<Reservation>(client, "reservations.create", CREATE)).body.id).toBe(STUB_ID);
  });
});

describe("headers that are none", () => {
  it.each(["NATS/1.0\r\nbad name: x\r\n\r\n", "NATS/1.0\r\n: x\r\n\r\n", "NATS/1.0 503\r\n\r\n", "nonsense"])(
    "do not end the connection: %j",
    async (raw) => {
      const answers = client.subscribe("answers", { max: 1 });
      await client.flush();
      await publishRaw(server.url, `${PREFIX}reservations.create`, "answers", raw, JSON.stringify(CREATE));
      for await (const answer of answers) expect(answer.json()).toMatchObject({});
      expect((await ask<Reservation>(client, "reservations.create", CREATE)).body.id).toBe(STUB_ID);
    },
  );
});

describe("bounds", () => {
  it("refuse at once what is above the limit in flight, and take again what is below", async () => {
    grid.keepBack = true;
    const thousands = [1, 2, 3, 4].map(() => ask<unknown[]>(client, "reservations.create", new Array(1_000).fill(CREATE)));
    await vi.waitFor(() => expect(grid.keptBack).toBe(4_000));
    for (const body of [CREATE, [CREATE]]) {
      const refused = await ask<Problem>(client, "reservations.create", body);
      expect([slug(refused.body), refused.code, refused.retryAfter]).toEqual(["too-many-requests", "429", "1"]);
      expect(refused.body.retryAfterSeconds).toBe(1);
    }
    expect((await askBytes(client, "reservations.create", "not even read")).code).toBe("429");
    grid.letGo();
    for (const reply of await Promise.all(thousands)) expect(reply.body).toHaveLength(1_000);
    expect((await ask<Reservation>(client, "reservations.create", CREATE)).body.id).toBe(STUB_ID);
  });

  it("count the items of an array, and let through what still has room", async () => {
    grid.keepBack = true;
    const most = ["a", "b", "c"].map(() => ask(client, "reservations.create", new Array(1_000).fill(CREATE)));
    await vi.waitFor(() => expect(grid.keptBack).toBe(3_000));
    const inTime = ask<Reservation>(client, "reservations.create", CREATE);
    await vi.waitFor(() => expect(grid.keptBack).toBe(3_001));
    expect((await ask(client, "reservations.create", new Array(1_000).fill(CREATE))).code).toBe("429");
    grid.letGo();
    expect((await inTime).body.id).toBe(STUB_ID);
    await Promise.all(most);
  });

  it("let one message pass that is larger than the limit, when nothing else is in flight", async () => {
    const movement = { id: "m", type: "sale", sku: "A", location: "dc", quantity: 1 };
    const { body } = await ask<{ results: unknown[] }>(client, "movements.apply", new Array(5_000).fill(movement));
    expect(body.results).toHaveLength(5_000);
  });

  it("refuse everything while the node is overloaded", async () => {
    overloaded = true;
    expect((await ask(client, "stock.get", { sku: "A" })).code).toBe("429");
    expect(observed).toEqual([["stock-get", "too-many-requests"]]);
  });

  it.each(["recovering", "stopping", "stopped"] as const)("answer not-ready while the member is %s", async (now) => {
    phase = now;
    const reply = await ask<Problem>(client, "reservations.create", CREATE);
    expect([slug(reply.body), reply.code, reply.retryAfter]).toEqual(["not-ready", "503", "1"]);
    expect(grid.commands).toHaveLength(0);
  });

  it("answer once, also when the observer throws", async () => {
    const subject = `${PREFIX}reservations.create`;
    const throwing = await startService(await server.connect(), {
      grid,
      observe: () => {
        throw new Error("broken observer");
      },
    });
    await service.stop();
    const answers = client.subscribe("answers");
    client.publish(subject, "{", { reply: "answers" });
    await throwing.stop();
    await answers.drain();
    let count = 0;
    for await (const _answer of answers) count++;
    expect(count).toBe(1);
  });

  it("ignore a message without a reply subject", async () => {
    client.publish(`${PREFIX}reservations.create`, JSON.stringify(CREATE));
    await ask(client, "reservations.create", { ...CREATE, quantity: 7 });
    expect(grid.commands).toMatchObject([{ lines: [{ quantity: 7 }] }]);
  });
});

describe("stopping", () => {
  it("answers what is in flight and takes nothing new", async () => {
    grid.keepBack = true;
    const inFlight = ask<Reservation>(client, "reservations.create", CREATE);
    await vi.waitFor(() => expect(grid.keptBack).toBe(1));
    const stopped = service.stop();
    const probe = (): Promise<unknown> =>
      client.request(`${PREFIX}reservations.create`, JSON.stringify(CREATE), { timeout: 200 });
    await vi.waitFor(() => expect(probe()).rejects.toThrow(/no responders/i), { timeout: 5_000 });
    expect((await client.request("$SRV.PING.stockgrid")).json()).toMatchObject({ name: "stockgrid" });
    grid.letGo();
    expect((await inFlight).body.id).toBe(STUB_ID);
    await stopped;
    await service.stop();
  });

  it("leaves the other members of the queue group serving", async () => {
    const other = await startService(await server.connect(), { grid: new StubGrid() });
    await service.stop();
    expect((await ask<Reservation>(client, "reservations.create", CREATE)).body.id).toBe(STUB_ID);
    await other.stop();
  });
});
