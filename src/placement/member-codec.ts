/** The bytes of what a member tells with each beat: JSON, so that a person can read it with any NATS tool. */

import { CorruptData, type LaneSeq } from "../base/index.ts";
import type { MemberInfo } from "./membership.ts";

const MEMBER_FORMAT = 1;

export function encodeMember(info: MemberInfo): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: MEMBER_FORMAT, ...info }));
}

/** Throws CorruptData when the format is unknown or the text is no member. */
export function decodeMember(bytes: Uint8Array, key: string): MemberInfo {
  const { format, ...info } = parsed(bytes, key);
  if (format !== MEMBER_FORMAT) {
    throw new CorruptData(`member format ${format} is not known to this version, which reads ${MEMBER_FORMAT}`, `key ${key}`);
  }
  return { ...info, durable: info.durable as Readonly<Record<string, LaneSeq>> };
}

function parsed(bytes: Uint8Array, key: string): MemberInfo & { readonly format: number } {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as MemberInfo & { format: number };
  } catch (cause) {
    throw new CorruptData("what a member says of itself cannot be read", `key ${key}`, { cause });
  }
}
