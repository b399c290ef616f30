/**
 * Times without a zone, read in the zone of the place where they were taken.
 *
 * T1. A time that the clock showed twice (summer time ends) is the first of the two.
 * T2. A time that the clock never showed (summer time begins) is read as if the clock had not been put forward yet: an hour later on the new clock.
 *
 * Both are what ECMAScript's Temporal calls "compatible". Rules of zones are those of the ICU data in Node.
 */

import type { EpochMs } from "../base/index.ts";
import { parseTime } from "../forms/index.ts";

const ZONED = /(?:[Zz]|[+-]\d\d:\d\d)$/;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** No zone changes its offset twice within so long. */
const QUARTER_MS = 15 * MINUTE_MS;
const OFFSETS_MAX = 50_000;

export type ReadTime = { readonly at: EpochMs } | { readonly problem: string };

export const isZoned = (text: string): boolean => ZONED.test(text);

/** A time of RFC 3339, or one without an offset, read in `zone`. O(1); the offsets of zones are remembered. */
export function readTime(text: string, zone: string | undefined): ReadTime {
  const utc = parseTime(isZoned(text) ? text : `${text}Z`);
  if (utc === undefined) return { problem: "must be a time such as 2026-03-01T09:30:00 or 2026-03-01T09:30:00Z" };
  if (isZoned(text)) return { at: utc };
  if (zone === undefined)
    return { problem: "has no offset, and its location has no timeZone: put one there, or send Z or an offset" };
  const at = localToUtc(utc, zone);
  return at < 0 ? { problem: "must be from 1970 on" } : { at: at as EpochMs };
}

/** Tries the offset of before and of after: the earlier of two moments that show this time; in a gap the offset of before holds. */
function localToUtc(local: number, zone: string): number {
  const before = offsetMs(local - DAY_MS, zone);
  const after = offsetMs(local + DAY_MS, zone);
  if (before === after) return local - before;
  const matches = [local - before, local - after].filter((at) => offsetMs(at, zone) === local - at);
  return matches.length === 0 ? local - before : Math.min(...matches);
}

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

/** By how much the clocks of the zone are ahead of UTC at a moment. */
function offsetMs(at: number, zone: string): number {
  const quarter = Math.floor(at / QUARTER_MS);
  const key = `${quarter} ${zone}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    if (offsets.size >= OFFSETS_MAX) offsets.clear();
    offset = computedOffset(quarter * QUARTER_MS, zone);
    offsets.set(key, offset);
  }
  return offset;
}

function computedOffset(at: number, zone: string): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      ...{ timeZone: zone, hourCycle: "h23", era: "short" },
      ...{ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
    });
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - at;
}
