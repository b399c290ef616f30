/**
 * RFC 3339 times: milliseconds to text and back.
 *
 * Formatting is on the path of every answer: text is built from a cached second, because most times of one moment share it.
 */

import type { EpochMs } from "../base/index.ts";

const SLOTS = 64;
const secondOfSlot = new Float64Array(SLOTS).fill(Number.NaN);
const textOfSlot: string[] = new Array<string>(SLOTS).fill("");
const FRACTIONS: readonly string[] = Array.from({ length: 1_000 }, (_, ms) => `.${String(ms).padStart(3, "0")}Z`);

/** UTC with milliseconds, such as `2026-03-01T09:30:00.250Z`. Times are from 1970 to 9999. */
export function formatTime(at: EpochMs): string {
  const second = Math.floor(at / 1_000);
  const slot = second & (SLOTS - 1);
  if (secondOfSlot[slot] !== second) {
    textOfSlot[slot] = new Date(second * 1_000).toISOString().slice(0, 19);
    secondOfSlot[slot] = second;
  }
  return (textOfSlot[slot] as string) + (FRACTIONS[at - second * 1_000] as string);
}

const FORM = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const MINUTE_MS = 60_000;
/** First moment of the year 10000. */
const END_MS = 253_402_300_800_000;

/**
 * Milliseconds of an RFC 3339 time with any offset, from 1970 to 9999; undefined for anything else. Digits beyond the
 * millisecond are cut off. Leap seconds are refused: no clock here can show them.
 */
export function parseTime(text: string): EpochMs | undefined {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59)
    return undefined;
  const offset = offsetMs(parts[8], Number(parts[9] ?? 0), Number(parts[10] ?? 0));
  if (offset === undefined) return undefined;
  const ms = Number((parts[7] ?? "").padEnd(3, "0").slice(0, 3));
  const at = Date.UTC(year, month - 1, day, hour, minute, second, ms) - offset;
  return year >= 1_000 && at >= 0 && at < END_MS ? (at as EpochMs) : undefined;
}

function offsetMs(sign: string | undefined, hours: number, minutes: number): number | undefined {
  if (hours > 23 || minutes > 59) return undefined;
  return (sign === "-" ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
