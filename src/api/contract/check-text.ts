/** What a schema cannot say about texts: the id rule, well-formed and printable text, and times. */

import { type EpochMs, idProblem, type LocationId, type ReservationId, type Sku } from "../../base/index.ts";
import { skuHashOfReservationId } from "../../reservation/index.ts";
import { bad, good, type Parsed } from "./check.ts";
import { parseTime } from "./iso-time.ts";
import { KEY_LENGTH_MAX } from "./limits.ts";
import { type FieldError, invalidRequest, noSuchReservation } from "./problems.ts";

/** C0 and C1 control characters. */
const CONTROL = /\p{Cc}/u;

export function idError(path: string, id: string): FieldError | undefined {
  const message = idProblem(id);
  return message === undefined ? undefined : { path, message };
}

/** Free text and keys: whatever their length, they must survive UTF-8 and the logs. */
export function textError(path: string, text: string | undefined): FieldError | undefined {
  if (text === undefined) return undefined;
  if (!text.isWellFormed()) return { path, message: "must not contain half a surrogate pair" };
  if (CONTROL.test(text)) return { path, message: "must not contain control characters" };
  return undefined;
}

export function keyError(path: string, key: string): FieldError | undefined {
  if (key.length === 0) return { path, message: "must not be empty" };
  if (key.length > KEY_LENGTH_MAX && [...key].length > KEY_LENGTH_MAX) {
    return { path, message: `must have at most ${KEY_LENGTH_MAX} characters` };
  }
  return textError(path, key);
}

export function timeError(path: string, text: string | undefined): FieldError | undefined {
  if (text === undefined || parseTime(text) !== undefined) return undefined;
  return { path, message: "must be a time of RFC 3339 from 1970 to 9999, such as 2026-03-01T09:30:00Z" };
}

/** For a time that {@link timeError} let pass. */
export const timeOf = (text: string | undefined): EpochMs | undefined => (text === undefined ? undefined : parseTime(text));

/** `path` says where the text came from, such as `sku`. */
export function parseSku(text: string, path = "sku"): Parsed<Sku> {
  const error = idError(path, text);
  return error === undefined ? good(text as Sku) : bad(invalidRequest([error]));
}

export function parseLocationId(text: string, path = "location"): Parsed<LocationId> {
  const error = idError(path, text);
  return error === undefined ? good(text as LocationId) : bad(invalidRequest([error]));
}

/** An id that was never given out is one of nothing: `not-found`. */
export function parseReservationId(text: string): Parsed<ReservationId> {
  if (skuHashOfReservationId(text) === undefined) return bad(noSuchReservation(printable(text)));
  return good(text as ReservationId);
}

const ECHO_LENGTH_MAX = 64;
const printable = (text: string): string =>
  idProblem(text) === undefined ? text : JSON.stringify(text.slice(0, ECHO_LENGTH_MAX));

export function parseIdempotencyKey(key: string, path: string): Parsed<string> {
  const error = keyError(path, key);
  return error === undefined ? good(key) : bad(invalidRequest([error]));
}
