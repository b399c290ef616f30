/**
 * Where a follower starts again, worked out from what is stored; pure.
 *
 * The tail of the written stream is the cursor: a vector of lane positions in a header every so often, and the ids of the messages
 * behind it. The stored cursor adds what the tail does not say: lanes that are gone, stretches of the journal that held nothing to
 * publish, and where retention has removed the tail. It names only what has been stored for so long that the server has synced it,
 * see {@link SettledProgress}.
 *
 * U1. The messages of one record are neighbours in STOCK_EVENTS: behind another record's message they are complete.
 * U2. Positions are a consistent cut: when a lane is past an `adopted`, the lane it names is past the place it names. The larger of two
 *     such cuts, lane by lane, is one too.
 */

import { CorruptData } from "../base/index.ts";
import { type EventPlace, placeOfEventId } from "./event-id.ts";
import { advance, type LaneVector, type Positions, parseVector, vectorText } from "./lane-vector.ts";

/** Every record up to these positions is in the output, whose last message then was `streamSeq`. */
export interface Progress {
  readonly lanes: Readonly<Record<string, number>>;
  readonly anew: boolean;
  readonly streamSeq: number;
  /** When the stream of the output was made: a stream made again is another one. */
  readonly created: string;
}

export interface FeedCursor {
  readonly events: Progress;
  readonly availability: Progress;
}

/** A message of STOCK_EVENTS, as far as it says where it belongs. */
export interface EventMark {
  readonly seq: number;
  readonly id: string;
  /** Value of {@link LANES_HEADER}; empty when there is none. */
  readonly vector: string;
}

/** The end of STOCK_EVENTS: every message kept from some sequence on. */
export interface EventsEnd {
  readonly created: string;
  /** Sequence of the last message ever stored; 0 for none. */
  readonly last: number;
  /** Ascending, without holes but those of the stream. */
  readonly marks: readonly EventMark[];
  /** First sequence the marks would include if it were kept. */
  readonly from: number;
  /** They begin with the first message there ever was. */
  readonly whole: boolean;
}

export interface FollowerStart {
  /** Whole records. */
  readonly positions: Map<string, number>;
  readonly anew: boolean;
  /** Nothing was ever published: lanes are taken from the first record they still have. */
  readonly fresh: boolean;
  /** Last sequence of the output. */
  readonly last: number;
}

export interface EventStart extends FollowerStart {
  /** The entry published last, when the rest of its record may be missing. */
  readonly partial: EventPlace | undefined;
}

/** On the first message of a run, every so often: the positions before the run. */
export const LANES_HEADER = "Stockgrid-Lanes";

/** Throws CorruptData when the place cannot be known: never guesses. */
export function eventStart(end: EventsEnd, stored: Progress | undefined): EventStart {
  const { last } = end;
  if (last === 0) return { positions: new Map(), anew: stored !== undefined, fresh: true, partial: undefined, last };
  const cursor = usable(stored, end);
  const base = newestVector(end.marks) ?? baseWithoutVector(end, cursor);
  const positions = new Map(base.positions);
  if (cursor !== undefined) advance(positions, Object.entries(cursor.lanes));
  const newest = fold(positions, end.marks, base.from);
  const partial = newest !== undefined && (positions.get(newest.lane) ?? 0) < newest.seq ? newest : undefined;
  if (partial !== undefined) advance(positions, [[partial.lane, partial.seq - 1]]);
  return { positions, anew: base.anew || (cursor?.anew ?? false), fresh: false, partial, last };
}

interface Base extends LaneVector {
  /** First message that the positions do not cover. */
  readonly from: number;
}

function newestVector(marks: readonly EventMark[]): Base | undefined {
  for (let i = marks.length - 1; i >= 0; i--) {
    const mark = marks[i] as EventMark;
    const vector = mark.vector === "" ? undefined : parseVector(mark.vector);
    if (vector !== undefined) return { ...vector, from: mark.seq };
  }
  return undefined;
}

function baseWithoutVector(end: EventsEnd, cursor: Progress | undefined): Base {
  if (cursor !== undefined && cursor.streamSeq + 1 >= end.from) {
    return { positions: new Map(), anew: cursor.anew, from: cursor.streamSeq + 1 };
  }
  if (end.whole) return { positions: new Map(), anew: cursor?.anew ?? false, from: 1 };
  throw new CorruptData("how far the lanes are published cannot be told", `STOCK_EVENTS, sequence ${end.last}`);
}

/** Advances by the ids from `from` on. Returns the place of the last one, which may be within its record. */
function fold(positions: Map<string, number>, marks: readonly EventMark[], from: number): EventPlace | undefined {
  let newest: EventPlace | undefined;
  for (const { seq, id } of marks) {
    const place = seq < from ? undefined : placeOfEventId(id);
    if (place === undefined) continue;
    if (newest !== undefined && (newest.lane !== place.lane || newest.seq !== place.seq)) {
      advance(positions, [[newest.lane, newest.seq]]);
    }
    newest = place;
  }
  return newest;
}

/** A cursor of this stream, and not from beyond its end. */
function usable(cursor: Progress | undefined, stream: { readonly created: string; readonly last: number }): Progress | undefined {
  return cursor !== undefined && cursor.created === stream.created && cursor.streamSeq <= stream.last ? cursor : undefined;
}

/** What a flush of the availability bucket says of itself. */
export interface FlushMark {
  /** Everything up to here was in the bucket before the flush. */
  readonly before: LaneVector;
  /** The flush brings in everything up to here; only lanes that got further. */
  readonly upTo: Positions;
}

export interface AvailabilityStart extends FollowerStart {
  /** Nothing may be written before this is read: the bucket may hold values as new as that. "end": as each lane is now. */
  readonly hold: Positions | "end";
}

export function availabilityStart(
  mark: FlushMark | undefined,
  bucket: { readonly created: string; readonly last: number },
  stored: Progress | undefined,
): AvailabilityStart {
  const { last } = bucket;
  if (last === 0) return { positions: new Map(), anew: stored !== undefined, fresh: true, hold: new Map(), last };
  const cursor = usable(stored, bucket);
  const positions = new Map(mark?.before.positions);
  if (cursor !== undefined) advance(positions, Object.entries(cursor.lanes));
  const anew = mark?.before.anew ?? cursor?.anew ?? true;
  const complete = mark === undefined && cursor?.streamSeq === last;
  return { positions, anew, fresh: false, hold: mark?.upTo ?? (complete ? new Map() : "end"), last };
}

/** On every message of a flush: on the first {@link flushMarkText}, on the others {@link flushPointerText}. */
export const FLUSH_HEADER = "Stockgrid-Flush";

export function flushMarkText({ before, upTo }: FlushMark): string {
  return `${vectorText(before)};${vectorText({ positions: upTo, anew: false })}`;
}

/** Names the first message of the flush by its sequence. */
export function flushPointerText(first: number): string {
  return `@${first}`;
}

const POINTER = /^@(\d{1,15})$/;

/** Sequence of the message that has the mark: `seq` itself or the one it points to. Undefined when the text is not ours. */
export function flushMarkAt(seq: number, text: string): number | undefined {
  const pointer = POINTER.exec(text);
  if (pointer !== null) return Number(pointer[1]);
  return parseFlushMark(text) === undefined ? undefined : seq;
}

export function parseFlushMark(text: string): FlushMark | undefined {
  const [before, upTo] = text.split(";").map(parseVector);
  return before === undefined || upTo === undefined ? undefined : { before, upTo: upTo.positions };
}
