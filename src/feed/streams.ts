/**
 * The streams the feed writes.
 *
 * STOCK_EVENTS and STOCK_AVAILABILITY can be derived again from the journal, so with one replica they do not pay for a sync per message:
 * file storage with `persist_mode: async` where the server knows it (2.12). Replicated, they are persisted as the server is set and written by
 * atomic batches, see run-publisher.ts. STOCK_FEED_CURSOR and
 * STOCK_FEED_ORDER are always durable as the server is set.
 */

import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  PersistMode,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";

export const EVENTS_STREAM = "STOCK_EVENTS";
export const EVENTS_SUBJECTS = "stock.events.>";
export const AVAILABILITY_BUCKET = "STOCK_AVAILABILITY";
export const AVAILABILITY_STREAM = `KV_${AVAILABILITY_BUCKET}`;
export const AVAILABILITY_PREFIX = `$KV.${AVAILABILITY_BUCKET}.`;
export const ORDER_STREAM = "STOCK_FEED_ORDER";
export const ORDER_SUBJECT = "stock.feed.order";
export const CURSOR_STREAM = "STOCK_FEED_CURSOR";
export const CURSOR_PREFIX = "stock.feed.cursor.";

/** How much of STOCK_EVENTS is kept; whichever is reached first. */
export interface Retention {
  /** Milliseconds, at least 1,000 and several times the time to settle; default 7 days. */
  readonly maxAgeMs?: number | undefined;
  /** Bytes on disk; default no limit. */
  readonly maxBytes?: number | undefined;
}

const AGE_MS_DEFAULT = 7 * 24 * 3_600_000;
const NANOS = 1_000_000;
/** Nothing rests on deduplication here, see docs/spec/feed.md; the default of two minutes would keep millions of ids in the server. */
const DUPLICATE_WINDOW_MS = 2_000;

export interface StreamOptions {
  readonly retention: Retention;
  /** Copies of each stream, 1 to 5. For streams that are made now: those that exist keep theirs. */
  readonly replicas: number;
}

/** Creates what is missing and applies the retention. Settings of an existing stream that are not ours stay as they are. */
export async function ensureStreams(connection: NatsConnection, jsm: JetStreamManager, options: StreamOptions): Promise<void> {
  const { retention, replicas } = options;
  if (replicas > 1 && !knows212(connection)) throw new Error("a replicated feed needs nats-server 2.12 or newer");
  const derived = { ...derivedConfig(knows212(connection), replicas), num_replicas: replicas };
  const limits = { max_age: (retention.maxAgeMs ?? AGE_MS_DEFAULT) * NANOS, max_bytes: retention.maxBytes ?? -1 };
  await ensure(jsm, { ...eventsConfig(), ...derived, ...limits }, limits);
  await ensure(jsm, { ...availabilityConfig(), ...derived }, {});
  await ensure(jsm, { ...orderConfig(), num_replicas: replicas }, {});
  await ensure(jsm, { ...cursorConfig(), num_replicas: replicas }, {});
}

function derivedConfig(serverKnows: boolean, replicas: number): Partial<StreamConfig> {
  if (replicas > 1) return { allow_atomic: true };
  return serverKnows ? { persist_mode: PersistMode.Async } : {};
}

type NamedConfig = Partial<StreamConfig> & { name: string };

async function ensure(jsm: JetStreamManager, config: NamedConfig, limits: Partial<StreamConfig>): Promise<void> {
  const present = await findStream(jsm, config.name);
  if (present === undefined) await jsm.streams.add(config);
  else {
    const wanted = {
      ...limits,
      ...(present.num_replicas > 1 && config.name !== CURSOR_STREAM && config.name !== ORDER_STREAM
        ? { allow_atomic: true }
        : {}),
    };
    const differs = (Object.keys(wanted) as (keyof StreamConfig)[]).some(
      (key) => present[key] !== wanted[key as keyof typeof wanted],
    );
    if (differs) await jsm.streams.update(config.name, wanted);
  }
}

async function findStream(jsm: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await jsm.streams.info(name)).config;
  } catch (error) {
    if (isStreamNotFound(error)) return undefined;
    throw error;
  }
}

/** Error code of nats-server: there is no such stream. */
const STREAM_NOT_FOUND = 10059;

export function isStreamNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND;
}

function knows212(connection: NatsConnection): boolean {
  const [major = 0, minor = 0] = (connection.info?.version ?? "").split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 12);
}

function eventsConfig(): NamedConfig {
  return {
    name: EVENTS_STREAM,
    subjects: [EVENTS_SUBJECTS],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    duplicate_window: DUPLICATE_WINDOW_MS * NANOS,
    allow_direct: true,
  };
}

/** What KV clients expect of a bucket with history 1. */
function availabilityConfig(): NamedConfig {
  return {
    name: AVAILABILITY_STREAM,
    subjects: [`${AVAILABILITY_PREFIX}>`],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: 1,
    allow_rollup_hdrs: true,
    duplicate_window: DUPLICATE_WINDOW_MS * NANOS,
    allow_direct: true,
  };
}

/** Kept for much longer than a server can lose events. */
const ORDER_AGE_MS = 3_600_000;

function orderConfig(): NamedConfig {
  return {
    name: ORDER_STREAM,
    subjects: [ORDER_SUBJECT],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: ORDER_AGE_MS * NANOS,
  };
}

function cursorConfig(): NamedConfig {
  return {
    name: CURSOR_STREAM,
    subjects: [`${CURSOR_PREFIX}>`],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_msgs_per_subject: 1,
  };
}
