/** The feed as a client iterates it: resumes, drops repeats, tells of gaps, over both ways. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { positionOf } from "../../src/client/feed-names.ts";
import { connectStockGrid, type EventOptions, type FeedEvent, type Gap, type StockGridClient } from "../../src/client/index.ts";
import { AVAILABILITY_BUCKET, EVENTS_STREAM } from "../../src/feed/streams.ts";
import { availabilityKey, eventSubject } from "../../src/feed/tokens.ts";
import { until } from "../feed/until.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";

function eventJson(sku: string, version: number, type = "held"): string {
  const record = { sku, location: "s.1", onHand: 9, held: version, available: 9 - version, version };
  return JSON.stringify({
    specversion: "1.0",
    id: `${sku}-${version}`,
    type: `stockgrid.stock.${type}.v1`,
    data: { ...record, record },
  });
}

/** Iterates in the background and keeps what came. */
function follow(client: StockGridClient, options: EventOptions = {}): { heard: FeedEvent[]; gaps: Gap[]; ended: Promise<void> } {
  const heard: FeedEvent[] = [];
  const gaps: Gap[] = [];
  const run = async (): Promise<void> => {
    for await (const event of client.events({ onGap: (gap) => void gaps.push(gap), ...options })) heard.push(event);
  };
  return { heard, gaps, ended: run() };
}

const names = (heard: readonly FeedEvent[]): string[] => heard.map(({ id }) => id);

