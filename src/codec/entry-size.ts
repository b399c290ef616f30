/** How large an entry may become in a record: what keeps a batch below the largest message, without encoding it first. */

import { makesReservation } from "../reservation/index.ts";
import type { Entry } from "../shard/index.ts";

/** UTF-8 takes at most three bytes for a UTF-16 unit. */
const BYTES_A_UNIT = 3;
/** More than the numbers and lengths of a row take. */
const ROW_BYTES = 200;
const LINE_BYTES = 40;

/** An upper bound of the bytes of an entry. O(its lines). */
export function entryBytesMax(entry: Entry): number {
  return ROW_BYTES + BYTES_A_UNIT * textLength(entry);
}

function textLength(entry: Entry): number {
  switch (entry.entry) {
    case "stock": {
      const { sku, location, cause, reason, reference, reverses } = entry.event;
      const optional = (reason?.length ?? 0) + (reference?.length ?? 0) + (reverses?.length ?? 0);
      return sku.length + location.length + cause.length + optional;
    }
    case "reservation": {
      const { event } = entry;
      if (!makesReservation(event)) return event.id.length + LINE_BYTES * event.changes.length;
      let length = event.id.length + (event.reference?.length ?? 0) + (event.channel?.length ?? 0);
      for (const line of event.lines) length += LINE_BYTES + line.sku.length + line.location.length;
      return length;
    }
    case "participation": {
      let length = entry.id.length;
      for (const line of entry.lines) length += LINE_BYTES + line.sku.length + line.location.length;
      return length;
    }
    case "key":
      return entry.sku.length + entry.key.length + entry.fingerprint.length + entry.reservation.length;
    case "movement":
      return entry.id.length + (entry.sku?.length ?? 0) + (entry.effect?.location.length ?? 0);
    case "location":
      return JSON.stringify(entry.location).length;
    case "adopted":
      return entry.origin.kind === "place"
        ? entry.origin.lane.length
        : entry.origin.kind === "image"
          ? entry.origin.name.length
          : 0;
    case "released":
      return entry.to.length;
    case "barrier":
      return 0;
  }
}
