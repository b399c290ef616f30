/** The key-value contract on real JetStream, and what a bucket does while its server dies and comes back. */

import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectNats } from "../../src/nats/index.ts";
import { openKeyValue } from "../../src/registry/index.ts";
import { type BucketUnderTest, bytes, describeKeyValueContract, plain, watch } from "../contracts/key-value-contract.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { silentLog } from "../support/silent-log.ts";

let nats: TestNats;
let buckets = 0;

beforeAll(async () => {
  nats = await startTestNats();
});

afterAll(async () => {
  await nats.stop();
});

function makeBucket(storage: "file" | "memory"): () => Promise<BucketUnderTest> {
  return async () => {
    const bucket = `CONTRACT_${buckets++}`;
    const connections: Awaited<ReturnType<typeof connectNats>>[] = [];
    return {
      open: async () => {
        const connection = await connectNats({ url: nats.url, name: "contract", log: silentLog });
        connections.push(connection);
        return await openKeyValue({ connection, bucket, storage });
      },
      dispose: async () => {
        for (const connection of connections) await connection.close();
      },
    };
  };
}

describeKeyValueContract("JetStream, file", makeBucket("file"));
describeKeyValueContract("JetStream, memory", makeBucket("memory"));

describe("a bucket while its server dies and comes back", () => {
  it("rejects a write that nobody answers, and a write without a connection", async () => {
    const connection = await connectNats({ url: nats.url, name: "faults", log: silentLog });
    const bucket = await openKeyValue({ connection, bucket: "FAULTS", storage: "file", timeoutMs: 200 });
    nats.freeze();
    await expect(bucket.put("a", bytes("1"), 0)).rejects.toThrow("$KV.FAULTS.a");
    nats.thaw();
    await expect.poll(async () => plain(await bucket.get("a"))).toMatchObject({ value: "1" });
    const lost = statusOf(connection, "disconnect");
    await nats.kill();
    await lost;
    await expect(bucket.overwrite("a", bytes("2"))).rejects.toThrow("not connected");
    await nats.restart();
    await expect
      .poll(async () => plain(await bucket.get("a").catch(() => undefined)), { timeout: 10_000 })
      .toMatchObject({ value: "1" });
    await connection.close();
  });

  it("shows in its watch what others changed while it was away (B3)", async () => {
    const connection = await connectNats({ url: nats.url, name: "watcher", log: silentLog });
    const bucket = await openKeyValue({ connection, bucket: "AWAY", storage: "file" });
    await bucket.put("a", bytes("1"), 0);
    const seen = watch(bucket);
    await seen.settled;
    await nats.kill();
    await nats.restart();
    const other = await connectNats({ url: nats.url, name: "other", log: silentLog });
    const theirs = await openKeyValue({ connection: other, bucket: "AWAY", storage: "file" });
    await theirs.overwrite("a", bytes("2"));
    await theirs.put("b", bytes("3"), 0);
    await expect.poll(() => seen.values(), { timeout: 10_000 }).toEqual({ a: "2", b: "3" });
    expect(seen.wentBack).toEqual([]);
    seen.stop();
    await connection.close();
    await other.close();
  });

  it("makes a memory bucket again and shows that its keys are gone", async () => {
    const connection = await connectNats({ url: nats.url, name: "beats", log: silentLog });
    const bucket = await openKeyValue({ connection, bucket: "BEATS", storage: "memory" });
    await bucket.overwrite("dead", bytes("1"));
    for (let beat = 0; beat < 5; beat++) await bucket.overwrite("alive", bytes(`before ${beat}`));
    const seen = watch(bucket);
    await seen.settled;
    await nats.kill();
    await nats.restart();
    await expect.poll(() => bucket.overwrite("alive", bytes("after")).catch(() => 0), { timeout: 10_000 }).toBeGreaterThan(0);
    await expect.poll(() => seen.values(), { timeout: 10_000 }).toEqual({ alive: "after" });
    seen.stop();
    await connection.close();
  });
});

describe("a bucket that was lost and made again", () => {
  it("is shown anew, though its revisions begin anew", async () => {
    const connection = await connectNats({ url: nats.url, name: "again", log: silentLog });
    const bucket = await openKeyValue({ connection, bucket: "AGAIN", storage: "memory" });
    for (let beat = 0; beat < 5; beat++) await bucket.overwrite("alive", bytes(`before ${beat}`));
    await bucket.overwrite("dead", bytes("1"));
    const seen = watch(bucket);
    await seen.settled;
    await (await jetstreamManager(connection)).streams.delete("KV_AGAIN");
    const again = await openKeyValue({ connection, bucket: "AGAIN", storage: "memory" });
    expect(await again.overwrite("alive", bytes("after"))).toBe(1);
    await expect.poll(() => seen.values(), { timeout: 15_000 }).toEqual({ alive: "after" });
    seen.stop();
    await connection.close();
  });
});

describe("an existing stream", () => {
  it("that would drop values is refused", async () => {
    const connection = await connectNats({ url: nats.url, name: "unsuitable", log: silentLog });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: "KV_SHORT", subjects: ["$KV.SHORT.>"], max_age: 60_000_000_000 });
    await expect(openKeyValue({ connection, bucket: "SHORT", storage: "file" })).rejects.toThrow("max_age would drop values");
    await connection.close();
  });
});

async function statusOf(connection: Awaited<ReturnType<typeof connectNats>>, type: "disconnect" | "reconnect"): Promise<void> {
  for await (const status of connection.status()) if (status.type === type) return;
}
