/**
 * The feed over NATS: an ordered consumer on STOCK_EVENTS. The library makes it anew, at the right place, when the server or the connection
 * was away; what it cannot mend ends the source, and the feed opens it again behind the last event.
 */

import {
  type Consumer,
  type ConsumerMessages,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
  type StreamInfo,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { StockGridFault } from "./fault.ts";
import { type EventSource, positionLost, type RawEvent } from "./feed-event.ts";
import { EVENTS_STREAM, type EventFilter, eventSubjects, positionOf, sequenceOf } from "./feed-names.ts";
import { faultOf } from "./nats-transport.ts";
import { orAborted } from "./retry.ts";

const FETCH_EVENTS = 500;

export function natsEvents(connection: NatsConnection, filter: EventFilter): EventSource {
  return (after, signal) => follow(connection, filter, after, signal);
}

async function* follow(
  connection: NatsConnection,
  filter: EventFilter,
  after: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<RawEvent, void, void> {
  let consumer: Consumer | undefined;
  let messages: ConsumerMessages | undefined;
  const stop = (): void => messages?.stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const { created, start } = await orAborted(placeOf(connection, after), signal);
    // Known before the first event, so that nothing is lost when the feed breaks before it.
    yield { position: positionOf(created, start - 1), json: undefined };
    const options = { opt_start_seq: start, filter_subjects: eventSubjects(filter) };
    consumer = await orAborted(jetstream(connection).consumers.get(EVENTS_STREAM, options), signal);
    messages = await consumer.consume({ max_messages: FETCH_EVENTS });
    if (signal.aborted) messages.stop();
    for await (const message of messages) yield { position: positionOf(created, message.seq), json: message.string() };
    if (connection.isClosed()) throw new StockGridFault({ code: "closed", message: "the NATS connection is closed" });
  } catch (error) {
    if (signal.aborted || error instanceof StockGridFault) throw error;
    throw feedFault(error);
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
    // The server would forget it by itself after some minutes; nobody waits for this.
    if (!connection.isClosed()) consumer?.delete().catch(() => undefined);
  }
}

interface Place {
  /** When the stream was made. */
  readonly created: string;
  /** First sequence to deliver. */
  readonly start: number;
}

async function placeOf(connection: NatsConnection, after: string | undefined): Promise<Place> {
  const jsm = await jetstreamManager(connection, { checkAPI: false });
  const { created, state }: StreamInfo = await jsm.streams.info(EVENTS_STREAM);
  if (after === undefined) return { created, start: state.last_seq + 1 };
  const seq = sequenceOf(created, after);
  if (seq === undefined || seq > state.last_seq || seq + 1 < state.first_seq) throw positionLost(after);
  return { created, start: seq + 1 };
}

/** A stream that is not there yet, or has no leader, comes; so does a server. */
function feedFault(error: unknown): StockGridFault {
  if (!(error instanceof JetStreamApiError)) return faultOf(error, EVENTS_STREAM);
  return new StockGridFault({ code: "not-ready", message: `${EVENTS_STREAM}: ${error.message}`, cause: error });
}
