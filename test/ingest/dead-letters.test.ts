/** Dead letters, batches and signals over a real nats-server. D1 and D2 are those of src/ports/dead-letters.ts. */

import { jetstreamManager } from "@nats-io/jetstream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocationId, Sku } from "../../src/base/index.ts";
import { DEADLETTER_STREAM, DeadLetterStream, type Ingest, SIGNAL_STREAM, SignalStream } from "../../src/ingest/index.ts";
import type { Grid } from "../../src/member/index.ts";
import { until } from "../feed/until.ts";
import {
  answeredCount,
  cloudEvent,
  ingestOf,
  intakeOf,
  type ReaderOptions,
  recordOf,
  SUBJECT,
  send,
  startWorld,
  type World,
} from "./fixture.ts";

let world: World;
let running: Ingest[];
let letters: DeadLetterStream;

beforeEach(async () => {
  world = await startWorld();
  running = [];
  letters = new DeadLetterStream(world.client, 1);
});
afterEach(async () => {
  await Promise.all(running.map((ingest) => ingest.stop()));
  await world.stop();
});

async function start(options: ReaderOptions = {}): Promise<Ingest> {
  const ingest = await ingestOf(world, options);
  running.push(ingest);
  return ingest;
}

const answered = (ingest: Ingest, count: number): Promise<void> =>
  until(`${count} events answered`, () => answeredCount(ingest) >= count);

const letter = (more: object = {}): Parameters<DeadLetterStream["put"]>[0] => ({
  ...{ key: "k", subject: SUBJECT, source: "wms", location: "dc.1", path: "/data/ä", reason: "must not\nbe: 100 % ä", at: 1_000 },
  body: new Uint8Array([0, 255, 10]),
  ...more,
});

describe("a dead letter", () => {
  it("comes back as it was put, whatever is in it (D1)", async () => {
    const seq = await letters.put(letter());
    const { key: _key, ...wanted } = letter();
    expect(await letters.get(seq)).toEqual({ seq, ...wanted });
    const { config } = await (await jetstreamManager(world.client)).streams.info(DEADLETTER_STREAM);
    expect(config).toMatchObject({ storage: "file", retention: "limits" });
  });

  it.each(["", "a.b", "*", ">", "%", "ä b", "\u0001", "x".repeat(64)])("may be of the location %j", async (location) => {
    const seq = await letters.put(letter({ key: `k ${location}`, location: location === "" ? undefined : location }));
    expect((await letters.get(seq))?.location).toBe(location === "" ? undefined : location);
  });

  it("is kept once for one key (D1)", async () => {
    expect(await letters.put(letter())).toBe(await letters.put(letter()));
    expect(await letters.list(0, 10)).toHaveLength(1);
  });

  it("is listed in order until it is removed (D2)", async () => {
    for (const key of ["1", "2", "3", "4"]) await letters.put(letter({ key, reason: key }));
    await letters.remove(2);
    await letters.remove(2);
    expect((await letters.list(0, 2)).map(({ reason }) => reason)).toEqual(["1", "3"]);
    expect((await letters.list(3, 2)).map(({ reason }) => reason)).toEqual(["4"]);
    expect(await letters.get(2)).toBeUndefined();
    expect(await letters.list(4, 2)).toEqual([]);
  });
});

describe("a message that cannot be read", () => {
  it("is kept with its bytes and in nobody's way, and applied once it is mended", async () => {
    const ingest = await start();
    const bytes = new Uint8Array([0x7b, 0xff]);
    await send(world, bytes);
    await send(world, cloudEvent({ sku: "A", quantity: 7 }));
    await answered(ingest, 2);
    const [kept] = await letters.list(0, 10);
    expect(kept).toMatchObject({
      source: "wms",
      location: "dc.1",
      subject: SUBJECT,
      reason: expect.stringMatching(/not JSON/),
      body: bytes,
    });
    expect(await recordOf(world, "A")).toMatchObject({ onHand: 7 });
    const intake = await intakeOf(world);
    const mended = JSON.parse(cloudEvent({ sku: "A", quantity: 5 })) as unknown;
    const arrival = { source: "wms", location: "dc.1" as LocationId, value: mended, subject: SUBJECT, key: "r", isReplay: true };
    const outcome = await new Promise((resolve) => intake.take({ ...arrival, bytes: () => bytes }, resolve));
    expect(outcome).toMatchObject({ kind: "applied" });
    expect(await recordOf(world, "A")).toMatchObject({ onHand: 12 });
  });

  it("waits for an alias, and then is applied as it is", async () => {
    const ingest = await start();
    const data = { event: "receive", warehouse: "DC 1", lines: [{ item: "4711", quantity: 2 }] };
    const body = cloudEvent({}, { data });
    await send(world, body);
    await answered(ingest, 1);
    const [kept] = await letters.list(0, 1);
    expect(kept?.reason).toMatch(/is location DC 1, but the event was sent for dc.1/);
    await world.aliases.put({ kind: "locations", code: "wms:DC 1", location: "dc.1" as LocationId });
    await world.aliases.put({ kind: "items", code: "4711", sku: "A" as Sku, units: 6 });
    await send(world, Buffer.from(kept?.body ?? []));
    await answered(ingest, 2);
    expect(await recordOf(world, "A")).toMatchObject({ onHand: 12 });
  });

  it("on which the grid fails five times becomes one, too", async () => {
    const grid: Pick<Grid, "move"> = {
      move: (movement, done) => {
        if (movement.sku === "bad") throw new Error("broken");
        world.member.move(movement, done);
      },
    };
    const failing = await intakeOf(world, grid);
    const tries: string[] = [];
    const given = {
      source: "wms",
      value: JSON.parse(cloudEvent({ sku: "bad" })) as unknown,
      subject: SUBJECT,
      key: "k",
      bytes: () => Buffer.from("{}"),
    };
    failing.take(given, ({ kind }) => tries.push(kind));
    expect(tries).toEqual(["failed"]);
    const outcome = await new Promise((resolve) => failing.giveUp(given, new Error("broken"), resolve));
    expect(outcome).toMatchObject({ kind: "rejected", reason: "the grid failed on it: broken", deadLetter: 1 });
  });
});

