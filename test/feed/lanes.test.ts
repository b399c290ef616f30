/** The feed over several lanes: shards move between them, lanes come and go, feeds compete and are killed. */

import { setTimeout as delay } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { headers, type NatsConnection } from "@nats-io/nats-core";
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
import { OrderLog } from "../../src/feed/order-log.ts";
import { ensureStreams } from "../../src/feed/streams.ts";
import type { Entry } from "../../src/shard/index.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { expectComplete } from "./complete.ts";
import { LANES, laneStream, memoryLog, TestLane, type TestRecords } from "./lane.ts";
import { publishedEvents } from "./published.ts";
import { until } from "./until.ts";

let nats: TestNats;
let connection: NatsConnection;
let records: TestRecords;
let lanes: TestLane[];
const feeds: Feed[] = [];

async function start(options: Partial<FeedOptions> = {}): Promise<Feed> {
  const feed = await startFeed({ nats: { url: nats.url }, lanes: LANES, cluster: "test", log: memoryLog(), ...options });
  feeds.push(feed);
  return feed;
}

async function openLane(name: string): Promise<TestLane> {
  const lane = await TestLane.create(connection, name, records);
  lanes.push(lane);
  return lane;
}

const holds = (lane: TestLane, count: number, prefix: string): Entry[] =>
  Array.from({ length: count }, (_, k) => lane.hold(`${prefix}-${k % 10}`, "s1"));

async function append(lane: TestLane, count: number, each: number, prefix: string): Promise<void> {
  for (let i = 0; i < count; i++) await lane.append(holds(lane, each, prefix));
}

/** The shard of `prefix` goes from one lane to another: the last record of the one, then the adoption in the other. */
async function move(from: TestLane, to: TestLane, each: number, prefix: string): Promise<void> {
  await from.append([{ entry: "released", shard: 1 as never, epoch: 1, to: to.name }]);
  await to.append([...holds(to, each, to.name), to.adopts(from), ...holds(to, each, prefix)]);
}

async function caughtUp(...of: Feed[]): Promise<void> {
  await until(`all lanes published: ${lanes.map((lane) => `${lane.name} ${lane.last}`).join(", ")}`, () =>
    lanes.every((lane) =>
      of.some((feed) => {
        const { eventsPositions, availabilityPositions } = feed.stats();
        return (eventsPositions.get(lane.name) ?? 0) === lane.last && (availabilityPositions.get(lane.name) ?? 0) === lane.last;
      }),
    ),
  );
}

async function expectBucketComplete(): Promise<void> {
  const bucket = await new Kvm(connection).open(AVAILABILITY_BUCKET);
  for (const { location, sku, version } of records.values()) {
    expect((await bucket.get(availabilityKey(location, sku)))?.json(), sku).toMatchObject({ version });
  }
}

/** Versions that a follower of the bucket's stream sees go back. */
async function watchVersions(): Promise<{ readonly back: string[]; readonly seen: () => number }> {
  const back: string[] = [];
  const newest = new Map<string, number>();
  let count = 0;
  const consumer = await jetstream(connection).consumers.get(`KV_${AVAILABILITY_BUCKET}`);
  await consumer.consume({
    callback: (message) => {
      const { version } = message.json<{ version: number }>();
      const before = newest.get(message.subject) ?? 0;
      count++;
      if (version < before) back.push(`${message.subject}: ${before}, then ${version}`);
      newest.set(message.subject, version);
    },
  });
  return { back, seen: () => count };
}

/** The id of every event that a subscriber was given, by sequence, also of those that the server loses later. */
async function watchEvents(): Promise<ReadonlyMap<number, string>> {
  const seen = new Map<number, string>();
  const consumer = await jetstream(connection).consumers.get(EVENTS_STREAM);
  await consumer.consume({
    callback: (message) => {
      if (!seen.has(message.seq)) seen.set(message.seq, message.headers?.get("Nats-Msg-Id") ?? "");
    },
  });
  return seen;
}

/** Three lanes among which three shards go round, `rounds` times. */
async function goRound(rounds: number, betweenMs = 0): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let shard = 0; shard < lanes.length; shard++) {
      const [from, to] = [lanes[(round + shard) % lanes.length], lanes[(round + shard + 1) % lanes.length]];
      if (from === undefined || to === undefined) throw new Error("no lane");
      await append(from, 2, 20, `shard${shard}`);
      await move(from, to, 7, `shard${shard}`);
      if (betweenMs > 0) await delay(betweenMs);
    }
  }
}

beforeEach(async () => {
  nats = await startTestNats();
  connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  records = new Map();
  lanes = [];
});

afterEach(async () => {
  await Promise.all(feeds.splice(0).map((feed) => feed.stop(0)));
  await connection.close();
  await nats.stop();
});

