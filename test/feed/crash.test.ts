/** The feed against kills of the server and of itself at random moments: every event once, in order, nothing left out. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AVAILABILITY_BUCKET, availabilityKey, EVENTS_STREAM, startFeed } from "../../src/feed/index.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { silentLog } from "../support/silent-log.ts";
import { LANES, TestLane } from "./lane.ts";
import { publishedEvents } from "./published.ts";
import { until } from "./until.ts";

const RECORDS = 400;
const EVENTS_EACH = 50;
const KILLS = Number(process.env["FEED_KILLS"] ?? 3);

let nats: TestNats;
let connection: NatsConnection;
let lane: TestLane;
let child: ChildProcess | undefined;

function startChild(): void {
  const script = fileURLToPath(new URL("./feed-process.ts", import.meta.url));
  child = spawn(process.execPath, [script, nats.url], { stdio: "ignore" });
}

async function killChild(): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** Appends until `done` has settled, and at least {@link RECORDS} records. */
async function appendUntil(done: Promise<unknown>): Promise<void> {
  let going = true;
  void done.finally(() => {
    going = false;
  });
  for (let i = 0; going || i < RECORDS; i++) {
    await lane.append(Array.from({ length: EVENTS_EACH }, (_, k) => lane.hold(`sku-${(i + k) % 200}`, "s1")));
    await delay(2);
  }
  await done;
}

async function publishedCount(): Promise<number> {
  try {
    const jsm = await jetstreamManager(connection, { checkAPI: false });
    return (await jsm.streams.info(EVENTS_STREAM)).state.last_seq;
  } catch (error) {
    if (connection.isClosed()) throw error;
    return 0;
  }
}

/** Each kill comes at a random moment after the feed has got further than it was at the kill before. */
async function killing(kill: () => Promise<void>): Promise<void> {
  for (let i = 0; i < KILLS; i++) {
    const before = await publishedCount();
    await until("the feed publishes", async () => (await publishedCount()) > before);
    await delay(Math.random() * 200);
    await kill();
  }
}

async function expectComplete(): Promise<void> {
  const feed = await startFeed({ nats: { url: nats.url }, lanes: LANES, cluster: "test", log: silentLog });
  await until("the feed has caught up", () => {
    const { eventsPositions, availabilityPositions } = feed.stats();
    return eventsPositions.get("l0") === lane.last && availabilityPositions.get("l0") === lane.last;
  });
  await feed.stop();
  const events = await publishedEvents(connection);
  expect(events.map((event) => event.id)).toEqual(lane.ids);
  const bucket = await new Kvm(connection).open(AVAILABILITY_BUCKET);
  for (const { location, sku, version } of lane.all()) {
    expect((await bucket.get(availabilityKey(location, sku)))?.json()).toMatchObject({ version });
  }
}

beforeEach(async () => {
  nats = await startTestNats();
  connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  lane = await TestLane.create(connection);
});

afterEach(async () => {
  await killChild();
  await connection.close();
  await nats.stop();
});

describe("the feed under crashes", () => {
  it("has every event once and in order after kills of its own process", { timeout: 90_000 }, async () => {
    startChild();
    const kills = killing(async () => {
      await killChild();
      startChild();
    });
    await appendUntil(kills);
    await killChild();
    await expectComplete();
  });

  it("has every event once and in order after kills of the NATS server", { timeout: 90_000 }, async () => {
    startChild();
    const kills = killing(async () => {
      await nats.kill();
      await nats.restart();
    });
    await appendUntil(kills);
    await expectComplete();
  });
});
