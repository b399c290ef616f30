/**
 * The stored cursor of a cluster: one message in STOCK_FEED_CURSOR, replaced every few seconds while it moves.
 *
 * S1. It never goes back while the outputs are the same streams, whoever saves: a save merges with what is there and expects it.
 */

import { JetStreamApiError, type JetStreamManager, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { CorruptData } from "../base/index.ts";
import type { FeedCursor, Progress } from "./cursor.ts";
import { advance } from "./lane-vector.ts";
import { CURSOR_PREFIX, CURSOR_STREAM } from "./streams.ts";
import { subjectToken } from "./tokens.ts";

const WRONG_LAST_SEQUENCE = 10071;
const WRONG_LAST_SEQUENCE_CONSTANT = 10164;

export class CursorStore {
  readonly #connection: NatsConnection;
  readonly #jsm: JetStreamManager;
  readonly #subject: string;

  constructor(connection: NatsConnection, jsm: JetStreamManager, cluster: string) {
    this.#connection = connection;
    this.#jsm = jsm;
    this.#subject = CURSOR_PREFIX + subjectToken(cluster);
  }

  /** Rejects with CorruptData when what is stored is not a cursor. */
  async load(): Promise<FeedCursor | undefined> {
    return (await this.#read()).cursor;
  }

  /** Resolves to what is stored then, or to undefined when another writer was faster. */
  async save(cursor: FeedCursor): Promise<FeedCursor | undefined> {
    const { cursor: present, seq } = await this.#read();
    const merged = present === undefined ? cursor : mergedCursor(present, cursor);
    try {
      const expect = { lastSubjectSequence: seq };
      await jetstream(this.#connection).publish(this.#subject, JSON.stringify(merged), { expect });
      return merged;
    } catch (error) {
      if (isWrongSequence(error)) return undefined;
      throw error;
    }
  }

  async #read(): Promise<{ readonly cursor: FeedCursor | undefined; readonly seq: number }> {
    const message = await this.#jsm.streams.getMessage(CURSOR_STREAM, { last_by_subj: this.#subject });
    if (message === null) return { cursor: undefined, seq: 0 };
    const value: unknown = message.json();
    if (!isCursor(value)) throw new CorruptData("not a feed cursor", `${CURSOR_STREAM}, sequence ${message.seq}`);
    return { cursor: value, seq: message.seq };
  }
}

export function mergedCursor(present: FeedCursor, next: FeedCursor): FeedCursor {
  return {
    events: mergedProgress(present.events, next.events),
    availability: mergedProgress(present.availability, next.availability),
  };
}

function mergedProgress(present: Progress, next: Progress): Progress {
  if (present.created !== next.created) return next;
  const lanes = new Map(Object.entries(present.lanes));
  advance(lanes, Object.entries(next.lanes));
  const streamSeq = Math.max(present.streamSeq, next.streamSeq);
  return { lanes: Object.fromEntries(lanes), anew: present.anew || next.anew, streamSeq, created: next.created };
}

function isWrongSequence(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError && (error.code === WRONG_LAST_SEQUENCE || error.code === WRONG_LAST_SEQUENCE_CONSTANT)
  );
}

function isCursor(value: unknown): value is FeedCursor {
  if (typeof value !== "object" || value === null) return false;
  const { events, availability } = value as Partial<Record<keyof FeedCursor, unknown>>;
  return isProgress(events) && isProgress(availability);
}

function isProgress(value: unknown): value is Progress {
  if (typeof value !== "object" || value === null) return false;
  const { lanes, anew, streamSeq, created } = value as Partial<Record<keyof Progress, unknown>>;
  if (!Number.isSafeInteger(streamSeq) || typeof created !== "string" || typeof anew !== "boolean") return false;
  return typeof lanes === "object" && lanes !== null && Object.values(lanes).every(Number.isSafeInteger);
}
