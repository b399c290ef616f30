import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EVENTS_STREAM, openEventTail } from "../../src/feed/index.ts";
import { eventSubject } from "../../src/feed/tokens.ts";
import type { EventTail, TailFilter } from "../../src/ports/index.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { until } from "./until.ts";

let nats: TestNats;
let connection: NatsConnection;
let tail: EventTail;
const stops: (() => void)[] = [];

interface Heard {
  readonly position: string;
  readonly json: string;
}

async function follow(filter: TailFilter, after?: string): Promise<Heard[]> {
  const heard: Heard[] = [];
  const stop = await tail.follow(filter, after, {
    onEvent: (position, json) => heard.push({ position, json }),
    onEnd: () => undefined,
  });
  if (stop === "unknown-position") throw new Error("the position is unknown");
  stops.push(stop);
  return heard;
}

function publish(...bodies: string[]): void {
  for (const body of bodies) connection.publish(eventSubject("s.1", "sku", body.startsWith("r") ? "released" : "held"), body);
}

const texts = (heard: readonly Heard[]): string[] => heard.map((event) => event.json);

beforeEach(async () => {
  nats = await startTestNats();
  connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  const jsm = await jetstreamManager(connection);
  await jsm.streams.add({ name: EVENTS_STREAM, subjects: ["stock.events.>"] });
  tail = openEventTail({ connection });
});

afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await connection.close();
  await nats.stop();
});

describe("the tail of the events", () => {
  it("starts with the next event when no position is given", async () => {
    publish("h1");
    await connection.flush();
    const heard = await follow({});
    publish("h2", "r3");
    await until("two events", () => heard.length === 2);
    expect(texts(heard)).toEqual(["h2", "r3"]);
  });

  it("resumes right after a position, with the filter of the new call", async () => {
    const first = await follow({});
    publish("h1", "h2", "r3", "h4");
    await until("four events", () => first.length === 4);
    const second = await follow({ location: "s.1", sku: "sku", type: "held" }, first[0]?.position);
    publish("h5");
    await until("three events", () => second.length === 3);
    expect(texts(second)).toEqual(["h2", "h4", "h5"]);
  });

  it("takes wild cards in a filter as plain text", async () => {
    const [all, none] = [await follow({}), await follow({ sku: "*" })];
    publish("h1");
    await until("one event", () => all.length === 1);
    expect(none).toEqual([]);
  });

  it("does not know a position that was made up, changed, or trimmed", async () => {
    const heard = await follow({});
    publish("h1", "h2", "h3");
    await until("three events", () => heard.length === 3);
    const [first, second] = heard.map((event) => event.position) as [string, string];
    const listener = { onEvent: () => undefined, onEnd: () => undefined };
    const jsm = await jetstreamManager(connection);
    await jsm.streams.purge(EVENTS_STREAM, { seq: 3 });
    for (const unknown of ["", "7", "e1", "e1-abc", second.replace("e2", "e3"), first]) {
      expect(await tail.follow({}, unknown, listener), unknown).toBe("unknown-position");
    }
    expect(texts(await follow({}, second))).toEqual([]);
  });

  it("goes on by itself after a short outage", async () => {
    const heard = await follow({});
    publish("h1");
    await until("one event", () => heard.length === 1);
    await nats.kill();
    await nats.restart();
    await until("the connection is back", () =>
      connection.flush().then(
        () => true,
        () => false,
      ),
    );
    publish("h2");
    await until("the event after the outage", () => heard.length === 2);
    expect(texts(heard)).toEqual(["h1", "h2"]);
  });

  it("ends with a reason, once, when the connection is closed", async () => {
    const reasons: string[] = [];
    await tail.follow({}, undefined, { onEvent: () => undefined, onEnd: (reason) => reasons.push(reason) });
    await connection.close();
    await until("the end", () => reasons.length > 0);
    expect(reasons).toHaveLength(1);
  });

  it("is silent after it was stopped", async () => {
    const [heard, other] = [await follow({}), await follow({})];
    stops[0]?.();
    publish("h1");
    await until("the other one hears", () => other.length === 1);
    expect(heard).toEqual([]);
  });
});
