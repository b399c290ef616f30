/** Opens a lane: the Journal port on one JetStream stream. Owns its subscription, not the connection. */

import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { invariant, type LaneSeq } from "../base/index.ts";
import type { AppendOutcome, Journal, LaneBounds } from "../ports/index.ts";
import { LaneAppender } from "./lane-appender.ts";
import { laneSubject } from "./lane-name.ts";
import { type LaneReader, type OnRecord, replayLane } from "./lane-replay.ts";
import { ensureLaneStream } from "./lane-stream.ts";

const APPEND_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 5_000;
const REPLAY_IDLE_MS = 10_000;

export interface OpenLane {
  readonly connection: NatsConnection;
  /** See laneStreamName. */
  readonly stream: string;
  /** Copies of the stream, 1 to 5; only for a stream that is created now. */
  readonly replicas?: number;
  /** How long an append waits for its answer before it is unknown, ms. */
  readonly appendTimeoutMs?: number;
  /** How long bounds, read and trim wait, ms. */
  readonly requestTimeoutMs?: number;
  /** How long a replay bears silence, ms. */
  readonly replayIdleMs?: number;
}

/** Creates the stream if it is missing. Rejects with UnsuitableLane when the server or the stream cannot carry a lane. */
export async function openLane(options: OpenLane): Promise<Journal> {
  const { connection, stream, replicas = 1, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const manager = await ensureLaneStream(connection, stream, replicas, requestTimeoutMs);
  const appender = new LaneAppender(connection, stream, laneSubject(stream), options.appendTimeoutMs ?? APPEND_TIMEOUT_MS);
  return new JetStreamLane({ connection, manager, stream, idleMs: options.replayIdleMs ?? REPLAY_IDLE_MS }, appender);
}

class JetStreamLane implements Journal {
  readonly #reader: LaneReader;
  readonly #appender: LaneAppender;

  constructor(reader: LaneReader, appender: LaneAppender) {
    this.#reader = reader;
    this.#appender = appender;
  }

  append(record: Uint8Array, expectedLast: LaneSeq, done: (outcome: AppendOutcome) => void): void {
    this.#appender.append(record, expectedLast, done);
  }

  async bounds(): Promise<LaneBounds> {
    const { state } = await this.#streams.info(this.#reader.stream);
    return { first: Math.max(state.first_seq, 1) as LaneSeq, last: state.last_seq as LaneSeq };
  }

  async read(seq: LaneSeq): Promise<Uint8Array | undefined> {
    if (seq < 1) return undefined;
    const message = await this.#streams.getMessage(this.#reader.stream, { seq });
    return message?.data;
  }

  replay(from: LaneSeq, to: LaneSeq, onRecord: OnRecord): Promise<void> {
    return replayLane(this.#reader, from, to, onRecord);
  }

  async trim(keepFrom: LaneSeq): Promise<void> {
    if (keepFrom <= 1) return;
    const { last } = await this.bounds();
    invariant(keepFrom <= last + 1, `trim up to ${keepFrom} is beyond the end of the lane, ${last}`);
    await this.#streams.purge(this.#reader.stream, { seq: keepFrom });
  }

  async close(): Promise<void> {
    this.#appender.close();
  }

  get #streams(): JetStreamManager["streams"] {
    return this.#reader.manager.streams;
  }
}
