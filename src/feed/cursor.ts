/**
 * Where a follower starts again, worked out from what is stored; pure.
 *
 * The tail of the written stream is the cursor. The stored cursor helps where the tail cannot: when retention has removed every
 * message, and when long stretches of the journal held nothing to publish. It names only what has been stored for so long that
 * the server has synced it, see {@link SettledProgress}.
 *
 * U1. The n-th stock entry of the lane is message n of STOCK_EVENTS, so a sequence of the stream names an event.
 */

import { CorruptData } from "../base/index.ts";
import type { EventPlace } from "./event-id.ts";

/** Every journal record up to `record` is in the output, whose last message then was `streamSeq`. */
export interface Progress {
  readonly record: number;
  readonly streamSeq: number;
}

export interface FeedCursor {
  readonly events: Progress;
  readonly availability: Progress;
}

export interface EventStart {
  /** First record to read. */
  readonly from: number;
  /** Entries of that record up to this index are published; -1 for none. */
  readonly skipThrough: number;
  /** Stock entries to pass over after that: they were published and have aged out. */
  readonly skipEvents: number;
  /** Last sequence of the stream. */
  readonly last: number;
}

/** Throws CorruptData when the place cannot be known: never guesses. */
export function eventStart(
  tail: EventPlace | undefined,
  last: number,
  cursor: Progress | undefined,
  laneFirst: number,
): EventStart {
  if (tail !== undefined) {
    const ahead = cursor !== undefined && cursor.streamSeq === last && cursor.record >= tail.seq;
    if (ahead) return { from: cursor.record + 1, skipThrough: -1, skipEvents: 0, last };
    return { from: tail.seq, skipThrough: tail.index, skipEvents: 0, last };
  }
  if (last === 0) return { from: laneFirst, skipThrough: -1, skipEvents: 0, last };
  const known = cursor !== undefined && cursor.streamSeq <= last ? cursor : { record: 0, streamSeq: 0 };
  if (known.record + 1 < laneFirst)
    throw new CorruptData("the last published event cannot be told", `STOCK_EVENTS, sequence ${last}`);
  return { from: known.record + 1, skipThrough: -1, skipEvents: last - known.streamSeq, last };
}

/** What a flush of the availability bucket says of itself on each of its messages. */
export interface FlushMark {
  /** Everything up to this record was in the bucket before the flush. */
  readonly before: number;
  /** The flush brings in everything up to this record. */
  readonly upTo: number;
}

export interface AvailabilityStart {
  readonly from: number;
  /** Nothing may be written before this record is read: the bucket may hold values as new as that. */
  readonly holdUntil: number;
  readonly last: number;
}

export function availabilityStart(
  tail: FlushMark | undefined,
  last: number,
  cursor: Progress | undefined,
  lane: { readonly first: number; readonly last: number },
): AvailabilityStart {
  const current = cursor !== undefined && cursor.streamSeq === last && cursor.record + 1 >= lane.first ? cursor : undefined;
  if (current !== undefined && current.record >= (tail?.upTo ?? 0)) return { from: current.record + 1, holdUntil: 0, last };
  if (tail !== undefined) return { from: tail.before + 1, holdUntil: tail.upTo, last };
  return { from: lane.first, holdUntil: last === 0 ? 0 : lane.last, last };
}

const MARK = /^(\d{1,15}) (\d{1,15}) (.+)$/;

export const FLUSH_HEADER = "Stockgrid-Flush";

export function flushMarkText(lane: string, mark: FlushMark): string {
  return `${mark.before} ${mark.upTo} ${lane}`;
}

/** Undefined when the text is not a mark of this lane. */
export function parseFlushMark(lane: string, text: string): FlushMark | undefined {
  const match = MARK.exec(text);
  return match === null || match[3] !== lane ? undefined : { before: Number(match[1]), upTo: Number(match[2]) };
}
