import { jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  AVAILABILITY_BUCKET,
  availabilityKey,
  EVENTS_STREAM,
  type Feed,
  type FeedOptions,
  startFeed,
} from "../../src/feed/index.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { LANE_STREAM, LANES, memoryLog, TestLane } from "./lane.ts";
import { publishedEvents } from "./published.ts";
import { until } from "./until.ts";

let nats: TestNats;
let connection: NatsConnection;
let lane: TestLane;
const feeds: Feed[] = [];

async function start(options: Partial<FeedOptions> = {}): Promise<Feed> {
  const feed = await startFeed({
    nats: { url: nats.url },
    lanes: LANES,
    cluster: "test",
    log: memoryLog(),
    ...options,
  });
  feeds.push(feed);
  return feed;
}

/** Appends `records` records of `each` holds over `skus` SKUs. */
async function appendHolds(records: number, each: number, skus = 10): Promise<void> {
  for (let i = 0; i < records; i++) {
    const entries = Array.from({ length: each }, (_, k) => lane.hold(`sku-${(i * each + k) % skus}`, "store.1"));
    await lane.append(entries);
  }
}

async function caughtUp(feed: Feed): Promise<void> {
  await until(
    `feed at record ${lane.last}`,
    () => feed.stats().eventsPositions.get("l0") === lane.last && feed.stats().availabilityPositions.get("l0") === lane.last,
  );
}

async function ids(): Promise<string[]> {
  return (await publishedEvents(connection)).map((event) => event.id);
}

beforeEach(async () => {
  nats = await startTestNats();
  connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  lane = await TestLane.create(connection);
});

afterEach(async () => {
  await Promise.all(feeds.splice(0).map((feed) => feed.stop(0)));
  await connection.close();
  await nats.stop();
});

describe("the event feed", () => {
  it("publishes every stock entry once, in the order of the journal, and nothing for records without any", async () => {
    await lane.append([]);
    await appendHolds(20, 100);
    const feed = await start();
    await lane.append([]);
    await appendHolds(5, 3);
    await caughtUp(feed);
    expect(await ids()).toEqual(lane.ids);
    expect(feed.stats()).toMatchObject({ eventsPublished: 2015, eventsLagSeconds: 0, resyncs: 0 });
  });

  it("carries the id as Nats-Msg-Id too, and the subject of the contract", async () => {
    const feed = await start();
    await appendHolds(1, 1);
    await caughtUp(feed);
    const [event] = await publishedEvents(connection);
    expect(event).toMatchObject({ id: "l0-1-0", msgId: "l0-1-0", subject: "stock.events.store%2E1.sku-0.held" });
  });

  it("goes on where it stopped when it is started again, also in the middle of a record", async () => {
    const first = await start();
    await appendHolds(3, 700);
    await caughtUp(first);
    await first.stop();
    const jsm = await jetstreamManager(connection);
    await jsm.streams.purge(EVENTS_STREAM, { keep: 1_000 });
    await appendHolds(2, 10);
    const second = await start();
    await caughtUp(second);
    expect(await ids()).toEqual(lane.ids.slice(-1_020));
  });

  it("knows its place when retention has removed every event", async () => {
    const first = await start({ settleMs: 50 });
    await appendHolds(4, 25);
    await caughtUp(first);
    await until("the cursor is stored", () => first.published("l0") === lane.last);
    await first.stop();
    const jsm = await jetstreamManager(connection);
    await jsm.streams.purge(EVENTS_STREAM);
    await jsm.streams.purge(LANE_STREAM, { seq: 4 });
    const before = lane.ids.length;
    await appendHolds(1, 5);
    const second = await start();
    await caughtUp(second);
    expect(await ids()).toEqual(lane.ids.slice(before));
  });

  it("says that the journal may be trimmed only once the outputs have settled", async () => {
    const feed = await start({ settleMs: 60_000 });
    await appendHolds(2, 2);
    await caughtUp(feed);
    expect(feed.published("l0")).toBe(0);
  });

  it("stays below its maximum rate while it catches up", async () => {
    await appendHolds(20, 100);
    const startedAt = performance.now();
    const feed = await start({ eventsPerSecondMax: 1_000 });
    await caughtUp(feed);
    expect(performance.now() - startedAt).toBeGreaterThan(1_400);
    expect(await ids()).toEqual(lane.ids);
  });

  it("publishes nothing twice when two nodes follow the same lane", async () => {
    const [one, two] = [await start(), await start()];
    await appendHolds(60, 40);
    await Promise.all([caughtUp(one), caughtUp(two)]);
    expect(await ids()).toEqual(lane.ids);
  });

  it("stops with an error and publishes nothing more when a record of the journal is missing", async () => {
    const log = memoryLog();
    await appendHolds(5, 2);
    const jsm = await jetstreamManager(connection);
    await jsm.streams.deleteMessage(LANE_STREAM, 3, false);
    await start({ log });
    await until("the hole is reported", () => log.lines.some((line) => line.includes("records 3 to 3 are missing")));
    const published = await ids();
    expect(published.length).toBeLessThanOrEqual(4);
    expect(published).toEqual(lane.ids.slice(0, published.length));
  });

  it("drains what is committed before it stops", async () => {
    const feed = await start();
    await appendHolds(10, 100);
    await feed.stop();
    expect(await ids()).toEqual(lane.ids);
  });
});

describe("the availability bucket", () => {
  it("opens with the usual KV client and has every last value within a second of the last change", async () => {
    const feed = await start();
    await appendHolds(50, 100, 333);
    const endedAt = Date.now();
    await until("availability caught up", () => feed.stats().availabilityPositions.get("l0") === lane.last, 2_000);
    expect(Date.now() - endedAt).toBeLessThan(1_500);
    const bucket = await new Kvm(connection).open(AVAILABILITY_BUCKET);
    for (const record of lane.all()) {
      const entry = await bucket.get(availabilityKey(record.location, record.sku));
      expect(entry?.json()).toEqual({
        available: -record.held,
        onHand: 0,
        version: record.version,
        at: new Date(record.updatedAt).toISOString(),
      });
    }
  });
});
