/** The end of the written streams, as their leaders have it: what a session starts from. */

import { AckPolicy, DeliverPolicy, type JetStreamManager, jetstream, type StreamInfo } from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "@nats-io/nats-core";
import { ID_HEADER } from "./chain-publisher.ts";
import {
  type EventMark,
  type EventsEnd,
  FLUSH_HEADER,
  type FlushMark,
  flushMarkAt,
  LANES_HEADER,
  parseFlushMark,
} from "./cursor.ts";
import { parseVector } from "./lane-vector.ts";
import { AVAILABILITY_STREAM, EVENTS_STREAM } from "./streams.ts";

/** How far back the end of STOCK_EVENTS is read: more than twice what lies between two vectors, so that one may be damaged. */
export const SCAN_MAX = 4_096;
/** How far back a message of the feed is looked for in the availability bucket, behind what others have put there. */
const BUCKET_SCAN_MAX = 100;
const SCAN_IDLE_MS = 2_000;
const CONSUMER_LIFE_MS = 30_000;

/** The last messages of STOCK_EVENTS back to one that has a vector, at most {@link SCAN_MAX}. Rejects when they cannot be read. */
export async function readEventsEnd(connection: NatsConnection, jsm: JetStreamManager): Promise<EventsEnd> {
  const info = await jsm.streams.info(EVENTS_STREAM);
  const { created, state } = info;
  const last = state.last_seq;
  if (state.messages === 0) return { created, last, marks: [], from: last + 1, whole: last === 0 };
  const newest = await markAt(jsm, last);
  if (newest !== undefined && parseVector(newest.vector) !== undefined)
    return { created, last, marks: [newest], from: last, whole: last === 1 };
  const from = Math.max(state.first_seq, last - SCAN_MAX + 1);
  return { created, last, marks: await scan(connection, jsm, from, info), from, whole: from === 1 };
}

async function markAt(jsm: JetStreamManager, seq: number): Promise<EventMark | undefined> {
  const message = await jsm.streams.getMessage(EVENTS_STREAM, { seq });
  return message === null ? undefined : { seq, id: message.header.get(ID_HEADER), vector: message.header.get(LANES_HEADER) };
}

/** Headers only, by one consumer: a thousand messages take some milliseconds. */
async function scan(connection: NatsConnection, jsm: JetStreamManager, from: number, info: StreamInfo): Promise<EventMark[]> {
  const last = info.state.last_seq;
  const { name } = await jsm.consumers.add(EVENTS_STREAM, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
    headers_only: true,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(CONSUMER_LIFE_MS),
  });
  const consumer = await jetstream(connection).consumers.get(EVENTS_STREAM, name);
  const marks: EventMark[] = [];
  const messages = await consumer.fetch({ max_messages: last - from + 1, expires: SCAN_IDLE_MS });
  for await (const { seq, headers } of messages) {
    if (seq <= last) marks.push({ seq, id: headers?.get(ID_HEADER) ?? "", vector: headers?.get(LANES_HEADER) ?? "" });
    if (seq >= last) break;
  }
  await jsm.consumers.delete(EVENTS_STREAM, name).catch(() => false);
  if (marks.at(-1)?.seq !== last) throw new Error("the end of STOCK_EVENTS could not be read in time");
  return marks;
}

export interface BucketEnd {
  readonly created: string;
  readonly last: number;
  /** Of the newest flush; undefined when it cannot be told. */
  readonly mark: FlushMark | undefined;
}

/** Rejects when it cannot be read. */
export async function readBucketEnd(jsm: JetStreamManager): Promise<BucketEnd> {
  const { created, state } = await jsm.streams.info(AVAILABILITY_STREAM);
  const last = state.last_seq;
  const lowest = Math.max(state.first_seq, last - BUCKET_SCAN_MAX + 1, 1);
  for (let seq = last; seq >= lowest; seq--) {
    const at = flushMarkAt(seq, await flushText(jsm, seq));
    if (at !== undefined) return { created, last, mark: parseFlushMark(await flushText(jsm, at)) };
  }
  return { created, last, mark: undefined };
}

async function flushText(jsm: JetStreamManager, seq: number): Promise<string> {
  const message = await jsm.streams.getMessage(AVAILABILITY_STREAM, { seq });
  return message?.header.get(FLUSH_HEADER) ?? "";
}
