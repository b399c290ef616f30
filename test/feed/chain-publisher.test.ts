import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ChainBroken, type ChainMessage, ChainPublisher } from "../../src/feed/chain-publisher.ts";
import { EVENTS_STREAM, ensureStreams } from "../../src/feed/streams.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";

let nats: TestNats;
let connection: NatsConnection;

const run = (...bodies: string[]): ChainMessage[] =>
  bodies.map((body) => ({ subject: `stock.events.l.s.${body}`, id: `id-${body}`, headerLines: `X-Body: ${body}\r\n`, body }));

async function stored(): Promise<string[]> {
  const jsm = await jetstreamManager(connection);
  const { state } = await jsm.streams.info(EVENTS_STREAM);
  const bodies: string[] = [];
  for (let seq = 1; seq <= state.last_seq; seq++) {
    const message = await jsm.streams.getMessage(EVENTS_STREAM, { seq });
    expect(message?.header.get("X-Body")).toBe(message?.string());
    bodies.push(message?.string() ?? "");
  }
  return bodies;
}

beforeEach(async () => {
  nats = await startTestNats();
  connection = await connect({ servers: nats.url });
  await ensureStreams(connection, await jetstreamManager(connection), { retention: {}, replicas: 1 });
});

afterEach(async () => {
  await connection.close();
  await nats.stop();
});

describe("a run of chained messages", () => {
  it("is stored whole, with its headers, and proven by one answer", async () => {
    const publisher = new ChainPublisher(connection);
    expect(await publisher.append(run("a", "b", "c"), 0)).toBe(3);
    expect(await publisher.append(run("d"), 3)).toBe(4);
    expect(await stored()).toEqual(["a", "b", "c", "d"]);
  });

  it("does not fit any more when other messages have taken the numbers of those before it", async () => {
    const publisher = new ChainPublisher(connection);
    await publisher.append(run("a", "b"), 0);
    await (await jetstreamManager(connection)).streams.delete(EVENTS_STREAM);
    await ensureStreams(connection, await jetstreamManager(connection), { retention: {}, replicas: 1 });
    await new ChainPublisher(connection).append(run("b", "a"), 0);
    await expect(publisher.append(run("c", "d"), 2)).rejects.toThrow(ChainBroken);
    expect(await stored()).toEqual(["b", "a"]);
  });

  it("is refused whole when another writer was faster, also where a sequence in its middle fits the end of the stream", async () => {
    await new ChainPublisher(connection).append(run("a", "b", "c"), 0);
    await expect(new ChainPublisher(connection).append(run("x", "y", "z"), 1)).rejects.toThrow(ChainBroken);
    expect(await stored()).toEqual(["a", "b", "c"]);
  });

  it("goes to streams that persist asynchronously and to a cursor that does not", async () => {
    const jsm = await jetstreamManager(connection);
    const mode = async (stream: string) => (await jsm.streams.info(stream)).config.persist_mode;
    expect(await mode(EVENTS_STREAM)).toBe("async");
    expect(await mode("KV_STOCK_AVAILABILITY")).toBe("async");
    expect(await mode("STOCK_FEED_CURSOR")).not.toBe("async");
  });
});
