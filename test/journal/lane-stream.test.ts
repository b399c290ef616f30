/** Which streams a lane accepts, against a real server. */

import { DiscardPolicy, jetstreamManager, StorageType, type StreamConfig } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { laneSubject, openLane, UnsuitableLane } from "../../src/journal/index.ts";
import { connectNats } from "../../src/nats/index.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { silentLog } from "../support/silent-log.ts";

let nats: TestNats;
let connection: NatsConnection;
let lanes = 0;

beforeAll(async () => {
  nats = await startTestNats();
  connection = await connectNats({ url: nats.url, name: "stream", log: silentLog });
});

afterAll(async () => {
  await connection.close();
  await nats.stop();
});

async function makeStream(config: Partial<StreamConfig>): Promise<string> {
  const name = `STOCKGRID_LANE_stream_${lanes++}_0`;
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name, subjects: [laneSubject(name)], ...config });
  return name;
}

describe("the stream of a lane", () => {
  it("is created with nothing in it that drops, rewrites or admits records", async () => {
    const stream = "STOCKGRID_LANE_fresh_n_0";
    await (await openLane({ connection, stream })).close();
    const { config } = await (await jetstreamManager(connection)).streams.info(stream);
    expect(config).toMatchObject({
      subjects: ["stockgrid.lane.fresh_n_0"],
      storage: "file",
      retention: "limits",
      discard: "new",
      max_age: 0,
      max_bytes: -1,
      max_msgs: -1,
      max_msg_size: -1,
      max_msgs_per_subject: -1,
      num_replicas: 1,
      deny_delete: true,
      deny_purge: false,
      allow_direct: false,
    });
    expect(config.persist_mode).not.toBe("async");
  });

  it("is opened again as it is, with what it holds", async () => {
    const stream = await makeStream({});
    await (await openLane({ connection, stream })).close();
    expect(await (await openLane({ connection, stream })).bounds()).toEqual({ first: 1, last: 0 });
  });

  it.each<[string, Partial<StreamConfig>, RegExp]>([
    ["another subject", { subjects: ["elsewhere.1"] }, /subjects/],
    ["a second subject", { subjects: ["elsewhere.2", "elsewhere.3"] }, /subjects/],
    ["memory storage", { storage: StorageType.Memory }, /storage/],
    ["a maximum age", { max_age: 60_000_000_000 }, /max_age/],
    ["a maximum of records, dropping old ones", { max_msgs: 10, discard: DiscardPolicy.Old }, /max_msgs/],
    ["a maximum of bytes, dropping old ones", { max_bytes: 100_000, discard: DiscardPolicy.Old }, /max_bytes/],
    ["a maximum by subject", { max_msgs_per_subject: 1 }, /max_msgs_per_subject/],
    ["work queue retention", { retention: "workqueue" }, /retention/],
    ["asynchronous persistence", { persist_mode: "async" }, /persist_mode/],
  ])("is refused with %s", async (_, config, message) => {
    const stream = await makeStream(config);
    const refused = openLane({ connection, stream });
    await expect(refused).rejects.toBeInstanceOf(UnsuitableLane);
    await expect(refused).rejects.toThrow(message);
  });
});
