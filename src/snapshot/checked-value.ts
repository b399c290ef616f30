/**
 * What is stored under a key: the value, then a CRC-32 over table, key and value, so that a flipped bit is noticed and
 * so is a value that turns up under another key.
 */

import { crc32 } from "node:zlib";
import { CorruptData } from "../base/index.ts";

const CHECKSUM_BYTES = 4;

/** Fresh bytes. O(length). */
export function sealValue(table: string, key: string, value: Uint8Array): Buffer {
  const sealed = Buffer.allocUnsafe(value.length + CHECKSUM_BYTES);
  sealed.set(value);
  sealed.writeUInt32LE(checksum(table, key, value), value.length);
  return sealed;
}

/** The value inside, a view of `sealed`. Throws CorruptData naming table and key. O(length). */
export function openValue(table: string, key: string, sealed: Uint8Array): Uint8Array {
  const length = sealed.length - CHECKSUM_BYTES;
  if (length < 0) throw new CorruptData("value is too short to carry a checksum", whereOf(table, key));
  const value = new Uint8Array(sealed.buffer, sealed.byteOffset, length);
  if (checksum(table, key, value) !== readUInt32LE(sealed, length)) {
    throw new CorruptData("checksum of a value is wrong", whereOf(table, key));
  }
  return value;
}

/** For people: the key as JSON, since it may hold characters that cannot be seen. */
export function whereOf(table: string, key: string): string {
  return `table ${table}, key ${JSON.stringify(key)}`;
}

function checksum(table: string, key: string, value: Uint8Array): number {
  return crc32(value, crc32(`${table}\0${key}`));
}

function readUInt32LE(bytes: Uint8Array, at: number): number {
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0] = bytes.subarray(at, at + CHECKSUM_BYTES);
  return (b0 | (b1 << 8) | (b2 << 16) | (b3 << 24)) >>> 0;
}
