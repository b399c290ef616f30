/** The feed with replicated streams, on three servers of which one is killed. */

import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EVENTS_STREAM, type Feed, startFeed } from "../../src/feed/index.ts";
import { startTestCluster, type TestCluster } from "../support/nats-cluster.ts";
import { silentLog } from "../support/silent-log.ts";
import { expectComplete } from "./complete.ts";
import { LANES, TestLane, type TestRecords } from "./lane.ts";
import { publishedEvents } from "./published.ts";
import { until } from "./until.ts";

let servers: TestCluster;
let connection: NatsConnection;
const feeds: Feed[] = [];

/** A cluster takes seconds to elect those that answer about streams. */
async function streamsAnswer(): Promise<void> {
  await until("the servers have a leader", async () => {
    try {
      const jsm = await jetstreamManager(connection, { timeout: 1_000 });
      await jsm.streams.names().next();
      return (await jsm.getAccountInfo()).limits !== undefined;
    } catch {
      return false;
    }
  });
}

beforeEach(async () => {
  servers = await startTestCluster();
  const options = { servers: servers.url.split(","), maxReconnectAttempts: -1, reconnectTimeWait: 50, waitOnFirstConnect: true };
  connection = await connect(options);
  await streamsAnswer();
}, 40_000);

afterEach(async () => {
  await Promise.all(feeds.splice(0).map((feed) => feed.stop(0)));
  await connection.close();
  await servers.stop();
});

describe("the feed with three replicas", () => {
  it("has every event once while two lead and the server that leads the events is killed", { timeout: 90_000 }, async () => {
    const records: TestRecords = new Map();
    const lanes = [await TestLane.create(connection, "l0", records, 3), await TestLane.create(connection, "l1", records, 3)];
    const [from, to] = lanes as [TestLane, TestLane];
    const options = { nats: { url: servers.url }, lanes: LANES, cluster: "test", log: silentLog, replicas: 3 };
    const [one, two] = [await startFeed(options), await startFeed(options)];
    feeds.push(one, two);
    const write = async (rounds: number): Promise<void> => {
      for (let i = 0; i < rounds; i++) {
        await from.append(Array.from({ length: 30 }, (_, k) => from.hold(`a-${k}`, "s1")));
        await to.append([to.adopts(from), ...Array.from({ length: 30 }, (_, k) => to.hold(`a-${k}`, "s1"))]);
        await from.append([from.adopts(to), from.hold("a-0", "s1")]);
      }
    };
    await write(30);
    const jsm = await jetstreamManager(connection, { timeout: 5_000 });
    const { config, cluster } = await jsm.streams.info(EVENTS_STREAM);
    expect(config).toMatchObject({ num_replicas: 3, allow_atomic: true });
    expect(config.persist_mode).not.toBe("async");
    await servers.kill(cluster?.leader ?? "");
    await write(30);
    servers.restart(cluster?.leader ?? "");
    await until(
      "all lanes are published",
      () => lanes.every(({ name, last }) => [one, two].some((feed) => feed.stats().eventsPositions.get(name) === last)),
      40_000,
    );
    expectComplete(await publishedEvents(connection), lanes);
    expect(one.stats().resyncs + two.stats().resyncs).toBeGreaterThan(0);
  });
});
