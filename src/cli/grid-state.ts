/** The buckets of a cluster that exists, as commands read them: nothing is made. */

import { JetStreamApiError, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { KeyValue, KeyValueEntry } from "../ports/index.ts";
import { openKeyValue } from "../registry/index.ts";
import { CommandFailed, reasonOf } from "./command.ts";

const STREAM_NOT_FOUND = 10_059;

export interface StateBucket extends Pick<KeyValue, "get" | "put" | "overwrite" | "delete"> {
  /** Every key with its value. */
  all(): Promise<KeyValueEntry[]>;
}

export function stateBucket(cluster: string): string {
  return `STOCKGRID_STATE_${cluster}`;
}

export function membersBucket(cluster: string): string {
  return `STOCKGRID_MEMBERS_${cluster}`;
}

/** Rejects with CommandFailed when there is no such cluster. */
export async function openState(connection: NatsConnection, cluster: string): Promise<StateBucket> {
  if (!(await bucketExists(connection, stateBucket(cluster))))
    throw new CommandFailed(`there is no cluster ${cluster}: NATS has no bucket ${stateBucket(cluster)}`);
  return readable(await openKeyValue({ connection, bucket: stateBucket(cluster), storage: "file" }));
}

export function readable(bucket: KeyValue): StateBucket {
  return {
    get: (key) => bucket.get(key),
    put: (key, value, expected) => bucket.put(key, value, expected),
    overwrite: (key, value) => bucket.overwrite(key, value),
    delete: (key) => bucket.delete(key),
    all: () => allOf(bucket),
  };
}

export async function bucketExists(connection: NatsConnection, bucket: string): Promise<boolean> {
  try {
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    await streams.info(`KV_${bucket}`);
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return false;
    throw new CommandFailed(`JetStream cannot be asked: ${reasonOf(error)}`);
  }
}

async function allOf(bucket: KeyValue): Promise<KeyValueEntry[]> {
  const found = new Map<string, KeyValueEntry>();
  const settled = Promise.withResolvers<void>();
  const unwatch = bucket.watch((key, entry) => {
    if (entry === undefined) found.delete(key);
    else found.set(key, entry);
  }, settled.resolve);
  await settled.promise;
  unwatch();
  return [...found.values()];
}
