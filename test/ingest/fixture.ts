/** A real nats-server and a real member with the inbound stream on it, and a log whose lines can be read. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { AliasBook } from "../../src/aliases/index.ts";
import { parseMovement } from "../../src/api/index.ts";
import type { LocationId, Sku } from "../../src/base/index.ts";
import { DeadLetterStream, type Ingest, type IngestOptions, SignalStream, startIngest } from "../../src/ingest/index.ts";
import { Intake } from "../../src/intake/index.ts";
import { openLane } from "../../src/journal/index.ts";
import { type Grid, type Member, withLocations } from "../../src/member/index.ts";
import type { Log } from "../../src/ports/index.ts";
import type { Location } from "../../src/shard/index.ts";
import { openLmdbSnapshotStore } from "../../src/snapshot/index.ts";
import type { StockRecord } from "../../src/stock/index.ts";
import { SystemClock, SystemRandom } from "../../src/system/index.ts";
import { MemoryBucket } from "../support/memory-key-value.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { silentLog } from "../support/silent-log.ts";
import { soloMember } from "../support/solo-member.ts";

export interface World {
  readonly nats: TestNats;
  readonly client: NatsConnection;
  readonly member: Member;
  readonly aliases: AliasBook;
  /** Locations that a reader knows without asking. */
  readonly zones: Map<LocationId, Location>;
  connect(): Promise<NatsConnection>;
  stop(): Promise<void>;
}

/** One location, `dc.1`, whose name is percent-encoded in subjects. */
export async function startWorld(): Promise<World> {
  const nats = await startTestNats();
  const opened: NatsConnection[] = [];
  const open = async (): Promise<NatsConnection> => {
    const connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    opened.push(connection);
    return connection;
  };
  const folder = await mkdtemp(join(tmpdir(), "stockgrid-ingest-"));
  const store = await openLmdbSnapshotStore({ path: join(folder, "lmdb") });
  const journal = await openLane({ connection: await open(), stream: "STOCKGRID_LANE_test" });
  const ports = { clock: new SystemClock(), random: new SystemRandom(), journal, store, log: silentLog };
  const member = soloMember({ lane: "test", shards: 16, ports });
  await member.start();
  const location = { id: "dc.1" as LocationId, type: "dc" as const, name: "The warehouse" };
  await new Promise<void>((resolve) => member.locations.put(location, () => resolve()));
  const stop = async (): Promise<void> => {
    await member.stop();
    await journal.close();
    await store.close();
    await Promise.all(opened.map((connection) => connection.close()));
    await nats.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const aliases = new AliasBook(new MemoryBucket().view());
  return { nats, client: await open(), member, aliases, zones: new Map(), connect: open, stop };
}

export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly fields: object;
  readonly message: string;
}

export function keptLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const keep = (level: LogLine["level"]) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return { log: { info: keep("info"), warn: keep("warn"), error: keep("error") }, lines };
}

export interface ReaderOptions extends Partial<Omit<IngestOptions, "intake">> {
  readonly grid?: Pick<Grid, "move">;
}

/** Dead letters and signals are real streams of the test's server; codes are those of `world.aliases`. */
export async function intakeOf(world: World, grid?: Pick<Grid, "move">, log: Log = silentLog): Promise<Intake> {
  const connection = await world.connect();
  const whole = withLocations(world.member, world.member.locations);
  return new Intake({
    grid: { move: (movement, done) => (grid ?? whole).move(movement, done), location: (id, done) => whole.location(id, done) },
    codesOf: (source) => world.aliases.codesOf(source),
    locationOf: (id) => world.zones.get(id),
    parseMovement,
    deadLetters: new DeadLetterStream(connection, 1),
    signals: new SignalStream(connection, 1),
    clock: new SystemClock(),
    log,
  });
}

export async function ingestOf(world: World, { grid, ...more }: ReaderOptions = {}): Promise<Ingest> {
  const intake = await intakeOf(world, grid, more.log);
  return startIngest({ connection: await world.connect(), intake, log: silentLog, ...more });
}

let events = 0;

/** A CloudEvent around a movement of one unit at `dc.1`; members of `data` and `envelope` replace its own. */
export function cloudEvent(data: object, envelope: object = {}): string {
  events++;
  const movement = { type: "receipt", location: "dc.1", quantity: 1, ...data };
  const event = { specversion: "1.0", id: `e-${events}`, source: "/test/till-1", type: "com.example.movement", data: movement };
  return JSON.stringify({ ...event, ...envelope });
}

export const SUBJECT = "stock.ingest.wms.dc%2E1";

/** Stores one message in the stream; its sequence. */
export async function send(world: World, body: string | Uint8Array, subject = SUBJECT): Promise<number> {
  return (await jetstream(world.client).publish(subject, body)).seq;
}

export function recordOf(world: World, sku: string): Promise<StockRecord | undefined> {
  return new Promise((resolve, reject) =>
    world.member.record(sku as Sku, "dc.1" as LocationId, (result) => {
      if (result.kind === "read") resolve(result.value);
      else reject(new Error(result.detail));
    }),
  );
}

export const answeredCount = (ingest: Ingest): number => {
  const { applied, duplicate, accepted, rejected } = ingest.stats().results;
  return applied + duplicate + accepted + rejected;
};
