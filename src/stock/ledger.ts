/**
 * The ledger of a record: what moved and what was counted, by the time it happened, so that what arrives late lands where it belongs.
 *
 * N1. `history` has the newest statements by time, whatever the order in which they came; all older ones are folded into `base`.
 * N2. The level it implies is that of the last count plus what moved at or after its time; without a count, of all that moved.
 * N3. What waits is at most {@link WAITING_MAX} reversals, in the order of their ids.
 *
 * The history is flat, pairs of a place in time and units: 16 bytes an entry, and nothing at all for a record without one. Movements of one time share an entry,
 * at that time. A count is half a millisecond before it: it states what was there when its time began, and so comes before them.
 */

import type { EpochMs } from "../base/index.ts";

/** A reversal that arrived before the movement it names. */
export interface Waiting {
  readonly id: string;
  readonly type: "void" | "return";
  /** Id of the movement it waits for. */
  readonly reverses: string;
  readonly quantity: number;
  readonly occurredAt: EpochMs;
  /** When it arrived. */
  readonly since: EpochMs;
  readonly reason: string | undefined;
  readonly reference: string | undefined;
}

export interface Ledger {
  readonly history: readonly number[];
  /** Level before the first entry of the history. */
  readonly base: number;
  /** Newest place that is folded into the base; {@link NEVER} when nothing is. */
  readonly foldedTo: number;
  /** Time of the last count that is folded; {@link NEVER} when none is. */
  readonly foldedCount: number;
  readonly waiting: readonly Waiting[];
}

/** Entries that a record keeps one by one; a count is one, movements of one time are one. */
export const HISTORY_MAX = 32;
/** Reversals that one record lets wait; one more, and the one that waited longest is applied as unmatched. */
export const WAITING_MAX = 16;
/** Before all times. */
export const NEVER = -1;

const NOTHING: readonly never[] = [];

export const EMPTY_LEDGER: Ledger = {
  history: NOTHING,
  base: 0,
  foldedTo: NEVER,
  foldedCount: NEVER,
  waiting: NOTHING,
};

const COUNT_BEFORE_MS = 0.5;
const FIELDS = 2;

function placeOfCount(time: number): number {
  return time - COUNT_BEFORE_MS;
}

function isCount(place: number): boolean {
  return !Number.isInteger(place);
}

/** With `units` moved at `time`. O(entries). */
export function withMoved(ledger: Ledger, time: EpochMs, units: number): Ledger {
  const { history } = ledger;
  let at = history.length;
  while (at > 0 && (history[at - FIELDS] as number) > time) at -= FIELDS;
  if (at > 0 && history[at - FIELDS] === time) {
    const merged = history.slice();
    merged[at - FIELDS + 1] = (merged[at - FIELDS + 1] as number) + units;
    return { ...ledger, history: merged };
  }
  if (time > ledger.foldedTo) return inserted(ledger, at, time, units);
  return time < ledger.foldedCount ? ledger : { ...ledger, base: ledger.base + units };
}

/** With `units` counted at `time`. Of two counts of one time the lower one holds. O(entries). */
export function withCounted(ledger: Ledger, time: EpochMs, units: number): Ledger {
  const { history } = ledger;
  const place = placeOfCount(time);
  if (place <= ledger.foldedTo) {
    return time <= ledger.foldedCount ? ledger : { ...ledger, base: units, foldedCount: time };
  }
  let at = history.length;
  const isBehind = (): boolean => {
    const before = history[at - FIELDS] as number;
    return before > place || (before === place && (history[at - FIELDS + 1] as number) < units);
  };
  while (at > 0 && isBehind()) at -= FIELDS;
  return inserted(ledger, at, place, units);
}

/** Without the count of `units` at `time`; the same ledger when it has no such count of its own. O(entries). */
export function withoutCount(ledger: Ledger, time: EpochMs, units: number): Ledger {
  const { history } = ledger;
  const place = placeOfCount(time);
  for (let at = 0; at < history.length; at += FIELDS) {
    if (history[at] === place && history[at + 1] === units)
      return { ...ledger, history: history.slice(0, at).concat(history.slice(at + FIELDS)) };
  }
  return ledger;
}

function inserted(ledger: Ledger, at: number, place: number, units: number): Ledger {
  const { history } = ledger;
  if (history.length >= HISTORY_MAX * FIELDS) return insertedIntoFull(ledger, at, place, units);
  // By slices and concat, since a splice leaves room for more behind the array, for millions of records.
  return { ...ledger, history: history.slice(0, at).concat([place, units], history.slice(at)) };
}

