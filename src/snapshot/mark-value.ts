/** The mark of a checkpoint as it is stored: number of changes and mark, sealed with a checksum over both. */

import { openValue, sealValue } from "./checked-value.ts";

const META = "meta";
export const MARK_KEY = "mark";
const COUNT_BYTES = 4;

export function encodeMark(mark: Uint8Array, changes: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(COUNT_BYTES + mark.length);
  bytes.writeUInt32LE(changes >>> 0);
  bytes.set(mark, COUNT_BYTES);
  return sealValue(META, MARK_KEY, bytes);
}

/** The mark alone. Throws CorruptData. */
export function decodeMark(stored: Uint8Array): Uint8Array {
  return openValue(META, MARK_KEY, stored).subarray(COUNT_BYTES);
}
