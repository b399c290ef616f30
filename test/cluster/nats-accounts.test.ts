/** The accounts of the NATS servers, on a real cluster of three with TLS: what each user may, and what none can get around. */

import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { type NatsConnection, nuid, PermissionViolationError } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LocalCluster } from "../../cluster/local/index.ts";
import { generateNats, makeAuthority, type Role } from "../../cluster/nats/index.ts";
import { CorruptData } from "../../src/base/index.ts";
import { decodeJournalRecord } from "../../src/codec/index.ts";
import { connectionOptions, connectNats, type NatsOptions } from "../../src/nats/index.ts";
import { silentLog } from "../support/silent-log.ts";

const LANE = "stockgrid.lane.local_node-1_0";
const LANE_STREAM = "STOCKGRID_LANE_local_node-1_0";

let folder: string;
let cluster: LocalCluster;
const open: NatsConnection[] = [];

async function as(user: Role, options: Partial<NatsOptions> = {}): Promise<NatsConnection> {
  const connection = await connect({
    ...connectionOptions({ ...cluster.natsOptions(user), ...options }),
    reconnect: false,
    timeout: 5_000,
  });
  open.push(connection);
  return connection;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stockgrid-accounts-"));
  cluster = await LocalCluster.start({ folder, nodes: 1, secure: true });
}, 120_000);

