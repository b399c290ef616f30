/**
 * Looks over msgpack bytes before they are decoded: lets through exactly what JSON could have said as well.
 *
 * G1. One value, complete, with nothing after it; every length it claims is really there, so that decoding allocates in
 *     proportion to the bytes received.
 * G2. nil, booleans, numbers, UTF-8 strings, arrays, and maps with string keys. No binary, no extensions: these would
 *     run decoders of their own.
 * G3. At most {@link MSGPACK_DEPTH_MAX} containers deep. The walk keeps its own stack, so depth cannot exhaust ours.
 */

import { isUtf8 } from "node:buffer";

/** Deepest nesting of arrays and maps. A request of ours needs 4. */
export const MSGPACK_DEPTH_MAX = 16;

/** Bytes after the first one of a value of fixed size, by its first byte; the rest is handled one by one. */
const FIXED_BYTES: ReadonlyMap<number, number> = new Map([
  [0xc0, 0], // nil
  [0xc2, 0], // false
  [0xc3, 0], // true
  [0xca, 4], // float 32
  [0xcb, 8], // float 64
  [0xcc, 1], // uint 8 to 64
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
  [0xd0, 1], // int 8 to 64
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
]);

/** Says why the bytes are not a msgpack value that a request may hold, or undefined when they are. O(bytes). */
export function msgpackProblem(bytes: Uint8Array): string | undefined {
  return new Walk(bytes).problem();
}

/** A container being walked: values still to come, and whether every other one of them is a key. */
interface Open {
  left: number;
  readonly isMap: boolean;
}

class Walk {
  readonly #bytes: Uint8Array;
  readonly #open: Open[] = [];
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  problem(): string | undefined {
    do {
      const wrong = this.#value(this.#takeIsKey());
      if (wrong !== undefined) return wrong;
      this.#closeFinished();
    } while (this.#open.length > 0);
    return this.#at === this.#bytes.length ? undefined : "has bytes after its value";
  }

  /** Counts one value of the innermost container; true when it stands where a key stands. */
  #takeIsKey(): boolean {
    const open = this.#open.at(-1);
    if (open === undefined) return false;
    open.left--;
    return open.isMap && open.left % 2 === 1;
  }

  #closeFinished(): void {
    while (this.#open.at(-1)?.left === 0) this.#open.pop();
  }

  #value(isKey: boolean): string | undefined {
    const first = this.#bytes[this.#at++];
    if (first === undefined) return "ends in the middle of a value";
    const textBytes = this.#stringLength(first);
    if (textBytes !== undefined) return this.#string(textBytes);
    if (isKey) return "has a map key that is not a string";
    const entries = this.#mapLength(first);
    if (entries !== undefined) return this.#container(entries * 2, true);
    const elements = this.#arrayLength(first);
    if (elements !== undefined) return this.#container(elements, false);
    return this.#scalar(first);
  }

  #scalar(first: number): string | undefined {
    if (first < 0x80 || first >= 0xe0) return undefined;
    const size = FIXED_BYTES.get(first);
    if (size === undefined)
      return `has a value of type 0x${first.toString(16)}, which is neither text, number, boolean, array nor map`;
    return this.#skip(size);
  }

  #string(size: number): string | undefined {
    const from = this.#at;
    const wrong = this.#skip(size);
    if (wrong !== undefined) return wrong;
    return isUtf8(this.#bytes.subarray(from, this.#at)) ? undefined : "has a string that is not UTF-8";
  }

  #container(values: number, isMap: boolean): string | undefined {
    if (this.#open.length >= MSGPACK_DEPTH_MAX) return `is nested more than ${MSGPACK_DEPTH_MAX} levels deep`;
    this.#open.push({ left: values, isMap });
    return undefined;
  }

  #skip(size: number): string | undefined {
    this.#at += size;
    return this.#at <= this.#bytes.length ? undefined : "ends in the middle of a value";
  }

  #stringLength(first: number): number | undefined {
    if (first >= 0xa0 && first <= 0xbf) return first & 0x1f;
    if (first >= 0xd9 && first <= 0xdb) return this.#length(1 << (first - 0xd9));
    return undefined;
  }

  #arrayLength(first: number): number | undefined {
    if (first >= 0x90 && first <= 0x9f) return first & 0x0f;
    if (first === 0xdc || first === 0xdd) return this.#length(first === 0xdc ? 2 : 4);
    return undefined;
  }

  #mapLength(first: number): number | undefined {
    if (first >= 0x80 && first <= 0x8f) return first & 0x0f;
    if (first === 0xde || first === 0xdf) return this.#length(first === 0xde ? 2 : 4);
    return undefined;
  }

  /** A big-endian length; larger than any payload when its own bytes are missing, which the caller then refuses. */
  #length(size: number): number {
    let length = 0;
    for (let i = 0; i < size; i++) length = length * 256 + (this.#bytes[this.#at++] ?? 256);
    return length;
  }
}
