/** The inbound stream over a real nats-server and a real member. Invariants I1 to I4 are those of src/ingest/ingest.ts. */

import { type ConsumerInfo, jetstreamManager } from "@nats-io/jetstream";
import { type NatsConnection, TimeoutError } from "@nats-io/nats-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { INGEST_CONSUMER, INGEST_STREAM, type Ingest, UnsuitableIngestStream } from "../../src/ingest/index.ts";
import type { Grid, MovementResult } from "../../src/member/index.ts";
import { until } from "../feed/until.ts";
import {
  answeredCount,
  cloudEvent,
  ingestOf,
  keptLog,
  type ReaderOptions,
  recordOf,
  SUBJECT,
  send,
  startWorld,
  type World,
} from "./fixture.ts";

let world: World;
let running: Ingest[];

beforeEach(async () => {
  world = await startWorld();
  running = [];
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

async function disconnected(connection: NatsConnection): Promise<void> {
  for await (const { type } of connection.status()) if (type === "disconnect") return;
}

/** The stream is there, and nobody reads it yet. */
const streamOnly = async (): Promise<void> => (await start()).stop();

const answered = (ingest: Ingest, count: number): Promise<void> =>
  until(`${count} messages answered`, () => answeredCount(ingest) >= count);

async function consumer(): Promise<ConsumerInfo> {
  const manager = await jetstreamManager(world.client, { checkAPI: false, timeout: 1_000 });
  return manager.consumers.info(INGEST_STREAM, INGEST_CONSUMER);
}

const settled = (): Promise<void> =>
  until("every message answered at the server", async () => {
    try {
      const { num_ack_pending, num_pending } = await consumer();
      return num_ack_pending + num_pending === 0;
    } catch (error) {
      // A server that was just restarted may not answer yet.
      if (error instanceof TimeoutError) return false;
      throw error;
    }
  });

describe("a movement in the inbound stream", () => {
  it("raises stock once and stays readable", async () => {
    const ingest = await start();
    await send(world, cloudEvent({ sku: "A", quantity: 7 }));
    await answered(ingest, 1);
    await settled();
    expect(await recordOf(world, "A")).toMatchObject({ onHand: 7, version: 1 });
    expect(ingest.stats().results).toMatchObject({ applied: 1, rejected: 0 });
    const manager = await jetstreamManager(world.client);
    const { config, state } = await manager.streams.info(INGEST_STREAM);
    expect(state.messages).toBe(1);
    expect(config).toMatchObject({ storage: "file", retention: "limits", max_age: 7 * 24 * 3_600_000 * 1_000_000 });
  });

  it("changes nothing when the same source and id come again", async () => {
    const ingest = await start();
    const event = cloudEvent({ sku: "A", quantity: 7 });
    await send(world, event);
    await send(world, event);
    await send(world, cloudEvent({ sku: "A", quantity: 7 }, { ...JSON.parse(event), source: "/test/till-2" }));
    await answered(ingest, 3);
    expect(ingest.stats().results).toMatchObject({ applied: 2, duplicate: 1 });
    expect(await recordOf(world, "A")).toMatchObject({ onHand: 14, version: 2 });
  });

  it("goes by the id of the movement when that has one", async () => {
    const ingest = await start();
    await send(world, cloudEvent({ id: "po-1", sku: "A" }));
    await send(world, cloudEvent({ id: "po-1", sku: "A" }));
    await answered(ingest, 2);
    expect(ingest.stats().results).toMatchObject({ applied: 1, duplicate: 1 });
  });

  it("is applied in the order of the stream: the second of two counts stands (I2)", async () => {
    const times = Array.from({ length: 60 }, (_, index) => index);
    await streamOnly();
    for (const time of times) await send(world, cloudEvent({ type: "count", sku: "A", quantity: time + 1 }));
    const order: number[] = [];
    const grid: Pick<Grid, "move"> = {
      move: (movement, done) => {
        order.push(movement.quantity);
        world.member.move(movement, done);
      },
    };
    await answered(await start({ grid }), times.length);
    expect(order).toEqual(times.map((time) => time + 1));
    expect(await recordOf(world, "A")).toMatchObject({ onHand: 60, version: 60 });
  });
});

describe("a message that cannot be applied", () => {
  const GOOD = { sku: "A" };
  it.each<[string, string, string | Uint8Array, RegExp]>([
    ["bad JSON", SUBJECT, "{", /not JSON/],
    ["bad UTF-8", SUBJECT, new Uint8Array([0x7b, 0xff, 0x7d]), /not JSON/],
    ["no envelope", SUBJECT, JSON.stringify(GOOD), /specversion/],
    ["no event id", SUBJECT, cloudEvent(GOOD, { id: "" }), /^\/id must/],
    ["a source with white space", SUBJECT, cloudEvent(GOOD, { source: "a b" }), /white space/],
    ["no data", SUBJECT, cloudEvent(GOOD, { data: [1] }), /\/data must be a movement/],
    ["no movement", SUBJECT, cloudEvent({ ...GOOD, quantity: "1" }), /\/data .*quantity/],
    ["an unknown source", "stock.ingest.fax.dc%2E1", cloudEvent(GOOD), /the source must be one of/],
    ["a subject too long", `${SUBJECT}.more`, cloudEvent(GOOD), /<source>.<location>/],
    ["a broken location", "stock.ingest.wms.dc%2", cloudEvent(GOOD), /percent-encoded/],
    ["another location", "stock.ingest.wms.dc-2", cloudEvent(GOOD), /sent for dc-2/],
    ["an unknown location", "stock.ingest.wms.x", cloudEvent({ ...GOOD, location: "x" }), /location x is not known/],
  ])("is terminated with its reason, counted, logged and in nobody's way: %s (I3)", async (_, subject, body, reason) => {
    const { log, lines } = keptLog();
    const terminated: { stream_seq: number; reason?: string }[] = [];
    world.client.subscribe("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>", {
      callback: (_error, message) => {
        terminated.push(message.json());
      },
    });
    const ingest = await start({ log });
    const seq = await send(world, body, subject);
    await send(world, cloudEvent(GOOD));
    await answered(ingest, 2);
    await settled();
    expect(ingest.stats().results).toMatchObject({ applied: 1, rejected: 1, retried: 0, failed: 0 });
    expect(lines).toEqual([
      {
        level: "warn",
        fields: { subject, seq, reason: expect.stringMatching(reason), deadLetter: 1 },
        message: expect.any(String),
      },
    ]);
    await until("the advisory", () => terminated.length === 1);
    expect(terminated[0]).toMatchObject({ stream_seq: seq, reason: expect.stringMatching(reason) });
  });
});

describe("a grid that cannot answer yet", () => {
  const FAULT: MovementResult = { kind: "fault", code: "not-ready", retryAfterMs: 0, detail: "recovering" };

  it("is asked again until it applies the movement", async () => {
    let faults = 3;
    const grid: Pick<Grid, "move"> = {
      move: (movement, done) => (faults-- > 0 ? queueMicrotask(() => done(FAULT)) : world.member.move(movement, done)),
    };
    const ingest = await start({ grid });
    await send(world, cloudEvent({ sku: "A", quantity: 7 }));
    await answered(ingest, 1);
    expect(ingest.stats().results).toMatchObject({ retried: 3, applied: 1 });
    expect(await recordOf(world, "A")).toMatchObject({ onHand: 7, version: 1 });
  });

  it("gets no message acknowledged before it has answered (I1)", async () => {
    const owed: (() => void)[] = [];
    const grid: Pick<Grid, "move"> = { move: (movement, done) => owed.push(() => world.member.move(movement, done)) };
    const ingest = await start({ grid });
    await send(world, cloudEvent({ sku: "A" }));
    await until("the grid is asked", () => owed.length === 1);
    expect(ingest.stats().inFlight).toBe(1);
    expect((await consumer()).num_ack_pending).toBe(1);
    owed[0]?.();
    await settled();
  });

  it("that throws does not end the reader (I4)", async () => {
    const { log, lines } = keptLog();
    const grid: Pick<Grid, "move"> = {
      move: (movement, done) => {
        if (movement.sku === "bad") throw new Error("broken");
        world.member.move(movement, done);
      },
    };
    const ingest = await start({ grid, log });
    await send(world, cloudEvent({ sku: "bad" }));
    await send(world, cloudEvent({ sku: "A" }));
    await answered(ingest, 1);
    expect(ingest.stats().results).toMatchObject({ failed: 1, applied: 1 });
    expect(lines).toMatchObject([{ level: "error", fields: { seq: 1 } }]);
  });
});

describe("stopping and coming back", () => {
  it("waits for the answers in flight, and acknowledges them", async () => {
    const owed: (() => void)[] = [];
    const grid: Pick<Grid, "move"> = { move: (movement, done) => owed.push(() => world.member.move(movement, done)) };
    const connection = await world.connect();
    const ingest = await start({ grid, connection });
    await send(world, cloudEvent({ sku: "A" }));
    await until("the grid is asked", () => owed.length === 1);
    const stopped = ingest.stop();
    owed[0]?.();
    await stopped;
    await connection.close();
    expect(ingest.stats()).toMatchObject({ inFlight: 0, results: { applied: 1 } });
    await settled();
  });

  it("stops also while NATS is away", async () => {
    const connection = await world.connect();
    const ingest = await start({ connection });
    const away = disconnected(connection);
    await world.nats.kill();
    await away;
    await ingest.stop();
    expect(ingest.stats().inFlight).toBe(0);
    await world.nats.restart();
  });

  it("stops also while NATS does not answer", async () => {
    const ingest = await start();
    world.nats.freeze();
    await ingest.stop().finally(() => world.nats.thaw());
    expect(ingest.stats().inFlight).toBe(0);
  });

  it("applies each of 500 messages once when the reader is cut off in their middle", async () => {
    const skus = Array.from({ length: 500 }, (_, index) => `S${index % 50}`);
    const connection = await world.connect();
    await start({ connection, ackWaitMs: 500 });
    const sending = Promise.all(skus.map((sku) => send(world, cloudEvent({ sku }))));
    await until("some are applied", async () => (await recordOf(world, "S0")) !== undefined);
    await connection.close();
    await sending;
    await start({ ackWaitMs: 500 });
    await settled();
    for (const sku of new Set(skus)) expect(await recordOf(world, sku)).toMatchObject({ onHand: 10, version: 10 });
  });

  it("applies each of 500 messages once when the server is killed in their middle", async () => {
    const skus = Array.from({ length: 500 }, (_, index) => `S${index % 50}`);
    await streamOnly();
    for (const sku of skus) await send(world, cloudEvent({ sku }));
    await start({ ackWaitMs: 500 });
    await until("some are applied", async () => (await recordOf(world, "S0")) !== undefined);
    await world.nats.kill();
    await world.nats.restart();
    await settled();
    for (const sku of new Set(skus)) expect(await recordOf(world, sku)).toMatchObject({ onHand: 10, version: 10 });
  });

  it("makes the consumer again when somebody removes it", async () => {
    const ingest = await start();
    const manager = await jetstreamManager(world.client);
    await manager.consumers.delete(INGEST_STREAM, INGEST_CONSUMER);
    await send(world, cloudEvent({ sku: "A" }));
    await answered(ingest, 1);
    expect(await recordOf(world, "A")).toMatchObject({ onHand: 1 });
  });

  it("refuses a stream that could lose what was acknowledged", async () => {
    const manager = await jetstreamManager(world.client);
    await manager.streams.add({ name: INGEST_STREAM, subjects: ["stock.ingest.>"], storage: "memory" });
    await expect(start()).rejects.toThrow(UnsuitableIngestStream);
  });
});