afterAll(async () => {
  await Promise.all(open.map((connection) => connection.close()));
  await cluster?.kill();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const OPERATIONS = { publish: "publish", subscribe: "subscription" } as const;

/** Whether the servers let a user publish to, or subscribe to, a subject. A refusal comes before the answer to a flush. */
async function isAllowed(connection: NatsConnection, operation: "publish" | "subscribe", subject: string): Promise<boolean> {
  const refused = Promise.withResolvers<false>();
  const look = (error: unknown): void => {
    if (!(error instanceof PermissionViolationError)) return;
    if (error.operation === OPERATIONS[operation] && error.subject === subject) refused.resolve(false);
  };
  void (async () => {
    for await (const status of connection.status()) if (status.type === "error") look(status.error);
  })();
  if (operation === "publish") connection.publish(subject, "{}");
  else connection.subscribe(subject, { callback: (error) => look(error) });
  const allowed = connection
    .flush()
    .then(() => connection.flush())
    .then(() => true as const);
  return await Promise.race([refused.promise, allowed]);
}

const PUBLISH: readonly (readonly [subject: string, users: readonly Role[]])[] = [
  [LANE, ["grid", "operator"]],
  ["stockgrid.link.local_node-1_0", ["grid", "operator"]],
  ["$KV.STOCKGRID_STATE_local.map", ["grid", "operator"]],
  ["$KV.STOCKGRID_STATE_other.map", ["operator"]],
  ["$KV.STOCKGRID_MEMBERS_local.x", ["grid", "operator"]],
  ["$KV.STOCK_AVAILABILITY.dc.a", ["grid", "operator"]],
  ["$O.STOCKGRID_IMAGES_local.C.x", ["grid", "operator"]],
  ["stock.feed.cursor.x", ["grid", "operator"]],
  ["stock.events.dc.a.held", ["grid", "operator"]],
  ["stockgrid.mirror.STOCK_EVENTS.x", ["operator"]],
  ["stock.ingest.pos.dc", ["ingest", "operator"]],
  ["stockgrid.v1.stock.get", ["client", "operator"]],
  ["$SRV.PING", ["client", "operator"]],
  ["$JS.API.INFO", ["grid", "client", "operator"]],
  ["$JS.API.STREAM.CREATE.X", ["grid", "operator"]],
  ["$JS.API.STREAM.DELETE.X", ["operator"]],
  ["$JS.API.STREAM.MSG.DELETE.X", ["operator"]],
  ["$JS.API.STREAM.PURGE.X", ["grid", "operator"]],
  ["$JS.API.STREAM.SNAPSHOT.X", ["operator"]],
  ["$JS.API.STREAM.INFO.STOCK_EVENTS", ["grid", "client", "operator"]],
  [`$JS.API.STREAM.INFO.${LANE_STREAM}`, ["grid", "operator"]],
  [`$JS.API.STREAM.MSG.GET.${LANE_STREAM}`, ["grid", "operator"]],
  ["$JS.API.CONSUMER.CREATE.STOCK_EVENTS.x", ["grid", "client", "operator"]],
  ["$JS.API.CONSUMER.CREATE.STOCK_INGEST.x", ["grid", "operator"]],
  [`$JS.API.CONSUMER.CREATE.${LANE_STREAM}.x`, ["grid", "operator"]],
  ["$JS.GRID.API.STREAM.INFO.STOCK_EVENTS", ["operator"]],
  ["$JS.GRID.API.CONSUMER.CREATE.STOCK_EVENTS.x", ["operator"]],
];

/** A stray message here harms the node that runs meanwhile; that those who may can is shown by that node's working. */
const HARMFUL: readonly string[] = [LANE, "stock.events.dc.a.held", "$KV.STOCK_AVAILABILITY.dc.a", "stock.feed.cursor.x"];

const SUBSCRIBE: typeof PUBLISH = [
  ["stockgrid.lane.>", ["operator"]],
  ["stockgrid.link.x", ["grid", "operator"]],
  ["stockgrid.v1.stock.get", ["grid", "operator"]],
  ["_INBOX.client.>", ["grid", "operator", "client"]],
  ["_INBOX.ingest.>", ["grid", "operator", "ingest"]],
  ["_INBOX.>", ["grid", "operator"]],
  ["stock.events.>", ["operator"]],
  ["stock.ingest.>", ["operator"]],
  ["$SYS.>", ["operator"]],
  [">", ["operator"]],
];

const USERS: readonly Role[] = ["grid", "operator", "client", "ingest"];

describe("a client", () => {
  it("reserves, over the account's border", async () => {
    const client = await as("client");
    const answer = async (subject: string, body: object): Promise<Record<string, unknown>> =>
      (await client.request(subject, JSON.stringify(body), { timeout: 10_000 })).json();
    const movement = { id: nuid.next(), type: "receipt", sku: "ACC-1", location: "dc", quantity: 5 };
    await putLocation();
    expect(await answer("stockgrid.v1.movements.apply", movement)).toMatchObject({ results: [{ status: "applied" }] });
    expect(await answer("stockgrid.v1.reservations.create", { sku: "ACC-1", location: "dc", quantity: 2 })).toMatchObject({
      status: "held",
    });
  });

  it("finds the members", async () => {
    const client = await as("client");
    const found = [];
    for await (const message of await client.requestMany("$SRV.PING", "", { strategy: "timer", maxWait: 1_000 })) {
      found.push(message.json<{ name: string }>().name);
    }
    expect(new Set(found)).toEqual(new Set(["stockgrid"]));
  });

  it("reads events and availability from copies, in order and whole", async () => {
    const client = await as("client");
    await expect.poll(async () => (await eventSubjects(client)).at(-1), { timeout: 10_000 }).toBe("stock.events.dc.ACC-1.held");
    const bucket = await new Kvm(client).open("STOCK_AVAILABILITY");
    await expect
      .poll(async () => (await bucket.get("dc.ACC-1"))?.json(), { timeout: 10_000 })
      .toMatchObject({ available: 3, onHand: 5 });
  });

  it("gets every event also when they come faster than a copy is made", async () => {
    const [grid, client] = [await as("grid"), await as("client")];
    const before = (await mirror(client)).state.last_seq;
    const body = "x".repeat(2_000);
    const count = 2_000;
    await Promise.all(Array.from({ length: count }, (_, n) => jetstream(grid).publish(`stock.events.dc.b${n}.held`, body)));
    await expect.poll(async () => (await mirror(client)).state.last_seq - before, { timeout: 15_000 }).toBe(count);
  });
});

describe("what nobody outside can do, by way of others", () => {
  it("write into a lane by naming it as the subject of a reply", async () => {
    const before = await laneLast();
    for (const [user, subjects] of [
      ["client", ["stockgrid.v1.stock.get", "$SRV.PING", "$JS.API.STREAM.INFO.STOCK_EVENTS", "$JS.API.INFO"]],
      ["ingest", ["stock.ingest.pos.dc"]],
    ] as const) {
      const connection = await as(user);
      for (const subject of subjects) connection.publish(subject, "{}", { reply: LANE });
      await connection.flush();
    }
    // Answered after those: whatever they caused is done.
    await (await as("client")).request("$SRV.PING", "", { timeout: 5_000 });
    await expect.poll(ingestProblems, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(await strangersInLane(before)).toEqual([]);
  });

  it("write into a lane by a consumer that delivers there", async () => {
    const [client, grid, before] = [await as("client"), await as("grid"), await laneLast()];
    const config = { name: "evil", deliver_subject: LANE, ack_policy: AckPolicy.None, deliver_policy: "all" };
    const request = JSON.stringify({ stream_name: "STOCK_EVENTS", action: "create", config });
    await client.request("$JS.API.CONSUMER.CREATE.STOCK_EVENTS.evil", request, { timeout: 5_000 });
    await jetstream(grid).publish("stock.events.dc.c.held", "x");
    const last = (await (await jetstreamManager(grid)).streams.info("STOCK_EVENTS")).state.last_seq;
    await expect.poll(async () => (await mirror(client)).state.last_seq, { timeout: 10_000 }).toBe(last);
    expect(await strangersInLane(before)).toEqual([]);
  });

  it("forge availability or events that other clients see", async () => {
    const client = await as("client");
    const before = (await mirror(client)).state.last_seq;
    for (const subject of ["$KV.STOCK_AVAILABILITY.dc.ACC-1", "stock.events.dc.ACC-1.held"])
      client.publish("$JS.API.INFO", "", { reply: subject });
    await client.request("$SRV.PING", "", { timeout: 5_000 });
    const bucket = await new Kvm(client).open("STOCK_AVAILABILITY");
    expect((await bucket.get("dc.ACC-1"))?.json()).toMatchObject({ available: 3 });
    expect((await mirror(client)).state.last_seq).toBe(before);
  });
});

describe("an ingester", () => {
  it("gets the answer that its message is stored", async () => {
    const ingest = await as("ingest");
    expect(await jetstream(ingest).publish("stock.ingest.pos.dc", "{}")).toMatchObject({ stream: "STOCK_INGEST" });
  });
});

describe("the operator", () => {
  it("removes a stream", async () => {
    const manager = await jetstreamManager(await as("operator"));
    await manager.streams.add({ name: "SCRATCH", subjects: ["scratch"], num_replicas: 3 });
    expect(await manager.streams.delete("SCRATCH")).toBe(true);
  });
});

describe("the way in", () => {
  it("is refused to who has no key, and to who is not known", async () => {
    const { url, tls } = cluster.natsOptions("client");
    await expect(connect({ ...connectionOptions({ url, tls }), reconnect: false })).rejects.toThrow(/authorization/i);
    const other = await generateNats({ out: join(folder, "other"), cluster: "local", servers: [] });
    const auth = { kind: "creds", path: other.users.get("client") ?? "" } as const;
    await expect(connect({ ...connectionOptions({ url, tls, auth }), reconnect: false })).rejects.toThrow(/authorization/i);
  });

  it("is refused to a client that does not trust the servers' authority", async () => {
    const stranger = join(folder, "stranger.pem");
    await writeFile(stranger, (await makeAuthority("stranger")).cert);
    await expect(as("client", { tls: { ca: stranger } })).rejects.toThrow(/certificate|verify/i);
  });

  it("is refused without TLS", async () => {
    const said = await plainAnswer();
    expect(said).toContain('"tls_required":true');
    expect(said).not.toContain("PONG");
  });

  it("stays closed rather than open when the node's own connection is refused, and says why", async () => {
    const { url, tls } = cluster.natsOptions("client");
    await expect(connectNats({ url, tls, name: "nobody", log: silentLog })).rejects.toThrow(/authorization/i);
  });
});

describe("the files", () => {
  it("with secrets are their owner's alone", async () => {
    const secure = join(folder, "secure");
    const names = (await readdir(secure, { recursive: true })).filter((name) => /\.(nk|key|conf|password)$/.test(name));
    expect(names.length).toBeGreaterThan(12);
    const open = [];
    for (const name of names) if (((await stat(join(secure, name))).mode & 0o077) !== 0) open.push(name);
    expect(open).toEqual([]);
  });
});

async function putLocation(): Promise<void> {
  const [node] = cluster.nodes;
  const body = JSON.stringify({ type: "dc", name: "dc" });
  const answer = await fetch(`${node?.httpUrl}/v1/locations/dc`, {
    method: "PUT",
    body,
    headers: { "content-type": "application/json" },
  });
  expect(answer.ok).toBe(true);
}

async function mirror(client: NatsConnection): ReturnType<Awaited<ReturnType<typeof jetstreamManager>>["streams"]["info"]> {
  return (await jetstreamManager(client)).streams.info("STOCK_EVENTS");
}

async function eventSubjects(client: NatsConnection): Promise<string[]> {
  const consumer = await jetstream(client).consumers.get("STOCK_EVENTS");
  const subjects = [];
  for await (const { subject } of await consumer.fetch({ max_messages: 10, expires: 1_000 })) subjects.push(subject);
  return subjects.filter((subject) => subject.includes("ACC-1"));
}

async function laneLast(): Promise<number> {
  return (await (await jetstreamManager(await as("operator"))).streams.info(LANE_STREAM)).state.last_seq;
}

/** What of the lane after `last` is no record of its member, which writes by itself now and then. */
async function strangersInLane(last: number): Promise<string[]> {
  const { streams } = await jetstreamManager(await as("operator"));
  const found: string[] = [];
  const end = await laneLast();
  for (let seq = last + 1; seq <= end; seq++) {
    const bytes = (await streams.getMessage(LANE_STREAM, { seq }))?.data ?? new Uint8Array();
    try {
      decodeJournalRecord(bytes, `sequence ${seq}`);
    } catch (error) {
      if (!(error instanceof CorruptData)) throw error;
      found.push(new TextDecoder().decode(bytes));
    }
  }
  return found;
}

/** Inbound messages that the grid refused: it has seen them. */
async function ingestProblems(): Promise<number> {
  const text = await (await fetch(`${cluster.nodes[0]?.httpUrl}/metrics`)).text();
  return Number(/stockgrid_ingest_messages_total\{[^}]*result="rejected"[^}]*\} (\d+)/.exec(text)?.[1] ?? 0);
}

/** What a server says to a client that goes on without TLS. */
function plainAnswer(): Promise<string> {
  const [server] = cluster.nats;
  return new Promise((resolve, reject) => {
    let said = "";
    const socket = connectSocket(server?.ports.client ?? 0, "127.0.0.1");
    socket.on("data", (chunk) => {
      said += chunk.toString();
      if (said.startsWith("INFO") && said.includes("\r\n") && !said.includes("-ERR")) socket.write("CONNECT {}\r\nPING\r\n");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(said));
  });
}

// Last: what the allowed ones say here is no map, no lane and no event, and the node will not stand it.
describe.each([
  ["publish", PUBLISH],
  ["subscribe", SUBSCRIBE],
] as const)("permission to %s", (operation, table) => {
  it.each(USERS)("of %s is as the table says", async (user) => {
    const connection = await as(user);
    const found: [string, boolean][] = [];
    for (const [subject, users] of table) {
      const harmful = operation === "publish" && users.includes(user) && HARMFUL.includes(subject);
      found.push([subject, harmful ? true : await isAllowed(connection, operation, subject)]);
    }
    expect(found).toEqual(table.map(([subject, users]) => [subject, users.includes(user)]));
  });
});
