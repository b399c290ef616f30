/**
 * Changes on their way to the writer thread: packed into chunks whose memory is handed over, not copied.
 *
 * One change: table number, value length (0xffffffff deletes), key length, key in UTF-8, value.
 */

import { TABLES, type Table } from "../ports/index.ts";

const CHUNK_BYTES = 256 * 1024;
const HEAD_BYTES = 7;
const DELETED = 0xffff_ffff;
const TABLE_NUMBERS: Readonly<Record<Table, number>> = Object.fromEntries(
  TABLES.map((table, number) => [table, number]),
) as Record<Table, number>;

export interface Chunk {
  readonly buffer: ArrayBuffer;
  /** Bytes in use. */
  readonly length: number;
}

export interface Change {
  readonly table: Table;
  readonly key: string;
  /** Undefined deletes. A view of the chunk. */
  readonly value: Uint8Array | undefined;
}

/** Packs changes and gives each full chunk away. Keeps at most one chunk. */
export class ChunkPacker {
  readonly #onFull: (chunk: Chunk) => void;
  #chunk: Buffer | undefined;
  #length = 0;

  constructor(onFull: (chunk: Chunk) => void) {
    this.#onFull = onFull;
  }

  /** `keyBytes` is the length of the key in UTF-8. O(bytes). */
  add(table: Table, key: string, keyBytes: number, value: Uint8Array | undefined): void {
    const bytes = HEAD_BYTES + keyBytes + (value?.length ?? 0);
    const chunk = this.#room(bytes);
    const at = this.#length;
    chunk[at] = TABLE_NUMBERS[table];
    chunk.writeUInt32LE(value?.length ?? DELETED, at + 1);
    chunk.writeUInt16LE(keyBytes, at + 5);
    chunk.write(key, at + HEAD_BYTES);
    if (value !== undefined) chunk.set(value, at + HEAD_BYTES + keyBytes);
    this.#length += bytes;
  }

  /** Gives away what is left. */
  flush(): void {
    if (this.#chunk !== undefined) this.#onFull({ buffer: this.#chunk.buffer as ArrayBuffer, length: this.#length });
    this.drop();
  }

  drop(): void {
    this.#chunk = undefined;
    this.#length = 0;
  }

  #room(bytes: number): Buffer {
    if (this.#chunk !== undefined && this.#length + bytes <= this.#chunk.length) return this.#chunk;
    this.flush();
    this.#chunk = Buffer.from(new ArrayBuffer(Math.max(CHUNK_BYTES, bytes)));
    return this.#chunk;
  }
}

/** The changes of a chunk, in order. */
export function* changesOf(chunk: Chunk): Generator<Change> {
  const bytes = Buffer.from(chunk.buffer, 0, chunk.length);
  for (let at = 0; at < bytes.length; ) {
    const valueLength = bytes.readUInt32LE(at + 1);
    const keyStart = at + HEAD_BYTES;
    const valueStart = keyStart + bytes.readUInt16LE(at + 5);
    const valueEnd = valueStart + (valueLength === DELETED ? 0 : valueLength);
    yield {
      table: TABLES[bytes[at] as number] as Table,
      key: bytes.toString("utf8", keyStart, valueStart),
      value: valueLength === DELETED ? undefined : bytes.subarray(valueStart, valueEnd),
    };
    at = valueEnd;
  }
}
