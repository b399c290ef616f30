/** A lane while its server freezes, dies, loses records or comes back: what J3 and J4 are for. */

import { jetstreamManager } from "@nats-io/jetstream";
import { headers, type NatsConnection, type Payload, type PublishOptions } from "@nats-io/nats-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CorruptData, InvariantBroken, type LaneSeq } from "../../src/base/index.ts";
import { laneSubject, openLane } from "../../src/journal/index.ts";
import { connectNats } from "../../src/nats/index.ts";
import type { AppendOutcome, Journal } from "../../src/ports/index.ts";
import { append, bytes, fill, replayed, text } from "../contracts/journal-contract.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { silentLog } from "../support/silent-log.ts";

const STREAM = "STOCKGRID_LANE_faults_n_0";
/** Records of one pull. */
const PULL_RECORDS = 2_000;
const LARGE_BYTES = 600_000;
/** More than two pulls of a replay can carry. */
const LARGE_COUNT = 60;

let nats: TestNats;
let connection: NatsConnection;

beforeEach(async () => {
  nats = await startTestNats();
  connection = await connectNats({ url: nats.url, name: "faults", log: silentLog });
});

afterEach(async () => {
  await connection.close();
  await nats.stop();
});

function open(options: { appendTimeoutMs?: number; requestTimeoutMs?: number; replayIdleMs?: number } = {}): Promise<Journal> {
  return openLane({ connection, stream: STREAM, ...options });
}

/** Resolves at the next status of the connection of this type. */
async function statusOf(type: "disconnect" | "reconnect"): Promise<void> {
  for await (const status of connection.status()) if (status.type === type) return;
}

async function fillLarge(journal: Journal): Promise<void> {
  const record = new Uint8Array(LARGE_BYTES);
  for (let last = 0; last < LARGE_COUNT; last++) await append(journal, record, last);
}

describe("an append", () => {
  it("in flight when the server dies ends once, as unknown (J4)", async () => {
    const journal = await open();
    await fill(journal, 1);
    nats.freeze();
    const outcomes: AppendOutcome[] = [];
    const called = Promise.withResolvers<void>();
    journal.append(bytes("r2"), 1 as LaneSeq, (outcome) => {
      outcomes.push(outcome);
      called.resolve();
    });
    await nats.kill();
    await called.promise;
    const back = statusOf("reconnect");
    await nats.restart();
    await back;
    await journal.bounds();
    expect(outcomes).toEqual([{ kind: "unknown", reason: expect.stringContaining("connection was lost") }]);
  });

  it("without an answer in time is unknown, and its retry finds out what became of it (J4)", async () => {
    const journal = await open({ appendTimeoutMs: 100 });
    nats.freeze();
    expect(await append(journal, bytes("r1"), 0)).toEqual({ kind: "unknown", reason: "no answer within 100 ms" });
    nats.thaw();
    await expect.poll(async () => (await journal.bounds()).last).toBe(1);
    expect(await append(journal, bytes("r1"), 0)).toEqual({ kind: "wrong-sequence" });
    expect(text(await journal.read(1 as LaneSeq))).toBe("r1");
  });

  it("without a connection is unknown and is not sent later", async () => {
    const journal = await open();
    const lost = statusOf("disconnect");
    await nats.kill();
    await lost;
    expect(await append(journal, bytes("r1"), 0)).toEqual({ kind: "unknown", reason: "not connected to the journal" });
    const back = statusOf("reconnect");
    await nats.restart();
    await back;
    expect(await append(journal, bytes("other"), 0)).toEqual({ kind: "committed", seq: 1 });
    expect(text(await journal.read(1 as LaneSeq))).toBe("other");
  });

  it("to a stream that is gone is unknown with the reason", async () => {
    const journal = await open();
    await (await jetstreamManager(connection)).streams.delete(STREAM);
    expect(await append(journal, bytes("r1"), 0)).toEqual({ kind: "unknown", reason: "no stream answers for the lane" });
  });

  it("that the stream has no room for is unknown with the error of the server", async () => {
    await (await jetstreamManager(connection)).streams.add({
      name: STREAM,
      subjects: [laneSubject(STREAM)],
      max_bytes: 1_000,
      discard: "new",
    });
    const outcome = await append(await open(), new Uint8Array(5_000), 0);
    expect(outcome).toEqual({ kind: "unknown", reason: expect.stringMatching(/^journal error \d+: .*maximum bytes/) });
  });

  it("larger than a message can be is a broken invariant", async () => {
    const journal = await open();
    const limit = connection.info?.max_payload ?? 0;
    expect(() => journal.append(new Uint8Array(limit), 0 as LaneSeq, () => undefined)).toThrow(InvariantBroken);
    expect(await append(journal, new Uint8Array(limit - 512), 0)).toEqual({ kind: "committed", seq: 1 });
  });
});

describe("what was committed", () => {
  it("is there after the server was killed and came back (J3)", async () => {
    const journal = await open();
    await fill(journal, 20);
    const back = statusOf("reconnect");
    await nats.kill();
    await nats.restart();
    await back;
    expect(await journal.bounds()).toEqual({ first: 1, last: 20 });
    expect((await replayed(journal, 1, 20)).at(-1)).toEqual([20, "r20"]);
    expect(await append(journal, bytes("r21"), 20)).toEqual({ kind: "committed", seq: 21 });
  });
});

