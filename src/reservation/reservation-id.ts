/**
 * The form of a reservation id: `<time><count>-<hash of the first SKU>`, all base 36 but the hash, which is 8 hex digits.
 * The hash leads to the shard whatever the number of shards is; the time first keeps ids made together close on disk.
 */

import type { EpochMs, ReservationId } from "../base/index.ts";

const ID_FORM = /^[0-9a-z]{9}[0-9a-z]{7}-[0-9a-f]{8}$/;
const SUFFIX_RANGE = 36 ** 7;

/** `unique` must differ between ids made in one millisecond by all members; its low 36 bits are used. */
export function formatReservationId(at: EpochMs, unique: number, skuHash: number): ReservationId {
  const time = at.toString(36).padStart(9, "0");
  const suffix = (unique % SUFFIX_RANGE).toString(36).padStart(7, "0");
  return `${time}${suffix}-${skuHash.toString(16).padStart(8, "0")}` as ReservationId;
}

/** Hash of the first SKU, or undefined when the text is no reservation id. */
export function skuHashOfReservationId(text: string): number | undefined {
  return ID_FORM.test(text) ? Number.parseInt(text.slice(-8), 16) : undefined;
}