describe("a batch in one message", () => {
  it("is applied event by event, with a dead letter for each bad one", async () => {
    const ingest = await start();
    const items = [
      cloudEvent({ sku: "A", quantity: 1 }),
      "17",
      cloudEvent({ sku: "A", quantity: 2 }),
      cloudEvent({ sku: "A", location: "x" }),
    ];
    await send(world, `[${items.join(",")}]`);
    await answered(ingest, 4);
    expect(ingest.stats().results).toMatchObject({ applied: 2, rejected: 2 });
    expect(await recordOf(world, "A")).toMatchObject({ onHand: 3 });
    const kept = await letters.list(0, 10);
    expect(kept.map(({ body }) => Buffer.from(body).toString())).toEqual(["17", items[3]]);
  });

  it("that is empty is a dead letter", async () => {
    const ingest = await start();
    await send(world, "[]");
    await answered(ingest, 1);
    expect(await letters.list(0, 10)).toMatchObject([{ reason: expect.stringMatching(/1 to 10000 events, not 0/) }]);
  });

  it("comes again as a whole after a fault, and changes nothing twice", async () => {
    let faults = 1;
    const grid: Pick<Grid, "move"> = {
      move: (movement, done) => {
        if (movement.sku === "B" && faults-- > 0)
          queueMicrotask(() => done({ kind: "fault", code: "not-ready", retryAfterMs: 0, detail: "recovering" }));
        else world.member.move(movement, done);
      },
    };
    const ingest = await start({ grid });
    await send(world, `[${cloudEvent({ sku: "A" })},${cloudEvent({ sku: "B" })}]`);
    await answered(ingest, 3);
    expect(ingest.stats().results).toMatchObject({ applied: 2, duplicate: 1, retried: 1 });
    for (const sku of ["A", "B"]) expect(await recordOf(world, sku)).toMatchObject({ onHand: 1, version: 1 });
  });
});

describe("signals", () => {
  it("are kept before their event is acknowledged", async () => {
    const ingest = await start();
    const view = (item: string): string => cloudEvent({}, { data: { event: "page-view", item } });
    await send(world, `[${view("A")},${view("B")}]`, "stock.ingest.ecommerce.dc%2E1");
    await answered(ingest, 2);
    expect(ingest.stats().results).toMatchObject({ accepted: 2 });
    const manager = await jetstreamManager(world.client);
    const found: unknown[] = [];
    for (let seq = 1; found.length < 2; seq++)
      found.push(...((await manager.streams.getMessage(SIGNAL_STREAM, { seq }))?.json<unknown[]>() ?? []));
    expect(found).toMatchObject([
      { source: "ecommerce", kind: "page-view", sku: "A", location: "dc.1" },
      { source: "ecommerce", kind: "page-view", sku: "B" },
    ]);
  });

  it("that are too many for one message go in several, none lost", async () => {
    const stream = new SignalStream(world.client, 1);
    const many = Array.from({ length: 5_000 }, (_, index) => ({
      id: `${index}`,
      source: "rfid",
      kind: "sensor",
      detail: { text: "x".repeat(300) },
    }));
    await Promise.all([stream.put(many), stream.put([{ id: "last", source: "rfid", kind: "sensor" }])]);
    const manager = await jetstreamManager(world.client);
    const { messages } = (await manager.streams.info(SIGNAL_STREAM)).state;
    expect(messages).toBeGreaterThan(1);
    const ids = new Set<string>();
    for (let seq = 1; seq <= messages; seq++) {
      for (const { id } of (await manager.streams.getMessage(SIGNAL_STREAM, { seq }))?.json<{ id: string }[]>() ?? [])
        ids.add(id);
    }
    expect(ids.size).toBe(5_001);
  });
});