describe("the feed over several lanes", () => {
  it("publishes every event once and each record's in the order of versions while shards go round three lanes", async () => {
    for (const name of ["l0", "l1", "l2"]) await openLane(name);
    await goRound(6);
    const feed = await start();
    await goRound(6);
    await caughtUp(feed);
    expectComplete(await publishedEvents(connection), lanes);
    await expectBucketComplete();
    expect(feed.stats()).toMatchObject({ eventsLagSeconds: 0, resyncs: 0 });
  });

  it("does not publish what is behind an adoption before what it continues, however far ahead its lane is", async () => {
    const [from, to] = [await openLane("l1"), await openLane("l0")];
    await append(from, 300, 30, "moving");
    await move(from, to, 5, "moving");
    await append(to, 5, 10, "moving");
    const feed = await start({ eventsPerSecondMax: 4_000 });
    const watch = await watchVersions();
    await caughtUp(feed);
    expectComplete(await publishedEvents(connection), lanes);
    await expectBucketComplete();
    expect(watch.back).toEqual([]);
    expect(watch.seen()).toBeGreaterThan(0);
  });

  it("waits for a place of a lane that is not written yet, and goes on with the other lanes meanwhile", async () => {
    const [from, to, other] = [await openLane("l0"), await openLane("l1"), await openLane("l2")];
    const feed = await start();
    await append(from, 2, 3, "a");
    const early = [from.hold("a-0", "s1")];
    await to.append([to.adopts(from, from.last + 1), to.hold("a-0", "s1")]);
    await append(other, 3, 3, "b");
    await until("the other lane is published", () => feed.stats().eventsPositions.get("l2") === 3);
    expect(feed.stats().eventsPositions.get("l1") ?? 0).toBe(0);
    expect(feed.stats().eventsLagSeconds).toBeGreaterThan(0);
    await from.append(early);
    await caughtUp(feed);
    expectComplete(await publishedEvents(connection), lanes);
  });

  it("publishes first, and as it was settled, what was settled before and is not in the stream", async () => {
    const [one, two] = [await openLane("l0"), await openLane("l1")];
    await append(one, 3, 4, "a");
    await append(two, 3, 4, "b");
    const jsm = await jetstreamManager(connection);
    await ensureStreams(connection, jsm, { retention: {}, replicas: 1 });
    const { created } = await jsm.streams.info(EVENTS_STREAM);
    const { log } = await OrderLog.open(connection, jsm, { created, last: 0 });
    const whole = (lane: string, record: number) => ({ lane, record, from: 0, to: 3, count: 4 });
    await log.append(1, [whole("l1", 1), whole("l0", 1), whole("l1", 2)]);
    await log.append(13, [{ ...whole("l1", 3), to: 1, count: 2 }]);
    const feed = await start();
    await caughtUp(feed);
    const events = await publishedEvents(connection);
    const planned = [...two.ids.slice(0, 4), ...one.ids.slice(0, 4), ...two.ids.slice(4, 12)];
    expect(events.slice(0, 16).map((event) => event.id)).toEqual(planned);
    expectComplete(events, lanes);
    await expect(log.append(25, [])).rejects.toThrow("was not taken");
  });

  it("finds lanes that appear later, by a hint or by itself", async () => {
    const first = await openLane("l0");
    const feed = await start();
    await append(first, 3, 5, "a");
    const second = await openLane("l1");
    feed.lookForLanes();
    await move(first, second, 5, "a");
    await caughtUp(feed);
    const third = await openLane("l2");
    await move(second, third, 5, "a");
    await caughtUp(feed);
    expectComplete(await publishedEvents(connection), lanes);
  });

  it("needs no lane again that is gone after it was published, also when it starts again", async () => {
    const [from, to] = [await openLane("l0"), await openLane("l1")];
    const jsm = await jetstreamManager(connection);
    const first = await start({ settleMs: 50 });
    await append(from, 3, 5, "a");
    await caughtUp(first);
    await until("the cursor is stored", () => first.published("l0") === from.last);
    await jsm.streams.delete(laneStream("l0"));
    await append(to, 1, 2, "b");
    await to.append([to.adopts(from), ...holds(to, 5, "a")]);
    await until("the other lane is published", () => first.stats().availabilityPositions.get("l1") === to.last);
    await first.stop();
    await to.append([to.adopts(from), ...holds(to, 5, "a")]);
    const second = await start({ settleMs: 50 });
    await until("published after the new start", () => second.stats().eventsPositions.get("l1") === to.last);
    expectComplete(await publishedEvents(connection), lanes);
    expect(second.published("l0")).toBe(from.last);
  });

  it.each(["is known to be gone", "goes while it waits"])(
    "stops a lane alone, and says so, when it continues one that %s and was not published that far",
    async (when) => {
      const [from, to, other] = [await openLane("l0"), await openLane("l1"), await openLane("l2")];
      const jsm = await jetstreamManager(connection);
      const log = memoryLog();
      const feed = await start({ log });
      await append(from, 1, 5, "a");
      await append(other, 1, 5, "b");
      await caughtUp(feed);
      const letsGo = async () => {
        await jsm.streams.delete(laneStream("l0"));
        await until("it lets go of the lane", () => log.lines.some((line) => line.includes("lets go of a lane")));
      };
      if (when === "is known to be gone") await letsGo();
      await to.append([to.adopts(from, 9), to.hold("a-0", "s1")]);
      if (when === "goes while it waits") await letsGo();
      await until("it is reported", () => log.lines.some((line) => line.includes("continues lane l0 at 9")));
      await append(other, 2, 5, "b");
      await until("the other lane goes on", () => feed.stats().eventsPositions.get("l2") === 3);
      expect((await publishedEvents(connection)).some((event) => event.id.startsWith("l1-"))).toBe(false);
    },
  );

  it("takes lanes from what they still have when the events are made anew", async () => {
    const [from, to] = [await openLane("l0"), await openLane("l1")];
    await append(from, 4, 5, "a");
    const jsm = await jetstreamManager(connection);
    await jsm.streams.purge(laneStream("l0"), { seq: 3 });
    await to.append([to.adopts({ ...from, name: "l9", last: 7 } as TestLane), ...holds(to, 2, "b")]);
    const feed = await start();
    await caughtUp(feed);
    const ids = (await publishedEvents(connection)).map((event) => event.id);
    expect(ids.filter((id) => id.startsWith("l0"))).toEqual(from.ids.slice(10));
    expect(ids.filter((id) => id.startsWith("l1"))).toEqual(to.ids);
  });

  it("heals a damaged vector from the messages before it", async () => {
    for (const name of ["l0", "l1"]) await openLane(name);
    const first = await start();
    await goRound(3);
    await caughtUp(first);
    await first.stop();
    const jsm = await jetstreamManager(connection);
    const { state } = await jsm.streams.info(EVENTS_STREAM);
    const tail = await jsm.streams.getMessage(EVENTS_STREAM, { seq: state.last_seq });
    expect(tail).not.toBeNull();
    // The same message once more, as a server with a flipped bit would give it: only the end of the stream can be written.
    await jsm.streams.deleteMessage(EVENTS_STREAM, state.last_seq);
    const damaged = headers();
    damaged.set("Nats-Msg-Id", tail?.header.get("Nats-Msg-Id") ?? "");
    damaged.set("Stockgrid-Lanes", "1x2 l0:999999 l1:999999");
    await delay(2_100);
    await connection.request(tail?.subject ?? "", tail?.data, { headers: damaged, timeout: 2_000 });
    const second = await start();
    await goRound(3);
    await caughtUp(second);
    expectComplete(await publishedEvents(connection), lanes);
  });
});

