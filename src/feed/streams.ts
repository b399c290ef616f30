/**
 * The streams the feed writes, and the one way their tail is read.
 *
 * STOCK_EVENTS and STOCK_AVAILABILITY can be derived again from the journal, so they do not pay for a sync per message:
 * file storage with `persist_mode: async` where the server knows it (2.12). STOCK_FEED_CURSOR is durable as the server is set.
 */

import {
  DiscardPolicy,
  type JetStreamManager,
  PersistMode,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
  type StreamConfig,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";

export const EVENTS_STREAM = "STOCK_EVENTS";
export const EVENTS_SUBJECTS = "stock.events.>";
export const AVAILABILITY_BUCKET = "STOCK_AVAILABILITY";
export const AVAILABILITY_STREAM = `KV_${AVAILABILITY_BUCKET}`;
export const AVAILABILITY_PREFIX = `$KV.${AVAILABILITY_BUCKET}.`;
export const CURSOR_STREAM = "STOCK_FEED_CURSOR";
export const CURSOR_PREFIX = "stock.feed.cursor.";

/** How much of STOCK_EVENTS is kept; whichever is reached first. */
export interface Retention {
  /** Milliseconds, at least 1,000; default 7 days. */
  readonly maxAgeMs?: number | undefined;
  /** Bytes on disk; default no limit. */
  readonly maxBytes?: number | undefined;
}

const AGE_MS_DEFAULT = 7 * 24 * 3_600_000;
const NANOS = 1_000_000;
/** Nothing rests on deduplication here, see docs/spec/feed.md; the default of two minutes would keep millions of ids in the server. */
const DUPLICATE_WINDOW_MS = 2_000;

/** Creates what is missing and applies the retention. Settings of an existing stream that are not ours stay as they are. */
export async function ensureStreams(connection: NatsConnection, jsm: JetStreamManager, retention: Retention): Promise<void> {
  const derived = persistsAsync(connection) ? { persist_mode: PersistMode.Async } : {};
  const limits = { max_age: (retention.maxAgeMs ?? AGE_MS_DEFAULT) * NANOS, max_bytes: retention.maxBytes ?? -1 };
  await ensure(jsm, { ...eventsConfig(), ...derived, ...limits }, limits);
  await ensure(jsm, { ...availabilityConfig(), ...derived }, undefined);
  await ensure(jsm, cursorConfig(), undefined);
}

type NamedConfig = Partial<StreamConfig> & { name: string };

async function ensure(jsm: JetStreamManager, config: NamedConfig, limits: Partial<StreamConfig> | undefined): Promise<void> {
  const present = await findStream(jsm, config.name);
  if (present === undefined) await jsm.streams.add(config);
  else if (limits !== undefined && (present.max_age !== limits.max_age || present.max_bytes !== limits.max_bytes)) {
    await jsm.streams.update(config.name, limits);
  }
}

async function findStream(jsm: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  for await (const info of jsm.streams.list()) if (info.config.name === name) return info.config;
  return undefined;
}

function persistsAsync(connection: NatsConnection): boolean {
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
    num_replicas: 1,
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
    num_replicas: 1,
    allow_direct: true,
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
    num_replicas: 1,
  };
}

export interface Tail {
  /** Sequence of the last message ever stored. */
  readonly lastSeq: number;
  /** Newest kept message that `mine` accepted, undefined when the newest {@link SCAN_MAX} hold none. */
  readonly message: StoredMsg | undefined;
}

/** How far back a message of this lane is looked for. */
export const SCAN_MAX = 1_000;

/** The stream's own tail, as its leader has it. Rejects when it cannot be asked. */
export async function readTail(jsm: JetStreamManager, stream: string, mine: (message: StoredMsg) => boolean): Promise<Tail> {
  const { state } = await jsm.streams.info(stream);
  const lowest = Math.max(state.first_seq, state.last_seq - SCAN_MAX + 1);
  for (let seq = state.last_seq; seq >= lowest && seq > 0; seq--) {
    const message = await jsm.streams.getMessage(stream, { seq });
    if (message !== null && mine(message)) return { lastSeq: state.last_seq, message };
  }
  return { lastSeq: state.last_seq, message: undefined };
}
