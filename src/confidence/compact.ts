/**
 * The bytes of a belief, for snapshots and journal rows. Lossless: what is read back is bit for bit what was written.
 *
 * Version 1, little-endian: version (1 byte), units of the first weight (double), time up to which evidence was taken in
 * (double), then the weights (4 bytes each) to the end. A record without a belief has no bytes.
 */

import { CorruptData, type EpochMs } from "../base/index.ts";
import { type Spread, SUPPORT_MAX } from "./belief.ts";

/** A belief and how far it has come in time. */
export interface BeliefState {
  readonly belief: Spread;
  /** Evidence up to this time is in it. */
  readonly at: EpochMs;
}

const VERSION = 1;
const HEAD_BYTES = 17;
const WEIGHT_BYTES = 4;
/** How far from 1 the sum of weights may be that were rounded to 32 bits. */
const MASS_TOLERANCE = 1e-4;

export function encodeBelief({ belief, at }: BeliefState): Uint8Array {
  const { low, weights } = belief;
  const bytes = new Uint8Array(HEAD_BYTES + WEIGHT_BYTES * weights.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setFloat64(1, low, true);
  view.setFloat64(9, at, true);
  for (let i = 0; i < weights.length; i++) view.setFloat32(HEAD_BYTES + WEIGHT_BYTES * i, weights[i] as number, true);
  return bytes;
}

/** Throws {@link CorruptData} for another version or bytes that are no belief; `where` names their place for a person. */
export function decodeBelief(bytes: Uint8Array, where: string): BeliefState {
  const length = (bytes.length - HEAD_BYTES) / WEIGHT_BYTES;
  if (bytes[0] !== VERSION) throw new CorruptData(`belief of version ${bytes[0]}, version ${VERSION} is known`, where);
  if (!Number.isInteger(length) || length < 1 || length > SUPPORT_MAX) {
    throw new CorruptData(`belief of ${bytes.length} bytes, not 1 to ${SUPPORT_MAX} weights`, where);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const low = view.getFloat64(1, true);
  const at = view.getFloat64(9, true);
  const weights = Float32Array.from({ length }, (_, i) => view.getFloat32(HEAD_BYTES + WEIGHT_BYTES * i, true));
  const mass = weights.reduce((sum, weight) => sum + (weight >= 0 ? weight : Number.NaN), 0);
  if (!(Number.isSafeInteger(low) && low >= 0)) throw new CorruptData(`belief that begins at ${low} units`, where);
  if (!Number.isSafeInteger(at)) throw new CorruptData(`belief as of time ${at}`, where);
  if (!(Math.abs(mass - 1) < MASS_TOLERANCE)) throw new CorruptData(`belief whose probabilities sum to ${mass}`, where);
  return { belief: { low, weights }, at: at as EpochMs };
}
