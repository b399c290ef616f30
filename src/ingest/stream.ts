/** The stream of inbound messages and its durable consumer: created as they are needed, refused when they could lose a message. */

import {
  AckPolicy,
  type Consumer,
  type ConsumerUpdateConfig,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "@nats-io/nats-core";

export const INGEST_STREAM = "STOCK_INGEST";
/** One name for all members: each message goes to one of them. */
export const INGEST_CONSUMER = "stockgrid";
const SUBJECTS = "stock.ingest.>";
/** Error code of nats-server: there is no such stream. */
const STREAM_NOT_FOUND = 10059;
/** Error code of nats-server: the consumer is there, with other settings. */
const CONSUMER_EXISTS = 10148;
/** What was sent stays readable for so long, answered or not. Ids of movements are remembered as long by default. */
const AGE_MS_MAX = 7 * 24 * 3_600_000;
/** Messages delivered and not yet answered, over all members: bounds what is in flight. */
export const UNANSWERED_MAX = 1_000;

/** An existing stream cannot carry inbound messages. Names why; a person has to act. */
export class UnsuitableIngestStream extends Error {
  override readonly name = "UnsuitableIngestStream";
}

/** `ackWaitMs`: how long a message may stay unanswered before it is delivered again. Rejects with UnsuitableIngestStream. */
export async function openIngestConsumer(connection: NatsConnection, ackWaitMs: number, replicas: number): Promise<Consumer> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const config = (await existingConfig(manager)) ?? (await create(manager, replicas));
  const problem = streamProblem(config);
  if (problem !== undefined) throw new UnsuitableIngestStream(`stream ${INGEST_STREAM} cannot take messages in: ${problem}`);
  await ensureConsumer(manager, { ack_wait: nanos(ackWaitMs), max_ack_pending: UNANSWERED_MAX, max_deliver: -1 });
  return jetstream(connection).consumers.get(INGEST_STREAM, INGEST_CONSUMER);
}

/** Settings that may change between two releases are brought up to date; where the consumer stands is kept. */
async function ensureConsumer(manager: JetStreamManager, settings: ConsumerUpdateConfig): Promise<void> {
  const fixed = { durable_name: INGEST_CONSUMER, ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All };
  try {
    await manager.consumers.add(INGEST_STREAM, { ...fixed, ...settings });
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === CONSUMER_EXISTS)) throw error;
    await manager.consumers.update(INGEST_STREAM, INGEST_CONSUMER, settings);
  }
}

async function existingConfig(manager: JetStreamManager): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(INGEST_STREAM)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

async function create(manager: JetStreamManager, replicas: number): Promise<StreamConfig> {
  const info = await manager.streams.add({
    name: INGEST_STREAM,
    subjects: [SUBJECTS],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_age: nanos(AGE_MS_MAX),
    num_replicas: replicas,
  });
  return info.config;
}

/** Limits of age and size are the operator's to choose; what an acknowledged publish rests on is not. */
function streamProblem(config: StreamConfig): string | undefined {
  if (!config.subjects?.includes(SUBJECTS)) return `its subjects must be ${SUBJECTS}`;
  if (config.storage !== StorageType.File) return "its storage must be file";
  if (config.retention !== RetentionPolicy.Limits) return "its retention must be limits";
  if (config.persist_mode === "async") return "persist_mode async acknowledges before a message is on disk";
  return undefined;
}
