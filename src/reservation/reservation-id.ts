/**
 * The form of a reservation id: 9 digits of base 36 for the time, 8 hex digits that make it unique, `-`, 8 hex digits of the
 * first SKU's hash. The hash leads to the shard whatever the number of shards is; the time first keeps ids made together
 * close on disk.
 */

import type { EpochMs, ReservationId } from "../base/index.ts";

const ID_FORM = /^[0-9a-z]{9}[0-9a-f]{8}-[0-9a-f]{8}$/;

/** Every number of 16 bits as 4 hex digits: making an id is then four look-ups. */
const HEX4 = Array.from({ length: 65_536 }, (_, value) => value.toString(16).padStart(4, "0"));

let latestTime = -1;
let latestPrefix = "";

/** `unique` must differ between ids made in one millisecond by all members; its low 32 bits are used. */
export function formatReservationId(at: EpochMs, unique: number, skuHash: number): ReservationId {
  return `${timePrefix(at)}${hex8(unique)}-${hex8(skuHash)}` as ReservationId;
}

/** Hash of the first SKU, or undefined when the text is no reservation id. */
export function skuHashOfReservationId(text: string): number | undefined {
  return ID_FORM.test(text) ? Number.parseInt(text.slice(-8), 16) : undefined;
}

/** Remembers the last one: many ids are made in one millisecond. */
function timePrefix(at: EpochMs): string {
  if (at !== latestTime) {
    latestTime = at;
    latestPrefix = at.toString(36).padStart(9, "0");
  }
  return latestPrefix;
}

function hex8(value: number): string {
  return (HEX4[(value >>> 16) & 0xffff] as string) + (HEX4[value & 0xffff] as string);
}
