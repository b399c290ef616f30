/** The stored cursor of a lane: one small message in STOCK_FEED_CURSOR, replaced every few seconds while it moves. */

import { type JetStreamManager, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { CorruptData } from "../base/index.ts";
import type { FeedCursor, Progress } from "./cursor.ts";
import { CURSOR_PREFIX, CURSOR_STREAM } from "./streams.ts";
import { subjectToken } from "./tokens.ts";

export class CursorStore {
  readonly #connection: NatsConnection;
  readonly #jsm: JetStreamManager;
  readonly #subject: string;

  constructor(connection: NatsConnection, jsm: JetStreamManager, lane: string) {
    this.#connection = connection;
    this.#jsm = jsm;
    this.#subject = CURSOR_PREFIX + subjectToken(lane);
  }

  /** Rejects with CorruptData when what is stored is not a cursor. */
  async load(): Promise<FeedCursor | undefined> {
    const message = await this.#jsm.streams.getMessage(CURSOR_STREAM, { last_by_subj: this.#subject });
    if (message === null) return undefined;
    const value: unknown = message.json();
    if (!isCursor(value)) throw new CorruptData("not a feed cursor", `${CURSOR_STREAM}, sequence ${message.seq}`);
    return value;
  }

  /** Resolves once it is stored. */
  async save(cursor: FeedCursor): Promise<void> {
    await jetstream(this.#connection).publish(this.#subject, JSON.stringify(cursor));
  }
}

function isCursor(value: unknown): value is FeedCursor {
  if (typeof value !== "object" || value === null) return false;
  const { events, availability } = value as Partial<Record<keyof FeedCursor, unknown>>;
  return isProgress(events) && isProgress(availability);
}

function isProgress(value: unknown): value is Progress {
  if (typeof value !== "object" || value === null) return false;
  const { record, streamSeq } = value as Partial<Record<keyof Progress, unknown>>;
  return Number.isSafeInteger(record) && Number.isSafeInteger(streamSeq);
}