describe("who leads the feed", () => {
  it("publishes nothing while it is paused, and knows what the leader has settled", async () => {
    const lane = await openLane("l0");
    const [leader, other] = [await start({ settleMs: 50 }), await start({ settleMs: 50, lead: false })];
    await append(lane, 5, 5, "a");
    await caughtUp(leader);
    await until("the other one knows", () => other.published("l0") === lane.last);
    expect(other.stats()).toMatchObject({ eventsPublished: 0, eventsPositions: new Map(), eventsLagSeconds: 0 });
  });

  it("changes in the middle without an event twice or left out", { timeout: 60_000 }, async () => {
    for (const name of ["l0", "l1", "l2"]) await openLane(name);
    const [one, two] = [await start(), await start({ lead: false })];
    const writing = goRound(15, 20);
    for (let i = 0; i < 4; i++) {
      await delay(Math.random() * 300);
      one.pause();
      two.activate();
      await delay(Math.random() * 300);
      two.pause();
      one.activate();
    }
    await writing;
    await caughtUp(one);
    expectComplete(await publishedEvents(connection), lanes);
    await expectBucketComplete();
    expect(two.stats().eventsPublished + one.stats().eventsPublished).toBe(lanes.reduce((sum, lane) => sum + lane.ids.length, 0));
    expect(two.stats().eventsPublished).toBeGreaterThan(0);
  });

  it("does no harm when two lead at once", { timeout: 60_000 }, async () => {
    for (const name of ["l0", "l1", "l2"]) await openLane(name);
    const [one, two] = [await start(), await start()];
    const watch = await watchVersions();
    await goRound(12, 10);
    await caughtUp(one, two);
    expectComplete(await publishedEvents(connection), lanes);
    await expectBucketComplete();
    expect(watch.back).toEqual([]);
    expect(one.stats().resyncs + two.stats().resyncs, "they met").toBeGreaterThan(0);
  });

  it("does no harm when two lead at once and the server is killed again and again", { timeout: 90_000 }, async () => {
    for (const name of ["l0", "l1", "l2"]) await openLane(name);
    const [one, two] = [await start(), await start()];
    const seen = await watchEvents();
    const writing = goRound(25, 10);
    for (let i = 0; i < 4; i++) {
      await delay(300 + Math.random() * 500);
      await nats.kill();
      await nats.restart();
    }
    await writing;
    await caughtUp(one, two);
    expectComplete(await publishedEvents(connection), lanes);
    await expectBucketComplete();
    const stored = new Map((await publishedEvents(connection)).map(({ seq, id }) => [seq, id]));
    for (const [seq, id] of seen)
      expect(`${seq}: ${stored.get(seq)}`, "the same event as was seen before a kill").toBe(`${seq}: ${id}`);
    expect(seen.size).toBeGreaterThan(0);
  });
});