describe("over HTTP", () => {
  let server: Server;
  let client: StockGridClient;
  let streams: ServerResponse[];
  let requests: IncomingMessage[];
  /** How the next requests for events are answered instead of with a stream. */
  let refusals: ((response: ServerResponse) => void)[];

  beforeEach(async () => {
    streams = [];
    requests = [];
    refusals = [];
    server = createServer((request, response) => {
      if (request.url?.startsWith("/v1/events") !== true)
        return void response.end(JSON.stringify({ sku: "A", location: "s.1", version: 9 }));
      requests.push(request);
      const refusal = refusals.shift();
      if (refusal !== undefined) return refusal(response);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": live\n\n");
      streams.push(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    client = await connectStockGrid({ http: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  });
  afterEach(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function stream(number: number): Promise<ServerResponse> {
    await until(`stream ${number} is open`, () => streams.length >= number);
    return streams[number - 1] as ServerResponse;
  }

  const send = (to: ServerResponse, position: string, json: string): boolean => to.write(`id: ${position}\ndata: ${json}\n\n`);

  it("asks for what is wanted, and yields events with their positions, in pieces as they come", async () => {
    const { heard } = follow(client, { sku: "A/ä", location: "s.1", after: "e7" });
    const first = await stream(1);
    expect(new URL(requests[0]?.url ?? "", "http://x").searchParams.toString()).toBe("sku=A%2F%C3%A4&location=s.1");
    expect(requests[0]?.headers["last-event-id"]).toBe("e7");
    const text = `id: e8\ndata: ${eventJson("Größe", 1)}\n\n`;
    for (const byte of Buffer.from(text)) first.write(Buffer.of(byte));
    await until("one event", () => heard.length === 1);
    expect(heard[0]).toMatchObject({ position: "e8", id: "Größe-1", data: { version: 1, record: { held: 1 } } });
  });

  it.each([
    ["ends", (response: ServerResponse) => void response.end()],
    ["breaks", (response: ServerResponse) => void response.destroy()],
  ])("comes back behind the last event when the stream %s, without repeats", async (_, lose) => {
    const { heard, gaps } = follow(client);
    const first = await stream(1);
    send(first, "e1", eventJson("A", 1));
    send(first, "e2", eventJson("B", 5));
    await until("two events", () => heard.length === 2);
    lose(first);
    const second = await stream(2);
    expect(requests[1]?.headers["last-event-id"]).toBe("e2");
    send(second, "e2", eventJson("B", 5));
    send(second, "e3", eventJson("A", 2));
    send(second, "e4", eventJson("B", 6));
    await until("four events", () => heard.length === 4);
    expect(names(heard)).toEqual(["A-1", "B-5", "A-2", "B-6"]);
    expect(gaps).toEqual([]);
  });

  it("tells of a gap before the event behind it, with the record read anew", async () => {
    const order: string[] = [];
    const seen = (async () => {
      const onGap = (gap: Gap): void => void order.push(`gap ${gap.expected}-${gap.got} now ${gap.record?.version}`);
      for await (const event of client.events({ onGap, reread: true })) {
        order.push(event.id);
        if (order.length === 3) break;
      }
    })();
    const first = await stream(1);
    send(first, "e1", eventJson("A", 1));
    send(first, "e2", eventJson("A", 4));
    await seen;
    expect(order).toEqual(["A-1", "gap 2-4 now 9", "A-4"]);
  });

  it("looks for no gaps among events of one type", async () => {
    const { heard, gaps } = follow(client, { type: "held" });
    const first = await stream(1);
    for (const version of [1, 4, 4, 9]) send(first, `e${version}`, eventJson("A", version));
    await until("three events", () => heard.length === 3);
    expect(gaps).toEqual([]);
  });

  it("tries again while the grid is not ready, and tells", async () => {
    const problem = { type: "urn:stockgrid:problem:not-ready", title: "Not ready", status: 503, detail: "soon" };
    refusals.push((response) => void response.writeHead(503, { "retry-after": "0" }).end(JSON.stringify(problem)));
    const lost: string[] = [];
    const { heard } = follow(client, { onLost: ({ code }) => lost.push(code) });
    send(await stream(1), "e1", eventJson("A", 1));
    await until("one event", () => heard.length === 1);
    expect(lost).toEqual(["not-ready"]);
  });

  it.each([
    [400, "invalid-request", "position-lost"],
    [401, "unauthorized", "unauthorized"],
  ])("throws for status %d what no retry mends", async (status, slug, code) => {
    const errors = [{ path: "header Last-Event-ID", message: "is unknown here" }];
    const problem = { type: `urn:stockgrid:problem:${slug}`, title: slug, status, detail: slug, errors };
    refusals.push((response) => void response.writeHead(status).end(JSON.stringify(problem)));
    await expect(follow(client, { after: "e99" }).ended).rejects.toMatchObject({ code });
  });

  it("throws what the caller's own code throws", async () => {
    const broken = new Error("defect of the caller");
    const { ended } = follow(client, { onGap: () => Promise.reject(broken) });
    const first = await stream(1);
    send(first, "e1", eventJson("A", 1));
    send(first, "e2", eventJson("A", 3));
    await expect(ended).rejects.toBe(broken);
  });

  it("ends on an abort, on a close, and lets go of the stream when the loop is left", async () => {
    const stop = new AbortController();
    const aborted = follow(client, { signal: stop.signal });
    await stream(1);
    stop.abort();
    await aborted.ended;
    const left = (async () => {
      for await (const _ of client.events()) return;
    })();
    const second = await stream(2);
    send(second, "e1", eventJson("A", 1));
    await left;
    await until("the stream is let go", () => second.closed);
    const closed = follow(client);
    await stream(3);
    await client.close();
    await closed.ended;
  });
});

describe("over NATS", () => {
  let nats: TestNats;
  let connection: NatsConnection;
  let client: StockGridClient;

  beforeEach(async () => {
    nats = await startTestNats();
    connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    const jsm = await jetstreamManager(connection);
    await jsm.streams.add({ name: EVENTS_STREAM, subjects: ["stock.events.>"] });
    client = await connectStockGrid({ nats: nats.url });
  });
  afterEach(async () => {
    await client.close();
    await connection.close();
    await nats.stop();
  });

  async function publish(sku: string, version: number, type = "held"): Promise<void> {
    await connection.request(eventSubject("s.1", sku, type), eventJson(sku, version, type));
  }

  async function created(): Promise<string> {
    return (await (await jetstreamManager(connection)).streams.info(EVENTS_STREAM)).created;
  }

  it("starts behind a position, with the filter, and goes on live", async () => {
    await publish("A", 1);
    await publish("B", 1);
    await publish("A", 2);
    const { heard } = follow(client, { sku: "A", after: positionOf(await created(), 1) });
    await until("one event", () => heard.length === 1);
    await publish("B", 2);
    await publish("A", 3, "released");
    await until("two events", () => heard.length === 2);
    expect(names(heard)).toEqual(["A-2", "A-3"]);
    expect(heard.map(({ position }) => position)).toEqual([positionOf(await created(), 3), positionOf(await created(), 5)]);
  });

  it("starts with the next event when no position is given, and tells of gaps and drops repeats", async () => {
    await publish("A", 1);
    const { heard, gaps } = follow(client);
    await until("the first live event", async () => {
      await publish("other", 1);
      return heard.length > 0;
    });
    for (const version of [2, 2, 3, 6]) await publish("A", version);
    await until("all events", () => heard.at(-1)?.id === "A-6");
    expect(names(heard)).toEqual(["other-1", "A-2", "A-3", "A-6"]);
    expect(gaps).toEqual([{ sku: "A", location: "s.1", expected: 4, got: 6 }]);
  });

  it("goes on by itself after the server was killed, without a gap or a repeat", async () => {
    const { heard, gaps } = follow(client, { after: positionOf(await created(), 0) });
    for (let version = 1; version <= 5; version++) await publish("A", version);
    await until("five events", () => heard.length === 5);
    await nats.kill();
    await nats.restart();
    await until("the server takes an event", () =>
      publish("A", 6).then(
        () => true,
        () => false,
      ),
    );
    for (let version = 7; version <= 9; version++) await publish("A", version);
    await until("all events", () => heard.at(-1)?.data.version === 9, 60_000);
    expect(heard.map(({ data }) => data.version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(gaps).toEqual([]);
  }, 90_000);

  it("throws when the events behind the position are gone, or it is of another feed", async () => {
    for (let version = 1; version <= 5; version++) await publish("A", version);
    const position = positionOf(await created(), 1);
    await (await jetstreamManager(connection)).streams.purge(EVENTS_STREAM, { seq: 4 });
    await expect(follow(client, { after: position }).ended).rejects.toMatchObject({ code: "position-lost" });
    await expect(follow(client, { after: "e1-other" }).ended).rejects.toMatchObject({ code: "position-lost" });
  });

  it("waits for a feed that is not there yet", async () => {
    await (await jetstreamManager(connection)).streams.delete(EVENTS_STREAM);
    const lost: string[] = [];
    const { heard } = follow(client, { onLost: ({ code }) => lost.push(code) });
    await until("the feed is missed", () => lost.length > 0);
    await (await jetstreamManager(connection)).streams.add({ name: EVENTS_STREAM, subjects: ["stock.events.>"] });
    await until("an event", async () => {
      await publish("A", 1);
      return heard.length > 0;
    });
    expect(new Set(lost)).toEqual(new Set(["not-ready"]));
  });

  it("ends on an abort, and when the loop is left, leaving no consumer behind", async () => {
    const stop = new AbortController();
    const { heard, ended } = follow(client, { signal: stop.signal });
    await until("an event", async () => {
      await publish("A", 1);
      return heard.length > 0;
    });
    stop.abort();
    await ended;
    for await (const { id } of client.events({ after: positionOf(await created(), 0) })) {
      expect(id).toBe("A-1");
      break;
    }
    const { consumers } = await jetstreamManager(connection);
    await until("no consumer is left", async () => (await consumers.list(EVENTS_STREAM).next()).length === 0);
  });

  it("watches availability: what is there, then what changes", async () => {
    const bucket = await new Kvm(connection).create(AVAILABILITY_BUCKET);
    const put = (sku: string, version: number): Promise<number> =>
      bucket.put(
        availabilityKey("s.1", sku),
        JSON.stringify({ available: version, onHand: 9, version, at: "2026-01-02T03:04:05.678Z" }),
      );
    await put("A/ä", 1);
    await put("B", 1);
    const shown: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const { sku, location, available } of client.watchAvailability({ location: "s.1", signal: stop.signal })) {
        shown.push(`${sku} ${location} ${available}`);
      }
    })();
    await until("both are shown", () => shown.length === 2);
    await put("B", 2);
    await until("the change is shown", () => shown.length === 3);
    expect(shown).toEqual(["A/ä s.1 1", "B s.1 1", "B s.1 2"]);
    stop.abort();
    await watching;
  });
});
