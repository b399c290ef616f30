/** Lanes and buckets of three replicas over three servers, while leaders move and die. */

import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LaneSeq } from "../../src/base/index.ts";
import { laneStreamName, openLanes } from "../../src/journal/index.ts";
import { connectNats } from "../../src/nats/index.ts";
import type { AppendOutcome, Journal, KeyValue, Lanes } from "../../src/ports/index.ts";
import { openKeyValue } from "../../src/registry/index.ts";
import { append, bytes, replayed, text } from "../contracts/journal-contract.ts";
import { watch } from "../contracts/key-value-contract.ts";
import { startTestCluster, type TestCluster } from "../support/nats-cluster.ts";
import { silentLog } from "../support/silent-log.ts";

const LANE = "replicated_n_0";
const STREAM = laneStreamName(LANE);
const PATIENCE_MS = 30_000;

let cluster: TestCluster;
let connection: NatsConnection;
let lanes: Lanes;
let journal: Journal;

beforeAll(async () => {
  cluster = await startTestCluster();
  connection = await connectNats({ url: cluster.url, name: "replicated", log: silentLog });
  lanes = openLanes({ connection, replicas: 3, appendTimeoutMs: 1_000, requestTimeoutMs: 2_000 });
  journal = await patiently(() => lanes.open(LANE));
}, PATIENCE_MS);

afterAll(async () => {
  await connection?.close();
  await cluster?.stop();
});

/** Until it resolves: a cluster that has just begun, or lost a leader, refuses for a while. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}

/** As the member does: the same bytes again until the outcome is known; a refusal is looked into. */
async function commit(record: string, expectedLast: number, outcomes: AppendOutcome[] = []): Promise<void> {
  for (;;) {
    const outcome = await append(journal, bytes(record), expectedLast);
    outcomes.push(outcome);
    if (outcome.kind === "committed") return;
    if (outcome.kind === "unknown") continue;
    const there = await patiently(() => journal.read((expectedLast + 1) as LaneSeq));
    expect(text(there)).toBe(record);
    return;
  }
}

async function leader(): Promise<string> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  return (await manager.streams.info(STREAM)).cluster?.leader ?? "";
}

it("keeps every record once, in order, while the leader of the stream moves", { timeout: 60_000 }, async () => {
  expect((await (await jetstreamManager(connection)).streams.info(STREAM)).config.num_replicas).toBe(3);
  const follower = lanes.follow(LANE, 1 as LaneSeq);
  for (let last = 0; last < 200; last++) {
    if (last % 50 === 25) await connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${STREAM}`, "").catch(() => undefined);
    await commit(`r${last + 1}`, last);
  }
  for (let seq = 1; seq <= 200; seq++) expect(text((await follower.next())?.bytes)).toBe(`r${seq}`);
  follower.close();
});

it("answers unknown while the leader is dead, and goes on when there is another", { timeout: 60_000 }, async () => {
  const { last } = await journal.bounds();
  const dead = await leader();
  await cluster.kill(dead);
  const outcomes: AppendOutcome[] = [];
  await commit("after the death", last, outcomes);
  expect(outcomes.some(({ kind }) => kind === "unknown")).toBe(true);
  expect(await patiently(() => replayed(journal, last + 1, last + 1))).toEqual([[last + 1, "after the death"]]);
  cluster.restart(dead);
});

it("lets one of several racing writers win each round of a replicated bucket, and shows all in a watch", {
  timeout: 60_000,
}, async () => {
  const open = (): Promise<KeyValue> => openKeyValue({ connection, bucket: "RACE", storage: "file", replicas: 3 });
  const bucket = await patiently(open);
  const writers = [bucket, await patiently(open), await patiently(open)];
  const seen = watch(bucket);
  let revision = 0;
  for (let round = 0; round < 100; round++) {
    const results = await Promise.allSettled(writers.map((writer, id) => writer.put("map", bytes(`${round}/${id}`), revision)));
    const won = results.flatMap((result) => (result.status === "fulfilled" && result.value !== undefined ? [result.value] : []));
    expect(won.length).toBeLessThanOrEqual(1);
    const now = await patiently(() => bucket.get("map"));
    if (won.length === 1) expect(now?.revision).toBe(won[0]);
    revision = now?.revision ?? 0;
  }
  await expect.poll(() => seen.newest.get("map")?.revision, { timeout: 10_000 }).toBe(revision);
  expect(seen.wentBack).toEqual([]);
  seen.stop();
});
