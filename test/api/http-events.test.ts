/** Server-sent events: E1 to E3 of event-stream.ts, on a real socket. */

import { once } from "node:events";
import { type ClientRequest, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { HttpServerOptions } from "../../src/api/http/index.ts";
import type { EventTail, TailFilter, TailListener } from "../../src/ports/index.ts";
import { QUIET, serverOf, type TestServer } from "./http-fixture.ts";
import { StubGrid } from "./nats-stub-grid.ts";

/** A feed in the hands of the test. */
class HandFeed implements EventTail {
  readonly follows: { filter: TailFilter; after: string | undefined; listener: TailListener }[] = [];
  stopped = 0;
  /** What happens while the subscription is being made. */
  early: (listener: TailListener) => void = () => undefined;
  fails = false;

  async follow(
    filter: TailFilter,
    after: string | undefined,
    listener: TailListener,
  ): Promise<(() => void) | "unknown-position"> {
    if (this.fails) throw new Error("the feed is away");
    if (after === "lost") return "unknown-position";
    this.follows.push({ filter, after, listener });
    this.early(listener);
    await new Promise(setImmediate);
    return () => {
      this.stopped++;
    };
  }

  emit(position: string, json: string): void {
    for (const { listener } of this.follows) listener.onEvent(position, json);
  }
}

const feed = { current: new HandFeed() };
let server: TestServer | undefined;
const open: ClientRequest[] = [];

async function listen(limits: HttpServerOptions["limits"] = {}): Promise<HandFeed> {
  feed.current = new HandFeed();
  server = serverOf(new StubGrid(), { events: feed.current, limits, log: QUIET });
  await server.listen({ host: "127.0.0.1", port: 0 });
  return feed.current;
}

async function follow(path = "/v1/events", headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const { port } = (server as TestServer).server.address() as AddressInfo;
  const request = get({ host: "127.0.0.1", port, path, headers });
  request.on("error", () => undefined);
  open.push(request);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.setEncoding("utf8");
  return response;
}

/** Reads until the text is there. */
async function readUntil(response: IncomingMessage, wanted: string): Promise<string> {
  let text = "";
  for await (const chunk of response.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes(wanted)) return text;
  }
  throw new Error(`the stream ended without ${wanted}: ${text}`);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

afterEach(async () => {
  for (const request of open.splice(0)) request.destroy();
  await server?.close();
});

describe("an event stream", () => {
  it("sends headers once it is live, what came before it, and every event with its id", async () => {
    const hand = await listen();
    hand.early = (listener) => listener.onEvent("1", '{"n":1}');
    const response = await follow();
    expect([response.statusCode, response.headers["content-type"]]).toEqual([200, "text/event-stream; charset=utf-8"]);
    hand.emit("2", '{"n":2}');
    expect(await readUntil(response, '"n":2}\n\n')).toBe(': live\n\nid: 1\ndata: {"n":1}\n\nid: 2\ndata: {"n":2}\n\n');
  });

  it("passes on filter and position", async () => {
    const hand = await listen();
    await follow("/v1/events?sku=a%2Fb&location=dc&type=held", { "last-event-id": "41" });
    expect(hand.follows[0]).toMatchObject({ filter: { sku: "a/b", location: "dc", type: "held" }, after: "41" });
  });

  it("from an unknown position is a 400", async () => {
    await listen();
    const response = await follow("/v1/events", { "last-event-id": "lost" });
    expect([response.statusCode, response.headers["content-type"]]).toEqual([400, "application/problem+json"]);
    expect(await readUntil(response, "Last-Event-ID")).toContain("invalid-request");
  });

  it("of a feed that is away is a 503", async () => {
    (await listen()).fails = true;
    const response = await follow();
    expect([response.statusCode, response.headers["retry-after"]]).toEqual([503, "5"]);
  });

  it("is kept alive by comments", async () => {
    await listen({ eventStreamHeartbeatMs: 5 });
    expect(await readUntil(await follow(), ": heartbeat\n\n")).toContain(": live");
  });

  it("lets go of the feed when its reader leaves", async () => {
    const hand = await listen();
    (await follow()).destroy();
    await until(() => hand.stopped === 1);
  });

  it("ends when the feed ends, so that the reader resumes", async () => {
    const hand = await listen();
    const response = await follow();
    hand.follows[0]?.listener.onEnd("away");
    response.resume();
    await once(response, "end");
    expect(hand.stopped).toBe(1);
  });

  it("is cut off when its reader is too slow, and the memory goes with it", async () => {
    const hand = await listen({ eventStreamBufferBytesMax: 10_000 });
    const response = await follow();
    const json = JSON.stringify("x".repeat(100_000));
    response.pause();
    for (let i = 0; i < 1_000 && hand.stopped === 0; i++) {
      hand.emit(String(i), json);
      await new Promise(setImmediate);
    }
    expect(hand.stopped).toBe(1);
  });

  it("beyond the limit is refused with 429 until one leaves", async () => {
    const hand = await listen({ eventStreamsMax: 1 });
    const first = await follow();
    const second = await follow();
    expect([second.statusCode, second.headers["retry-after"]]).toEqual([429, "5"]);
    first.destroy();
    await until(() => hand.stopped === 1);
    expect((await follow()).statusCode).toBe(200);
  });

  it("ends when the server closes", async () => {
    const hand = await listen();
    const response = await follow();
    response.resume();
    await Promise.all([once(response, "end"), server?.close()]);
    expect(hand.stopped).toBe(1);
  });
});
