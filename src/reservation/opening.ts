/**
 * How a reservation over shards of several members is opened and settled: the decisions of its home shard, once it knows what
 * the other shards said. See docs/spec/reservation.md.
 */

import type { EpochMs } from "../base/index.ts";
import type { LineChange, Reservation, ReservationChanged } from "./reservation.ts";

/** Units granted by other shards, by the index of the line. */
export type Grants = ReadonlyMap<number, number>;

/** The reservation stands with what was granted; undefined when that is not enough: any line short in mode `all`, nothing held in `partial`. */
export function decideGrant(reservation: Reservation, grants: Grants, now: EpochMs): ReservationChanged | undefined {
  const units = reservation.lines.map((line, index) => line.quantity + (grants.get(index) ?? 0));
  const enough =
    reservation.mode === "all"
      ? reservation.lines.every((line, index) => units[index] === line.requested)
      : units.some((quantity) => quantity > 0);
  if (!enough) return undefined;
  const changes: LineChange[] = [];
  for (const [line, held] of grants) if (held > 0) changes.push({ line, held, allocated: 0, fulfilled: 0 });
  return changed(reservation, "granted", changes, now);
}

/** What the reservation holds so far is given back; it never was. */
export function decideRefusal(reservation: Reservation, now: EpochMs): ReservationChanged {
  const changes: LineChange[] = [];
  reservation.lines.forEach(({ held }, line) => {
    if (held > 0) changes.push({ line, held: -held, allocated: 0, fulfilled: 0 });
  });
  return changed(reservation, "refused", changes, now);
}

/** Every other shard has followed. */
export function decideSettlement(reservation: Reservation, now: EpochMs): ReservationChanged {
  return changed(reservation, "settled", [], now);
}

function changed(
  { id, version, expiresAt }: Reservation,
  kind: ReservationChanged["kind"],
  changes: readonly LineChange[],
  at: EpochMs,
): ReservationChanged {
  return { kind, id, version: version + 1, at, expiresAt, changes };
}
