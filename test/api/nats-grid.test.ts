/** The NATS API over a real member: JetStream lane, LMDB store. What a caller sees of a reservation's life. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NatsConnection } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { NatsService } from "../../src/api/nats/index.ts";
import type { LocationId } from "../../src/base/index.ts";
import { openLane } from "../../src/journal/index.ts";
import { type Member, withLocations } from "../../src/member/index.ts";
import { openLmdbSnapshotStore } from "../../src/snapshot/index.ts";
import { SystemClock, SystemRandom } from "../../src/system/index.ts";
import { soloMember } from "../support/solo-member.ts";
import { ask, askMsgpack, type NatsServer, QUIET, startServer, startService } from "./nats-fixture.ts";

type Reservation = { readonly id: string; readonly status: string; readonly type?: string };
type Problem = { readonly type: string; readonly status: number; readonly shortages?: unknown };

let server: NatsServer;
let client: NatsConnection;
let service: NatsService;
let folder: string;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await startServer();
  client = await server.connect();
  folder = await mkdtemp(join(tmpdir(), "stockgrid-nats-grid-"));
  const store = await openLmdbSnapshotStore({ path: join(folder, "lmdb") });
  const journal = await openLane({ connection: await server.connect(), stream: "STOCKGRID_LANE_test" });
  const member = soloMember({
    lane: "test",
    shards: 16,
    ports: { clock: new SystemClock(), random: new SystemRandom(), journal, store, log: QUIET },
  });
  service = await startService(await server.connect(), {
    grid: withLocations(member, member.locations),
    phase: () => member.phase,
  });
  closing.push(
    () => service.stop(),
    () => member.stop(),
    () => journal.close(),
    () => store.close(),
  );
  expect((await ask<Problem>(client, "stock.get", { sku: "A" })).code).toBe("503");
  await member.start();
  await putLocation(member, "dc" as LocationId);
});
afterAll(async () => {
  for (const close of closing) await close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function putLocation(member: Member, id: LocationId): Promise<void> {
  return new Promise((resolve) => member.locations.put({ id, type: "dc", name: "The warehouse" }, () => resolve()));
}

let movements = 0;

async function receive(sku: string, quantity: number): Promise<void> {
  movements++;
  const { body } = await ask(client, "movements.apply", { id: `r-${movements}`, type: "receipt", sku, location: "dc", quantity });
  expect(body).toMatchObject({ results: [{ id: `r-${movements}`, status: "applied" }] });
}

async function reserve(sku: string, quantity: number, more: object = {}): Promise<Reservation> {
  const { body, code } = await ask<Reservation>(client, "reservations.create", { sku, location: "dc", quantity, ...more });
  expect(code).toBeUndefined();
  return body;
}

const levels = async (sku: string): Promise<unknown> => (await ask(client, "stock.get", { sku, location: "dc" })).body;

describe("the life of a reservation over NATS", () => {
  it("goes from held over confirmed to fulfilled", async () => {
    await receive("life", 10);
    const { id } = await reserve("life", 4);
    expect(await levels("life")).toMatchObject({ onHand: 10, held: 4, available: 6 });
    expect((await ask<Reservation>(client, "reservations.extend", { id, ttlSeconds: 60 })).body.status).toBe("held");
    const part = { id, lines: [{ sku: "life", location: "dc", quantity: 3 }] };
    expect((await ask<Reservation>(client, "reservations.confirm", part)).body.status).toBe("held");
    expect((await ask<Reservation>(client, "reservations.confirm", { id })).body.status).toBe("confirmed");
    expect((await ask<Reservation>(client, "reservations.fulfill", { id })).body.status).toBe("fulfilled");
    expect(await levels("life")).toMatchObject({ onHand: 6, held: 0, allocated: 0, available: 6 });
    expect((await ask<Reservation>(client, "reservations.get", { id })).body).toMatchObject({ id, status: "fulfilled" });
  });

  it("can end by release, twice without harm, and then not be confirmed", async () => {
    await receive("release", 5);
    const { id } = await reserve("release", 5);
    for (const _twice of [1, 2])
      expect((await ask<Reservation>(client, "reservations.release", { id })).body.status).toBe("released");
    expect(await levels("release")).toMatchObject({ held: 0, available: 5 });
    const refused = await ask<Problem>(client, "reservations.confirm", { id });
    expect([refused.code, refused.body.type]).toEqual(["409", "urn:stockgrid:problem:reservation-released"]);
  });

  it("ends by itself when its time is over", async () => {
    await receive("expiry", 1);
    const { id } = await reserve("expiry", 1, { ttlSeconds: 1 });
    await vi.waitFor(async () => expect(await levels("expiry")).toMatchObject({ held: 0, available: 1 }), { timeout: 5_000 });
    const refused = await ask<Problem>(client, "reservations.confirm", { id });
    expect(refused.body.type).toBe("urn:stockgrid:problem:reservation-expired");
  });

  it("is the same for the same key and body in either form, and refused for another body", async () => {
    await receive("key", 5);
    const asked = { sku: "key", location: "dc", quantity: 2, idempotencyKey: "cart-17" };
    const [first, again] = [
      await ask<Reservation>(client, "reservations.create", asked),
      await askMsgpack<Reservation>(client, "reservations.create", asked),
    ];
    expect(again.body).toEqual(first.body);
    expect(await levels("key")).toMatchObject({ held: 2 });
    const other = await ask<Problem>(client, "reservations.create", { ...asked, quantity: 1 });
    expect([other.code, other.body.type]).toEqual(["422", "urn:stockgrid:problem:idempotency-key-reused"]);
  });

  it("is refused with what there is, and nothing is held", async () => {
    await receive("short", 3);
    const { body, code } = await ask<Problem>(client, "reservations.create", { sku: "short", location: "dc", quantity: 4 });
    expect([code, body.shortages]).toEqual(["409", [{ sku: "short", location: "dc", requested: 4, available: 3 }]]);
    expect(await levels("short")).toMatchObject({ held: 0 });
    expect((await ask(client, "reservations.get", { id: "000000000" })).code).toBe("404");
  });
});

describe("many at once", () => {
  it("sell each unit once, one a message and in arrays", async () => {
    await receive("hot", 100);
    const one = { sku: "hot", location: "dc", quantity: 1 };
    const singles = Array.from({ length: 100 }, () => ask<Reservation>(client, "reservations.create", one));
    const arrays = Array.from({ length: 4 }, () => ask<Reservation[]>(client, "reservations.create", new Array(50).fill(one)));
    const answers = [
      ...(await Promise.all(singles)).map((it) => it.body),
      ...(await Promise.all(arrays)).flatMap((it) => it.body),
    ];
    expect(answers).toHaveLength(300);
    expect(answers.filter((it) => it.status === "held")).toHaveLength(100);
    expect(answers.filter((it) => it.type === "urn:stockgrid:problem:insufficient-stock")).toHaveLength(200);
    expect(await levels("hot")).toMatchObject({ held: 100, available: 0 });
  });

  it("apply 10,000 movements of one message in order", async () => {
    const sales = Array.from({ length: 10_000 }, (_, i) => ({
      id: `sale-${i}`,
      type: "receipt",
      sku: "bulk",
      location: "dc",
      quantity: 1,
    }));
    const { body } = await ask<{ results: { id: string; version: number }[] }>(client, "movements.apply", sales);
    expect(body.results.map((it) => it.id)).toEqual(sales.map((it) => it.id));
    expect(body.results.at(-1)).toMatchObject({ status: "applied", version: 10_000 });
    const again = await ask<{ results: { status: string }[] }>(client, "movements.apply", sales.slice(0, 2));
    expect(again.body.results.map((it) => it.status)).toEqual(["duplicate", "duplicate"]);
    expect(await ask(client, "availability.get", { skus: ["bulk", "none"] })).toMatchObject({
      body: { items: [{ available: 10_000 }] },
    });
  });
});
