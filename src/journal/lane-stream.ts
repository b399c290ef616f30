/** The stream behind a lane: created as a lane needs it, refused when an existing one could lose or admit records. */

import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "@nats-io/nats-core";
import { laneSubject } from "./lane-name.ts";

/** Error code of nats-server: there is no such stream. */
const STREAM_NOT_FOUND = 10059;
const SERVER_MAJOR_MIN = 2;
const SERVER_MINOR_MIN = 10;
/** The smallest window the server accepts; lane records carry no message ids, so it never holds any. */
const DUPLICATE_WINDOW_MS = 100;
const UNLIMITED = -1;

/** The server or an existing stream cannot carry a lane. Names what and why; a person has to act. */
export class UnsuitableLane extends Error {
  override readonly name = "UnsuitableLane";
}

/** Creates the stream if it is missing and checks what is there. Rejects with UnsuitableLane or the fault of the journal. */
export async function ensureLaneStream(
  connection: NatsConnection,
  stream: string,
  replicas: number,
  timeoutMs: number,
): Promise<JetStreamManager> {
  checkServer(connection);
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: timeoutMs });
  const config = (await existingConfig(manager, stream)) ?? (await create(manager, stream, replicas));
  const problem = streamProblem(config, laneSubject(stream));
  if (problem !== undefined) throw new UnsuitableLane(`stream ${stream} cannot be a lane: ${problem}`);
  return manager;
}

function checkServer(connection: NatsConnection): void {
  const version = connection.info?.version ?? "unknown";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > SERVER_MAJOR_MIN || (major === SERVER_MAJOR_MIN && minor >= SERVER_MINOR_MIN)) return;
  throw new UnsuitableLane(
    `nats-server ${version} is too old for a journal: ${SERVER_MAJOR_MIN}.${SERVER_MINOR_MIN} or newer can sync each write to disk`,
  );
}

async function existingConfig(manager: JetStreamManager, stream: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(stream)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

async function create(manager: JetStreamManager, stream: string, replicas: number): Promise<StreamConfig> {
  const info = await manager.streams.add({
    name: stream,
    subjects: [laneSubject(stream)],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    max_age: 0,
    max_bytes: UNLIMITED,
    max_msgs: UNLIMITED,
    max_msg_size: UNLIMITED,
    max_msgs_per_subject: UNLIMITED,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    deny_delete: true,
    deny_purge: false,
    allow_direct: false,
  });
  return info.config;
}

/** Why a stream with this configuration cannot be trusted with a lane, or undefined when it can. */
export function streamProblem(config: StreamConfig, subject: string): string | undefined {
  if (config.subjects?.length !== 1 || config.subjects[0] !== subject) return `its subjects must be ${subject} alone`;
  if (config.storage !== StorageType.File) return "its storage must be file";
  if (config.retention !== RetentionPolicy.Limits) return "its retention must be limits";
  if (config.persist_mode === "async") return "persist_mode async acknowledges before a record is on disk";
  if (config.sealed) return "it is sealed";
  if (config.mirror !== undefined || (config.sources?.length ?? 0) > 0) return "it copies another stream";
  return limitProblem(config);
}

function limitProblem(config: StreamConfig): string | undefined {
  if (config.max_age > 0) return "max_age would drop records";
  if (config.max_msgs_per_subject > 0) return "max_msgs_per_subject would drop records";
  if (config.discard === DiscardPolicy.New) return undefined;
  if (config.max_msgs > 0) return "max_msgs with discard old would drop records";
  if (config.max_bytes > 0) return "max_bytes with discard old would drop records";
  return undefined;
}
