/** Requests that must not be accepted: seeded, so that a run can be repeated. */

import type { Random } from "../../src/ports/index.ts";

/** xorshift32: small, seeded, good enough to choose bytes. */
export function seededRandom(seed: number): Random {
  let state = seed | 0 || 1;
  return {
    uint32: () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state >>> 0;
    },
  };
}

export function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.uint32() % values.length] as T;
}

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e308,
  2 ** 31,
  2 ** 53,
  "",
  "1",
  " ",
  ".",
  "..",
  "\u0000",
  "\ud800",
  "x".repeat(65),
  "x".repeat(100_000),
  [],
  {},
  [[[[[[[[]]]]]]]],
  { toString: "x" },
];

/** Replaces, removes or adds one field, or the whole, with a value of the wrong kind. */
export function mutateJson(random: Random, body: unknown): unknown {
  const odd = pick(random, ODD_VALUES);
  if (typeof body !== "object" || body === null || random.uint32() % 12 === 0) return odd;
  const copy = (Array.isArray(body) ? [...body] : { ...body }) as Record<string, unknown>;
  const name = pick(random, Object.keys(copy));
  const kind = random.uint32() % 5;
  if (kind === 0) delete copy[name];
  else if (kind === 1) copy[`${name}x`] = odd;
  else if (kind === 2) copy[name] = mutateJson(random, copy[name]);
  else copy[name] = odd;
  return copy;
}

const BYTE_EDITS_MAX = 6;

/** Flips, removes, doubles or inserts a few bytes. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  let mutated = Buffer.from(bytes);
  for (let edits = 1 + (random.uint32() % BYTE_EDITS_MAX); edits > 0 && mutated.length > 1; edits--) {
    const at = random.uint32() % mutated.length;
    const kind = random.uint32() % 4;
    if (kind === 0) mutated[at] = random.uint32();
    else if (kind === 1) mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + 1)]);
    else if (kind === 2) mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at >> 1)]);
    else mutated = mutated.subarray(0, at);
  }
  return mutated;
}

export function randomBytes(random: Random, lengthMax: number): Buffer {
  return Buffer.from(Array.from({ length: random.uint32() % lengthMax }, () => random.uint32() & 0xff));
}