/** The oldest goes, which may be the one that comes. One copy: a busy record is always full. */
function insertedIntoFull(ledger: Ledger, at: number, place: number, units: number): Ledger {
  if (at === 0) return folded(ledger, ledger.history, place, units);
  const history = ledger.history.slice();
  for (let to = FIELDS; to < at; to++) history[to - FIELDS] = history[to] as number;
  history[at - FIELDS] = place;
  history[at - FIELDS + 1] = units;
  return folded(ledger, history, ledger.history[0] as number, ledger.history[1] as number);
}

function folded({ base, foldedCount, waiting }: Ledger, history: readonly number[], place: number, units: number): Ledger {
  if (!isCount(place)) return { history, base: base + units, foldedTo: place, foldedCount, waiting };
  return { history, base: units, foldedTo: place, foldedCount: place + COUNT_BEFORE_MS, waiting };
}

/** Time of the last count, {@link NEVER} without one. O(entries). */
export function lastCountTime({ history, foldedCount }: Ledger): number {
  for (let at = history.length - FIELDS; at >= 0; at -= FIELDS) {
    const place = history[at] as number;
    if (isCount(place)) return place + COUNT_BEFORE_MS;
  }
  return foldedCount;
}

/** Units on hand as the ledger has them. O(entries). */
export function levelOf({ history, base }: Ledger): number {
  let moved = 0;
  for (let at = history.length - FIELDS; at >= 0; at -= FIELDS) {
    const units = history[at + 1] as number;
    if (isCount(history[at] as number)) return units + moved;
    moved += units;
  }
  return base + moved;
}

/** Net units that moved at or after `time`, as far as the history goes back. O(entries). */
export function movedSince({ history }: Ledger, time: EpochMs): number {
  let moved = 0;
  for (let at = history.length - FIELDS; at >= 0; at -= FIELDS) {
    const place = history[at] as number;
    if (place < time) break;
    if (!isCount(place)) moved += history[at + 1] as number;
  }
  return moved;
}

/** Time of the newest thing that the ledger knows, {@link NEVER} when it knows nothing. */
export function newestTime({ history, foldedTo }: Ledger): number {
  return Math.ceil(history.at(-FIELDS) ?? foldedTo);
}

/** The time is in the folded part: what happened then cannot be placed among the rest. */
export function isFolded({ foldedTo }: Ledger, time: EpochMs): boolean {
  return time <= foldedTo;
}

export function withWaiting(ledger: Ledger, waiting: Waiting): Ledger {
  const all = [...ledger.waiting, waiting].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ...ledger, waiting: all };
}

/** Without what waits under this id. */
export function withoutWaiting(ledger: Ledger, id: string): Ledger {
  if (!ledger.waiting.some((each) => each.id === id)) return ledger;
  const left = ledger.waiting.filter((each) => each.id !== id);
  return { ...ledger, waiting: left.length === 0 ? NOTHING : left };
}

/** As the first release kept it: the net moves since the last count, at most 32 of them, older ones in the oldest kept. */
export interface FirstLedger {
  readonly onHand: number;
  /** 0 before any. */
  readonly countedAt: number;
  /** Pairs of time and units, by time. */
  readonly recent: readonly number[];
}

/** What the first release knew, as a ledger. What was before its last count is folded, since it is not known. */
export function ledgerOfFirst({ onHand, countedAt, recent }: FirstLedger): Ledger {
  let base = onHand;
  for (let at = 0; at < recent.length; at += FIELDS) base -= recent[at + 1] as number;
  const foldedTo = countedAt > 0 ? placeOfCount(countedAt) : NEVER;
  let ledger: Ledger = { ...EMPTY_LEDGER, base, foldedTo, foldedCount: countedAt > 0 ? countedAt : NEVER };
  const isFull = recent.length >= HISTORY_MAX * FIELDS;
  if (isFull) ledger = { ...ledger, base: base + (recent[1] as number), foldedTo: recent[0] as number };
  for (let at = isFull ? FIELDS : 0; at < recent.length; at += FIELDS) {
    ledger = withMoved(ledger, Math.max(countedAt, recent[at] as number) as EpochMs, recent[at + 1] as number);
  }
  return ledger;
}
