/** Following a lane on real JetStream: from where, how soon, how much, and how it ends. */

import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CorruptData, type LaneSeq } from "../../src/base/index.ts";
import { laneStreamName, openLanes } from "../../src/journal/index.ts";
import { connectNats } from "../../src/nats/index.ts";
import type { FollowedRecord, Journal, LaneFollow, Lanes } from "../../src/ports/index.ts";
import { append, bytes, fill, text } from "../contracts/journal-contract.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { silentLog } from "../support/silent-log.ts";

/** A third of the linger of the feed's reader: what a reader that waits would miss. */
const SOON_MS = 13;

let nats: TestNats;
let connection: NatsConnection;
let lanes: Lanes;
let lane: string;
let journal: Journal;
let opened = 0;

beforeAll(async () => {
  nats = await startTestNats();
});

afterAll(async () => {
  await nats.stop();
});

beforeEach(async () => {
  connection = await connectNats({ url: nats.url, name: "follow", log: silentLog });
  lanes = openLanes({ connection });
  lane = `follow_n_${opened++}`;
  journal = await lanes.open(lane);
});

afterEach(async () => {
  await connection.close();
});

const follow = (from: number): LaneFollow => lanes.follow(lane, from as LaneSeq);

async function take(follower: LaneFollow, count: number): Promise<[number, string, boolean][]> {
  const taken: [number, string, boolean][] = [];
  for (let i = 0; i < count; i++) {
    const { seq, bytes: record, newest } = (await follower.next()) as FollowedRecord;
    taken.push([seq, text(record), newest]);
  }
  return taken;
}

describe("a follow", () => {
  it("gives every record from where it begins, says which is the newest, then each as it is committed", async () => {
    await fill(journal, 3);
    const follower = follow(2);
    expect(await take(follower, 2)).toEqual([
      [2, "r2", false],
      [3, "r3", true],
    ]);
    const waiting = follower.next();
    await append(journal, bytes("r4"), 3);
    expect(await waiting).toMatchObject({ seq: 4, newest: true });
    follower.close();
  });

  it("of a lane without records waits for the first", async () => {
    const follower = follow(1);
    const waiting = follower.next();
    await append(journal, bytes("r1"), 0);
    expect(await waiting).toMatchObject({ seq: 1, newest: true });
    follower.close();
  });

  it("shows a record within a few milliseconds of its commit", async () => {
    const follower = follow(1);
    const late: number[] = [];
    for (let last = 0; last < 40; last++) {
      const waiting = follower.next();
      await append(journal, bytes(`r${last + 1}`), last);
      const committed = performance.now();
      await waiting;
      late.push(performance.now() - committed);
    }
    expect(late.sort((a, b) => a - b)[20]).toBeLessThan(SOON_MS);
    follower.close();
  });

  it("gives thousands of records, more than one pull has, in order", async () => {
    await fill(journal, 700);
    const follower = follow(1);
    const taken = await take(follower, 700);
    expect(taken.map(([seq]) => seq)).toEqual(Array.from({ length: 700 }, (_, index) => index + 1));
    expect(taken.filter(([, , newest]) => newest)).toEqual([[700, "r700", true]]);
    follower.close();
  });

  it("gives more bytes than one pull may have, each record the receiver's own", async () => {
    const large = new Uint8Array(900_000);
    for (let last = 0; last < 30; last++) await append(journal, large.fill(last), last);
    const follower = follow(1);
    const taken: FollowedRecord[] = [];
    while (taken.length < 30) taken.push((await follower.next()) as FollowedRecord);
    expect(taken.map(({ bytes: record }) => [record.length, record[0], record.at(-1)])).toEqual(
      Array.from({ length: 30 }, (_, value) => [900_000, value, value]),
    );
    follower.close();
  });

  it("resolves to undefined once it is closed, the call that waits too", async () => {
    await fill(journal, 1);
    const follower = follow(2);
    const waiting = follower.next();
    follower.close();
    expect(await waiting).toBeUndefined();
    expect(await follower.next()).toBeUndefined();
  });

  it("rejects where the first record was trimmed, and beyond the end", async () => {
    await fill(journal, 5);
    await journal.trim(3 as LaneSeq);
    await expect(follow(2).next()).rejects.toThrow(CorruptData);
    await expect(follow(7).next()).rejects.toThrow("lane ends at 5");
    expect(await take(follow(3), 1)).toEqual([[3, "r3", false]]);
  });

  it("rejects at a hole, after the records before it", async () => {
    const stream = laneStreamName(lane);
    const manager = await jetstreamManager(connection);
    await manager.streams.delete(stream);
    await manager.streams.add({ name: stream, subjects: [`stockgrid.lane.${lane}`] });
    await fill(journal, 4);
    await manager.streams.deleteMessage(stream, 3);
    const follower = follow(1);
    expect(await take(follower, 2)).toHaveLength(2);
    await expect(follower.next()).rejects.toThrow("record is missing");
    await expect(follower.next()).rejects.toThrow("record is missing");
  });

  it("of a lane that does not exist rejects", async () => {
    await expect(lanes.follow("never_n_0", 1 as LaneSeq).next()).rejects.toThrow("stream not found");
  });

  it("rejects when the connection is lost; another one goes on from there", async () => {
    await fill(journal, 2);
    const follower = follow(1);
    await take(follower, 2);
    const waiting = follower.next();
    const lost = expect(waiting).rejects.toThrow("connection was lost");
    await nats.kill();
    await lost;
    await nats.restart();
    await expect.poll(() => append(journal, bytes("r3"), 2), { timeout: 10_000 }).toMatchObject({ kind: "committed" });
    expect(await take(follow(3), 1)).toEqual([[3, "r3", true]]);
  });
});
