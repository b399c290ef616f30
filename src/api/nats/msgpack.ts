/** msgpack for bodies: plain maps, arrays and scalars only, the same values that JSON can say. */

import { Packr, Unpackr } from "msgpackr";
import { msgpackProblem } from "./msgpack-guard.ts";

/** `skipValues` leaves out what JSON leaves out; the library knows it, its types do not. */
const PACKING = { useRecords: false, skipValues: [undefined] };

const packr = new Packr(PACKING);
/** 64-bit integers come as numbers; those beyond 2^53 lose digits and are refused later as out of range. */
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });

export class MsgpackUnreadable extends Error {
  override readonly name = "MsgpackUnreadable";
}

/** Throws {@link MsgpackUnreadable} with a reason for the caller's eyes. */
export function decodeMsgpack(bytes: Uint8Array): unknown {
  const problem = msgpackProblem(bytes);
  if (problem !== undefined) throw new MsgpackUnreadable(problem);
  return unpackr.unpack(bytes) as unknown;
}

export function encodeMsgpack(value: unknown): Uint8Array {
  return packr.pack(value);
}
