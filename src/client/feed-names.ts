/**
 * How SKUs and locations are written in the subjects and keys of the feed, and how a place in it is. Part of the public protocol; a test
 * proves that the feed writes them the same way.
 *
 * Subjects percent-encode `.`, `*`, `>`, `%` and white space, byte by byte of UTF-8. Keys write every byte outside `A-Z a-z 0-9 _ -` as `=XX`.
 * A position is `e<sequence>-<check>` in base 36; the check covers the time the stream was made.
 */

import { hash32 } from "../base/index.ts";

export const EVENTS_STREAM = "STOCK_EVENTS";
export const AVAILABILITY_BUCKET = "STOCK_AVAILABILITY";

const POSITION = /^e([0-9a-z]{1,11})-([0-9a-z]{1,7})$/;

export interface EventFilter {
  readonly sku?: string | undefined;
  readonly location?: string | undefined;
  /** Short name, such as `held`. */
  readonly type?: string | undefined;
}

export function eventSubjects({ sku, location, type }: EventFilter): string {
  const token = (text: string | undefined): string => (text === undefined ? "*" : escaped(text, /[.*>%\s]/gu, "%"));
  return `stock.events.${token(location)}.${token(sku)}.${token(type)}`;
}

export function availabilityKeys({ sku, location }: EventFilter): string {
  const token = (text: string | undefined): string => (text === undefined ? "*" : escaped(text, /[^A-Za-z0-9_-]/gu, "="));
  return `${token(location)}.${token(sku)}`;
}

/** Location and SKU of a key of the availability bucket. */
export function recordOfKey(key: string): { readonly location: string; readonly sku: string } {
  const [location = "", sku = ""] = key.split(".");
  return { location: unescaped(location), sku: unescaped(sku) };
}

export function positionOf(created: string, seq: number): string {
  return `e${seq.toString(36)}-${hash32(`${created} ${seq}`).toString(36)}`;
}

/** Sequence of a position, undefined when it is of another stream or of none. */
export function sequenceOf(created: string, position: string): number | undefined {
  const seq = Number.parseInt(POSITION.exec(position)?.[1] ?? "", 36);
  return Number.isSafeInteger(seq) && positionOf(created, seq) === position ? seq : undefined;
}

function escaped(text: string, unsafe: RegExp, mark: "%" | "="): string {
  return text.replace(unsafe, (character) => {
    let hex = "";
    for (const byte of Buffer.from(character, "utf8")) hex += mark + byte.toString(16).toUpperCase().padStart(2, "0");
    return hex;
  });
}

function unescaped(token: string): string {
  const bytes = token.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
