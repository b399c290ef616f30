/** The links contract on threads, NATS and both; batching; and two threads that are really two. */

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { NatsConnection } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linkSubject, NatsLinks, NodeLinks, ThreadHub, ThreadLinks } from "../../src/links/index.ts";
import { connectNats } from "../../src/nats/index.ts";
import type { Links } from "../../src/ports/index.ts";
import { describeLinksContract, type NetworkUnderTest } from "../contracts/links-contract.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { silentLog } from "../support/silent-log.ts";

let nats: TestNats;
let networks = 0;

beforeAll(async () => {
  nats = await startTestNats();
});

afterAll(async () => {
  await nats.stop();
});

const connect = (): Promise<NatsConnection> => connectNats({ url: nats.url, name: "links", log: silentLog });

function newLanes(): NetworkUnderTest["lanes"] {
  const cluster = `c${networks++}`;
  return { a: `${cluster}_n_0`, b: `${cluster}_n_1`, c: `${cluster}_m_0` };
}

function threadsOf(lanes: readonly string[]): Map<string, ThreadLinks> {
  const hub = new ThreadHub();
  const links = new Map(lanes.map((lane) => [lane, new ThreadLinks(lane)]));
  for (const [lane, own] of links) hub.add(lane, (peer, port) => own.connect(peer, port));
  return links;
}

interface NatsNetwork {
  readonly links: Map<string, NatsLinks>;
  readonly connections: NatsConnection[];
  dispose(): Promise<void>;
}

async function natsOf(lanes: readonly string[]): Promise<NatsNetwork> {
  const links = new Map<string, NatsLinks>();
  const connections: NatsConnection[] = [];
  for (const lane of lanes) {
    const connection = await connect();
    connections.push(connection);
    links.set(lane, new NatsLinks(connection, lane));
  }
  const dispose = async (): Promise<void> => {
    for (const link of links.values()) link.close();
    for (const connection of connections) await connection.close();
  };
  return { links, connections, dispose };
}

async function ready(links: Iterable<NatsLinks>): Promise<void> {
  for (const link of links) await link.ready();
}

describeLinksContract("threads", async () => {
  const lanes = newLanes();
  const links = threadsOf(Object.values(lanes));
  return {
    lanes,
    link: (lane) => links.get(lane) as Links,
    ready: async () => undefined,
    dispose: async () => {
      for (const link of links.values()) link.close();
    },
  };
});

describeLinksContract("NATS", async () => {
  const lanes = newLanes();
  const { links, dispose } = await natsOf(Object.values(lanes));
  return { lanes, link: (lane) => links.get(lane) as Links, ready: () => ready(links.values()), dispose };
});

describeLinksContract("two members of one node and one of another", async () => {
  const lanes = newLanes();
  const node = [lanes.a, lanes.b];
  const threads = threadsOf(node);
  const remote = await natsOf(Object.values(lanes));
  const link = (lane: string): Links => {
    const siblings = node.includes(lane) ? node.filter((other) => other !== lane) : [];
    return new NodeLinks(siblings, threads.get(lane) ?? new ThreadLinks(lane), remote.links.get(lane) as Links);
  };
  return {
    lanes,
    link,
    ready: () => ready(remote.links.values()),
    dispose: async () => {
      for (const own of threads.values()) own.close();
      await remote.dispose();
    },
  };
});

describe("messages of one turn to one peer", () => {
  it("are one message of NATS", async () => {
    const lanes = newLanes();
    const { links, dispose } = await natsOf([lanes.a, lanes.b]);
    const [a, b] = [links.get(lanes.a) as NatsLinks, links.get(lanes.b) as NatsLinks];
    let received = 0;
    b.receive(() => {
      received++;
    });
    const spy = await connect();
    let datagrams = 0;
    spy.subscribe(linkSubject(lanes.b), {
      callback: () => {
        datagrams++;
      },
    });
    await spy.flush();
    await b.ready();
    for (let i = 0; i < 100; i++) a.send(lanes.b, Uint8Array.of(i));
    await expect.poll(() => [received, datagrams]).toEqual([100, 1]);
    await spy.close();
    await dispose();
  });
});

describe("NATS links", () => {
  it("pass over what is no datagram", async () => {
    const lanes = newLanes();
    const { links, dispose } = await natsOf([lanes.a, lanes.b]);
    const b = links.get(lanes.b) as NatsLinks;
    const received: string[] = [];
    b.receive((_, message) => received.push(new TextDecoder().decode(message)));
    await b.ready();
    const stranger = await connect();
    for (const junk of ["", "x", "\u0000\u0001a\u0000\u0000\u0000\u0009short"]) stranger.publish(linkSubject(lanes.b), junk);
    await stranger.flush();
    (links.get(lanes.a) as NatsLinks).send(lanes.b, new TextEncoder().encode("good"));
    await expect.poll(() => received).toEqual(["good"]);
    await stranger.close();
    await dispose();
  });

  it("drop what is sent while the server is away, and go on when it is back", async () => {
    const lanes = newLanes();
    const { links, connections, dispose } = await natsOf([lanes.a, lanes.b]);
    const [a, b] = [links.get(lanes.a) as NatsLinks, links.get(lanes.b) as NatsLinks];
    const received: string[] = [];
    b.receive((_, message) => received.push(new TextDecoder().decode(message)));
    await b.ready();
    const lost = statusOf(connections[0] as NatsConnection, "disconnect");
    await nats.kill();
    await lost;
    const published = connections[0]?.stats().outMsgs;
    a.send(lanes.b, new TextEncoder().encode("while away"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(connections[0]?.stats().outMsgs).toBe(published);
    await nats.restart();
    const comesThrough = (): boolean => {
      a.send(lanes.b, new TextEncoder().encode("back"));
      return received.includes("back");
    };
    await expect.poll(comesThrough, { timeout: 10_000 }).toBe(true);
    expect(received).not.toContain("while away");
    await dispose();
  });
});

async function statusOf(connection: NatsConnection, type: "disconnect"): Promise<void> {
  for await (const status of connection.status()) if (status.type === type) return;
}

describe("a member in a thread of its own", () => {
  it("answers over its port, and its successor does after it ended", async () => {
    const hub = new ThreadHub();
    const main = new ThreadLinks("main");
    const echoed: string[] = [];
    main.receive((from, message) => echoed.push(`${from}: ${new TextDecoder().decode(message)}`));
    hub.add("main", (peer, port) => main.connect(peer, port));
    for (const round of ["first", "second"]) {
      const worker = new Worker(new URL("./echo-thread.ts", import.meta.url), { workerData: { lane: "echo" } });
      await once(worker, "online");
      hub.add("echo", (peer, port) => worker.postMessage({ peer, port }, [port]));
      main.send("echo", new TextEncoder().encode(round));
      await expect.poll(() => echoed, { timeout: 10_000 }).toContain(`echo: echo ${round}`);
      await worker.terminate();
      main.send("echo", new TextEncoder().encode("nobody"));
    }
    expect(echoed).toEqual(["echo: echo first", "echo: echo second"]);
    main.close();
  });
});
