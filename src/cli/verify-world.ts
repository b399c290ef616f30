/** What a verification reads: the stores of a data folder and their lanes, with the node running or not. Writes nothing. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { JetStreamApiError, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { decodeMark } from "../codec/index.ts";
import type { Settings } from "../config/index.ts";
import { startEmbeddedNats } from "../embedded-nats/index.ts";
import { laneName, laneStreamName, openLane } from "../journal/index.ts";
import { natsOptions } from "../nats/index.ts";
import type { Journal, SnapshotStore } from "../ports/index.ts";
import { openLmdbSnapshotStore } from "../snapshot/index.ts";
import { CommandFailed, reasonOf } from "./command.ts";
import { connected, QUIET, runningNode } from "./grid-nats.ts";

/** One member. */
export interface World {
  readonly lane: string;
  readonly journal: Journal;
  readonly store: SnapshotStore;
  close(): Promise<void>;
}

/** A data folder. */
export interface DataFolder {
  /** Of the node that runs on it, undefined when none does. */
  readonly httpUrl: string | undefined;
  /** Numbers of its members. */
  readonly members: readonly number[];
  open(member: number): Promise<World>;
  close(): Promise<void>;
}

const STREAM_NOT_FOUND = 10_059;

/** Throws CommandFailed when there is nothing to verify. */
export async function openDataFolder(settings: Settings): Promise<DataFolder> {
  const { dataDir } = settings;
  const members = membersIn(join(dataDir, "lmdb"));
  if (members.length === 0)
    throw new CommandFailed(`${dataDir} is no data folder of a node: there is no ${join(dataDir, "lmdb", "member-0")}`);
  const running = runningNode(dataDir);
  const known = running?.natsUrl ?? settings.natsUrl;
  const embedded = known === undefined ? await embeddedNats(settings) : undefined;
  try {
    const connection = await connected(natsOptions(settings, known ?? embedded?.url));
    return {
      httpUrl: running?.httpUrl,
      members,
      open: (member) => openMember(connection, settings, member),
      close: () => connection.close().finally(() => embedded?.stop()),
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

function membersIn(folder: string): number[] {
  if (!existsSync(folder)) return [];
  const numbers = readdirSync(folder).flatMap((name) => {
    const number = /^member-(\d+)$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
  return numbers.sort((a, b) => a - b);
}

async function openMember(connection: NatsConnection, settings: Settings, member: number): Promise<World> {
  const store = await openLmdbSnapshotStore({ path: join(settings.dataDir, "lmdb", `member-${member}`) });
  try {
    const lane = laneOf(store, settings, member);
    const stream = laneStreamName(lane);
    await mustExist(connection, stream);
    const journal = await openLane({ connection, stream });
    return { lane, journal, store, close: () => journal.close().finally(() => store.close()) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function embeddedNats({ dataDir, natsServer }: Settings): ReturnType<typeof startEmbeddedNats> {
  return startEmbeddedNats({ dataDir, log: QUIET, ...(natsServer === undefined ? {} : { binary: natsServer }) });
}

/** The checkpoint knows its lane; without one the settings say it. */
function laneOf(store: SnapshotStore, { cluster, nodeId }: Settings, member: number): string {
  const mark = store.mark();
  if (mark !== undefined) return decodeMark(mark).lane;
  return laneName({ cluster, node: nodeId, member });
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
