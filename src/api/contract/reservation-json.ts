/** The text of a reservation, equal to `JSON.stringify(reservationView(...))` without the object in between: the hot answer. */

import { formatTime } from "../../forms/index.ts";
import { type Reservation, type ReservationLine, statusOf } from "../../reservation/index.ts";

/** Texts that stand in JSON as they are. Ids nearly always do. */
const PLAIN = /^[ !#-[\]-~]*$/;

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

export function reservationJson(reservation: Reservation): string {
  const { lines, reference, channel } = reservation;
  let lineTexts = lineJson(lines[0] as ReservationLine);
  for (let i = 1; i < lines.length; i++) lineTexts += `,${lineJson(lines[i] as ReservationLine)}`;
  return (
    `{"id":"${reservation.id}","status":"${statusOf(reservation)}","lines":[${lineTexts}],"mode":"${reservation.mode}",` +
    `"createdAt":"${formatTime(reservation.createdAt)}","expiresAt":"${formatTime(reservation.expiresAt)}",` +
    `"updatedAt":"${formatTime(reservation.updatedAt)}","version":${reservation.version}` +
    `${reference === undefined ? "" : `,"reference":${quoted(reference)}`}${channel === undefined ? "" : `,"channel":${quoted(channel)}`}}`
  );
}

function lineJson(line: ReservationLine): string {
  return (
    `{"sku":${quoted(line.sku)},"location":${quoted(line.location)},"quantity":${line.quantity},"requested":${line.requested},` +
    `"held":${line.held},"allocated":${line.allocated},"fulfilled":${line.fulfilled}}`
  );
}
