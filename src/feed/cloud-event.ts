/**
 * A stock entry as CloudEvents 1.0 JSON (structured mode), and as the value of the availability bucket.
 * Written by hand instead of through an object: at 20,000 events/s this is the largest part of the feed's own work.
 */

import type { Levels, StockEntry } from "../shard/index.ts";
import { causeOf, type StockEvent } from "../stock/index.ts";

/** Times repeat within a record: the last one is kept as text. */
let isoMs = Number.NaN;
let isoText = "";

function iso(ms: number): string {
  if (ms !== isoMs) {
    isoMs = ms;
    isoText = new Date(ms).toISOString();
  }
  return isoText;
}

function availableOf(after: Levels): number {
  return after.onHand - after.held - after.allocated - after.unavailable - after.safetyStock;
}

/** `source` is the JSON text of the source, quotes included: it is the same for every event. */
export function cloudEventJson(id: string, source: string, entry: StockEntry): string {
  const { event, after } = entry;
  const sku = JSON.stringify(event.sku);
  const location = JSON.stringify(event.location);
  const cause = causeOf(event.kind) === "reservation" ? "reservationId" : "movementId";
  return (
    `{"specversion":"1.0","id":${JSON.stringify(id)},"source":${source},"type":"stockgrid.stock.${event.kind}.v1",` +
    `"subject":${JSON.stringify(`${event.sku}/${event.location}`)},"time":"${iso(event.at)}","datacontenttype":"application/json",` +
    `"data":{"sku":${sku},"location":${location},"version":${event.version},"change":${changeJson(event)},` +
    `"record":${recordJson(sku, location, after)},"${cause}":${JSON.stringify(event.cause)}}}`
  );
}

/** JSON text of the `source` of every event of a cluster. */
export function sourceJson(cluster: string): string {
  return JSON.stringify(`/stockgrid/${encodeURIComponent(cluster)}`);
}

/** `quantity`, the deltas that are not zero, and for a movement when and why it happened, and what to know about it. */
function changeJson(event: StockEvent): string {
  let text = `{"quantity":${event.quantity}`;
  if (event.onHand !== 0) text += `,"onHand":${event.onHand}`;
  if (event.held !== 0) text += `,"held":${event.held}`;
  if (event.allocated !== 0) text += `,"allocated":${event.allocated}`;
  if (event.unavailable !== 0) text += `,"unavailable":${event.unavailable}`;
  if (causeOf(event.kind) === "movement") text += `,"occurredAt":"${new Date(event.occurredAt).toISOString()}"`;
  if (event.reason !== undefined) text += `,"reason":${JSON.stringify(event.reason)}`;
  if (event.reference !== undefined) text += `,"reference":${JSON.stringify(event.reference)}`;
  if (event.reverses !== undefined) text += `,"reverses":${JSON.stringify(event.reverses)}`;
  if (event.note !== undefined) text += `,"note":"${event.note}"`;
  return `${text}}`;
}

function recordJson(sku: string, location: string, after: Levels): string {
  return (
    `{"sku":${sku},"location":${location},"onHand":${after.onHand},"held":${after.held},"allocated":${after.allocated},` +
    `"unavailable":${after.unavailable},"inbound":${after.inbound},"safetyStock":${after.safetyStock},` +
    `"available":${availableOf(after)},"version":${after.version},"updatedAt":"${iso(after.updatedAt)}"}`
  );
}

/** `{available, onHand, version, at}`. */
export function availabilityJson(after: Levels): string {
  return `{"available":${availableOf(after)},"onHand":${after.onHand},"version":${after.version},"at":"${iso(after.updatedAt)}"}`;
}
