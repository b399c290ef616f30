/** What a verification reads: the store and the lane of a data folder, with the node running or not. Writes nothing. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { JetStreamApiError, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { decodeMark } from "../codec/index.ts";
import type { Settings } from "../config/index.ts";
import { startEmbeddedNats } from "../embedded-nats/index.ts";
import { laneName, laneStreamName, openLane } from "../journal/index.ts";
import { connectNats, type NatsOptions, natsOptions } from "../nats/index.ts";
import type { Journal, Log, SnapshotStore } from "../ports/index.ts";
import { openLmdbSnapshotStore } from "../snapshot/index.ts";
import { CommandFailed, reasonOf } from "./command.ts";
import { asRecord } from "./connection.ts";

export interface World {
  readonly lane: string;
  readonly journal: Journal;
  readonly store: SnapshotStore;
  /** Of the node that runs on this folder, undefined when none does. */
  readonly httpUrl: string | undefined;
  close(): Promise<void>;
}

const CONNECT_MS_MAX = 15_000;
const STREAM_NOT_FOUND = 10_059;

const QUIET: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Throws CommandFailed when there is nothing to verify. */
export async function openWorld(settings: Settings): Promise<World> {
  const path = join(settings.dataDir, "lmdb", "member-0");
  if (!existsSync(path)) throw new CommandFailed(`${settings.dataDir} is no data folder of a node: there is no ${path}`);
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closers.splice(0).reverse()) await step();
  };
  try {
    const running = runningNode(settings.dataDir);
    const natsUrl = running?.natsUrl ?? settings.natsUrl ?? (await embeddedNats(settings, closers));
    const connection = await connected(natsOptions(settings, natsUrl));
    closers.push(() => connection.close());
    const store = await openLmdbSnapshotStore({ path });
    closers.push(() => store.close());
    const lane = laneOf(store, settings);
    const stream = laneStreamName(lane);
    await mustExist(connection, stream);
    const journal = await openLane({ connection, stream });
    closers.push(() => journal.close());
    return { lane, journal, store, httpUrl: running?.httpUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface NodeAddresses {
  readonly httpUrl: string;
  readonly natsUrl: string;
}

/** A node.json whose process is gone was left by a crash. */
function runningNode(dataDir: string): NodeAddresses | undefined {
  const path = join(dataDir, "node.json");
  if (!existsSync(path)) return undefined;
  const { pid, httpUrl, natsUrl } = asRecord(JSON.parse(readFileSync(path, "utf8")));
  if (typeof httpUrl !== "string" || typeof natsUrl !== "string" || !isAlive(Number(pid))) return undefined;
  return { httpUrl, natsUrl };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function embeddedNats(settings: Settings, closers: (() => Promise<unknown>)[]): Promise<string> {
  const { dataDir, natsServer } = settings;
  const server = await startEmbeddedNats({ dataDir, log: QUIET, ...(natsServer === undefined ? {} : { binary: natsServer }) });
  closers.push(() => server.stop());
  return server.url;
}

async function connected(nats: NatsOptions): Promise<NatsConnection> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new CommandFailed(`NATS at ${nats.url} does not answer`)), CONNECT_MS_MAX);
  try {
    return await Promise.race([connectNats({ ...nats, name: "stockgrid verify", log: QUIET }), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The checkpoint knows its lane; without one the settings say it. */
function laneOf(store: SnapshotStore, { cluster, nodeId }: Settings): string {
  const mark = store.mark();
  if (mark !== undefined) return decodeMark(mark).lane;
  return laneName({ cluster, node: nodeId, member: 0 });
}

/** Opening a lane makes it when it is missing: a verification must not. */
async function mustExist(connection: NatsConnection, stream: string): Promise<void> {
  const manager = await jetstreamManager(connection);
  try {
    await manager.streams.info(stream);
  } catch (error) {
    const missing = error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND;
    throw new CommandFailed(
      missing
        ? `the journal ${stream} does not exist: it was lost or replaced`
        : `the journal cannot be asked: ${reasonOf(error)}`,
    );
  }
}