describe("a replay", () => {
  async function laneThatAdmitsHoles(): Promise<Journal> {
    await (await jetstreamManager(connection)).streams.add({ name: STREAM, subjects: [laneSubject(STREAM)] });
    return await open({ replayIdleMs: 1_000 });
  }

  async function removeRecord(seq: number): Promise<void> {
    await (await jetstreamManager(connection)).streams.deleteMessage(STREAM, seq);
  }

  it.each([2, 3, 5])("rejects at a hole, record %i of 5, with lane and sequence (J1)", async (hole) => {
    const journal = await laneThatAdmitsHoles();
    await fill(journal, 5);
    await removeRecord(hole);
    const rejected = replayed(journal, 1, 5);
    await expect(rejected).rejects.toBeInstanceOf(CorruptData);
    await expect(rejected).rejects.toThrow(`lane ${STREAM}, sequence ${hole}`);
  });

  it("rejects at a hole that appears while it runs (J1)", async () => {
    const journal = await laneThatAdmitsHoles();
    await fillLarge(journal);
    const holed = Promise.withResolvers<void>();
    const rejected = journal.replay(1 as LaneSeq, LARGE_COUNT as LaneSeq, (seq) => {
      if (seq === 1) removeRecord(LARGE_COUNT - 2).then(holed.resolve, holed.reject);
    });
    await expect(rejected).rejects.toThrow(`record is missing, ${LARGE_COUNT - 1} came instead`);
    await holed.promise;
  });

  it("rejects with CorruptData where records were trimmed or never were", async () => {
    const journal = await open();
    await fill(journal, 5);
    await journal.trim(3 as LaneSeq);
    await expect(replayed(journal, 2, 5)).rejects.toThrow(new CorruptData("record was trimmed", `lane ${STREAM}, sequence 2`));
    await expect(replayed(journal, 3, 6)).rejects.toBeInstanceOf(CorruptData);
  });

  it("carries records of many pulls, each once and in order", async () => {
    const journal = await open();
    await fillLarge(journal);
    const seen: number[] = [];
    await journal.replay(1 as LaneSeq, LARGE_COUNT as LaneSeq, (seq, record) => {
      expect(record).toHaveLength(LARGE_BYTES);
      seen.push(seq);
    });
    expect(seen).toEqual(Array.from({ length: LARGE_COUNT }, (_, index) => index + 1));
  });

  it("passes over the end of a pull that it has used up, when that comes after the next was asked for", async () => {
    const pulls: string[] = [];
    const late = headers(409, "Batch Completed");
    const watched = Object.create(connection, {
      publish: {
        value: (subject: string, data?: Payload, options?: PublishOptions) => {
          const used = subject.includes(".MSG.NEXT.") ? pulls.at(-1) : undefined;
          if (used !== undefined) connection.publish(used, "", { headers: late });
          if (subject.includes(".MSG.NEXT.")) pulls.push(options?.reply ?? "");
          connection.publish(subject, data, options);
        },
      },
    }) as NatsConnection;
    const journal = await openLane({ connection: watched, stream: STREAM });
    await Promise.all(Array.from({ length: PULL_RECORDS + 5 }, (_, last) => append(journal, bytes("r"), last)));
    expect(await replayed(journal, 1, PULL_RECORDS + 5)).toHaveLength(PULL_RECORDS + 5);
    expect(pulls).toHaveLength(2);
  });

  it("leaves no consumer behind", async () => {
    const journal = await open();
    await fill(journal, 3);
    await replayed(journal, 1, 3);
    expect((await (await jetstreamManager(connection)).streams.info(STREAM)).state.consumer_count).toBe(0);
  });

  it("rejects when the server dies on the way", async () => {
    const journal = await open({ replayIdleMs: 300, requestTimeoutMs: 300 });
    await fillLarge(journal);
    const died = Promise.withResolvers<void>();
    const rejected = journal.replay(1 as LaneSeq, LARGE_COUNT as LaneSeq, (seq) => {
      if (seq === 1) nats.kill().then(died.resolve, died.reject);
    });
    await expect(rejected).rejects.toThrow(/replay stopped: no record within 300 ms \(lane .*, sequence \d+\)/);
    await died.promise;
  });
});

describe("bounds, read and trim", () => {
  it("reject while the server does not answer", async () => {
    const journal = await open({ requestTimeoutMs: 200 });
    await fill(journal, 2);
    nats.freeze();
    await expect(journal.bounds()).rejects.toThrow();
    await expect(journal.read(1 as LaneSeq)).rejects.toThrow();
    await expect(journal.trim(2 as LaneSeq)).rejects.toThrow();
    await expect(replayed(journal, 1, 2)).rejects.toThrow();
    nats.thaw();
    expect(await journal.bounds()).toEqual({ first: 1, last: 2 });
  });

  it("refuse to trim beyond the end, which would leave a hole", async () => {
    const journal = await open();
    await fill(journal, 2);
    await expect(journal.trim(4 as LaneSeq)).rejects.toThrow(InvariantBroken);
    expect(await journal.bounds()).toEqual({ first: 1, last: 2 });
  });
});
