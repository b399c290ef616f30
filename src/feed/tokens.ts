/**
 * How SKUs and locations become subject tokens and KV keys: part of the public contract, so it never changes.
 *
 * Subjects percent-encode what a NATS token cannot hold: `.`, `*`, `>`, `%` and white space, byte by byte of UTF-8.
 * KV keys write every byte outside `A-Z a-z 0-9 _ -` as `=XX` in upper-case hex, since KV clients refuse `%`.
 */

const SUBJECT_UNSAFE = /[.*>%\s]/;
const SUBJECT_UNSAFE_ALL = /[.*>%\s]/gu;
const KEY_SAFE = /^[A-Za-z0-9_-]*$/;
const KEY_UNSAFE_ALL = /[^A-Za-z0-9_-]/gu;

function hexBytes(character: string, mark: string): string {
  let text = "";
  for (const byte of Buffer.from(character, "utf8")) text += mark + byte.toString(16).toUpperCase().padStart(2, "0");
  return text;
}

/** One token of a subject. The same text when nothing in it needs encoding. */
export function subjectToken(text: string): string {
  if (!SUBJECT_UNSAFE.test(text)) return text;
  return text.replace(SUBJECT_UNSAFE_ALL, (character) => hexBytes(character, "%"));
}

/** One token of a KV key. */
export function keyToken(text: string): string {
  if (KEY_SAFE.test(text)) return text;
  return text.replace(KEY_UNSAFE_ALL, (character) => hexBytes(character, "="));
}

/** `stock.events.<location>.<sku>.<type>`. */
export function eventSubject(location: string, sku: string, type: string): string {
  return `stock.events.${subjectToken(location)}.${subjectToken(sku)}.${type}`;
}

/** `<location>.<sku>` as a key of the bucket STOCK_AVAILABILITY. */
export function availabilityKey(location: string, sku: string): string {
  return `${keyToken(location)}.${keyToken(sku)}`;
}
