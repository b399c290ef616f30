/** The JetStream stream behind a key-value bucket: made as NATS clients expect a bucket of history 1, refused when it could lose values. */

import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";

/** Error code of nats-server: there is no such stream. */
const STREAM_NOT_FOUND = 10059;
/** No message ids are used; the smallest window the server accepts. */
const DUPLICATE_WINDOW_MS = 100;
const UNLIMITED = -1;

export interface Bucket {
  readonly name: string;
  /** `memory` for what may be lost with the servers, such as who is alive. */
  readonly storage: "file" | "memory";
  /** Copies, 1 to 5; only for a bucket that is made now. */
  readonly replicas: number;
}

/** An existing stream cannot carry the bucket. Names what and why; a person has to act. */
export class UnsuitableBucket extends Error {
  override readonly name = "UnsuitableBucket";
}

export function bucketStream(bucket: string): string {
  return `KV_${bucket}`;
}

/** Subject of a key is this and the key. */
export function bucketPrefix(bucket: string): string {
  return `$KV.${bucket}.`;
}

/** Makes the stream if it is missing and checks what is there. Rejects with UnsuitableBucket or the fault of the server. */
export async function ensureBucket(manager: JetStreamManager, bucket: Bucket): Promise<StreamInfo> {
  const info = (await existing(manager, bucket)) ?? (await manager.streams.add(configOf(bucket)));
  const problem = problemOf(info.config, bucket);
  if (problem !== undefined) throw new UnsuitableBucket(`stream ${info.config.name} cannot be a bucket: ${problem}`);
  return info;
}

async function existing(manager: JetStreamManager, { name }: Bucket): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(bucketStream(name));
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

/** Without direct gets: they may be answered by a copy that is behind. */
function configOf({ name, storage, replicas }: Bucket): Partial<StreamConfig> & { name: string } {
  return {
    name: bucketStream(name),
    subjects: [`${bucketPrefix(name)}>`],
    storage: storage === "file" ? StorageType.File : StorageType.Memory,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    max_msgs_per_subject: 1,
    max_msgs: UNLIMITED,
    max_bytes: UNLIMITED,
    max_age: 0,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    allow_rollup_hdrs: true,
    deny_delete: true,
    allow_direct: false,
  };
}

function problemOf(config: StreamConfig, bucket: Bucket): string | undefined {
  const subject = `${bucketPrefix(bucket.name)}>`;
  if (config.subjects?.length !== 1 || config.subjects[0] !== subject) return `its subjects must be ${subject} alone`;
  if (bucket.storage === "file" && config.storage !== StorageType.File) return "its storage must be file";
  if (bucket.storage === "file" && config.persist_mode === "async")
    return "persist_mode async acknowledges before a value is on disk";
  if (config.max_age > 0) return "max_age would drop values";
  if (config.retention !== RetentionPolicy.Limits) return "its retention must be limits";
  if (config.mirror !== undefined || (config.sources?.length ?? 0) > 0) return "it copies another stream";
  if (config.sealed) return "it is sealed";
  return undefined;
}
