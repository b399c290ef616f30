/** An event of the feed: a CloudEvent as it was published, and its place. */

import type { StockRecord } from "./bodies.ts";
import { StockGridFault } from "./fault.ts";

export interface EventChange {
  /** Units the cause speaks of. */
  readonly quantity: number;
  readonly onHand?: number;
  readonly held?: number;
  readonly allocated?: number;
  readonly unavailable?: number;
  readonly occurredAt?: string;
  readonly reason?: string;
  readonly reference?: string;
  /** Id of the movement that this one undoes, follows from, or waits for. */
  readonly reverses?: string;
  /** How it was applied, such as `before-count`; see the guide to events. Ignore notes you do not know. */
  readonly note?: string;
}

export interface EventData {
  readonly sku: string;
  readonly location: string;
  /** Version of the record after it. */
  readonly version: number;
  readonly change: EventChange;
  /** The record after it. */
  readonly record: StockRecord;
  readonly reservationId?: string;
  readonly movementId?: string;
}

/** CloudEvents 1.0. Ignore types you do not know. */
export interface StockEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  /** Such as `stockgrid.stock.held.v1`. */
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: string;
  readonly data: EventData;
}

export interface FeedEvent extends StockEvent {
  /** Give it as `after` to go on right behind this event, over HTTP or NATS. */
  readonly position: string;
}

/** What a source hands on: an event as JSON text with its position, or without text a position alone. */
export interface RawEvent {
  readonly position: string;
  readonly json: string | undefined;
}

/** Opens the feed right after a position, or with the next event. Ends when the feed does, throws StockGridFault when it breaks. */
export type EventSource = (after: string | undefined, signal: AbortSignal) => AsyncIterable<RawEvent>;

/** Throws StockGridFault for what is no event. */
export function parseEvent(json: string, position: string): FeedEvent {
  let event: StockEvent;
  try {
    event = JSON.parse(json) as StockEvent;
  } catch (error) {
    throw new StockGridFault({ code: "unexpected-answer", message: `no JSON in the feed at ${position}`, cause: error });
  }
  const { version, sku, location } = event.data ?? {};
  if (Number.isSafeInteger(version) && typeof sku === "string" && typeof location === "string") return { ...event, position };
  throw new StockGridFault({ code: "unexpected-answer", message: `what is in the feed at ${position} is no event of stock` });
}

export function positionLost(after: string, cause?: unknown): StockGridFault {
  return new StockGridFault({
    code: "position-lost",
    message: `the events after ${after} are not kept, or it is a place in another feed: read the records anew and start without a position`,
    cause,
  });
}
