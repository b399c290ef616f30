/** The service protocol: what PING, INFO and STATS say is true, and valid against the schemas that NATS publishes. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NatsConnection } from "@nats-io/nats-core";
import { Svcm } from "@nats-io/services";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NatsService } from "../../src/api/nats/index.ts";
import { ask, type NatsServer, PREFIX, startServer, startService } from "./nats-fixture.ts";
import { StubGrid } from "./nats-stub-grid.ts";

const SCHEMAS = join(import.meta.dirname, "../../../shared/data/nats-schemas/micro/v1");

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
].map((subject) => PREFIX + subject);

let server: NatsServer;
let client: NatsConnection;
let services: NatsService[];

beforeAll(async () => {
  server = await startServer();
  client = await server.connect();
  services = [];
  for (let i = 0; i < 2; i++) services.push(await startService(await server.connect(), { grid: new StubGrid() }));
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await server.stop();
});

type Discovery = ReturnType<Svcm["client"]>;

/** The library was built on an older release of the connection's types; at run time they are one. */
function discovery(): Discovery {
  return new Svcm(client as unknown as ConstructorParameters<typeof Svcm>[0]).client();
}

async function all<T>(found: Promise<AsyncIterable<T>>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of await found) list.push(item);
  return list;
}

describe("the service protocol", () => {
  it("finds every member by the library's own client", async () => {
    const pings = await all(discovery().ping("stockgrid"));
    expect(pings).toHaveLength(2);
    expect(new Set(pings.map((it) => it.id)).size).toBe(2);
    expect(pings[0]).toMatchObject({ name: "stockgrid", version: "1.2.3", metadata: { cluster: "test" } });
  });

  it("lists every subject of the contract with its queue group", async () => {
    const [info] = await all(discovery().info("stockgrid"));
    expect(info?.endpoints.map((it) => it.subject).sort()).toEqual([...SUBJECTS].sort());
    expect(new Set(info?.endpoints.map((it) => it.queue_group))).toEqual(new Set(["stockgrid"]));
  });

  it("answers for one member when asked by its id", async () => {
    const [ping] = await all(discovery().ping("stockgrid"));
    const found = await all(discovery().stats("stockgrid", ping?.id ?? ""));
    expect(found.map((it) => it.id)).toEqual([ping?.id]);
  });

  it("counts requests, errors and time", async () => {
    const before = await totals();
    await ask(client, "stock.get", { sku: "A" });
    await ask(client, "stock.get", { sku: 7 });
    client.publish(`${PREFIX}stock.get`, "{}");
    await client.flush();
    const after = await totals();
    expect(after.requests - before.requests).toBe(3);
    expect(after.errors - before.errors).toBe(2);
    expect(after.nanos).toBeGreaterThan(before.nanos);
    expect(after.lastErrors.some((it) => it !== "")).toBe(true);
  });

  it.each(["PING", "INFO", "STATS"])("answers %s as the published schema wants", async (verb) => {
    if (!existsSync(SCHEMAS)) {
      process.stdout.write(`not checked: the schemas of NATS are not at ${SCHEMAS}\n`);
      return;
    }
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const validate = ajv.compile(
      JSON.parse(readFileSync(join(SCHEMAS, `${verb.toLowerCase()}_response.json`), "utf8")) as object,
    );
    const answer = (await client.request(`$SRV.${verb}.stockgrid`, "")).json();
    validate(answer);
    expect(validate.errors).toBeNull();
  });
});

interface Totals {
  readonly requests: number;
  readonly errors: number;
  readonly nanos: number;
  readonly lastErrors: readonly string[];
}

/** Of `stock.get` over all members. */
async function totals(): Promise<Totals> {
  const stats = await all(discovery().stats("stockgrid"));
  const endpoints = stats.flatMap((it) => it.endpoints ?? []).filter((it) => it.subject === `${PREFIX}stock.get`);
  return {
    requests: endpoints.reduce((sum, it) => sum + it.num_requests, 0),
    errors: endpoints.reduce((sum, it) => sum + it.num_errors, 0),
    nanos: endpoints.reduce((sum, it) => sum + it.processing_time, 0),
    lastErrors: endpoints.map((it) => it.last_error ?? ""),
  };
}
