/** What a schema cannot say about texts: the id rule, well-formed and printable text, and times. */

import { type EpochMs, idProblem } from "../base/index.ts";
import type { FieldError } from "./check.ts";
import { parseTime } from "./iso-time.ts";

/** Code points of a key, and of a movement id. */
export const KEY_LENGTH_MAX = 255;
/** Code points of free text such as a reference or a reason. */
export const TEXT_LENGTH_MAX = 256;

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
