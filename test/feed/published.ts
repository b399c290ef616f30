/** What a subscriber finds in STOCK_EVENTS. */

import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { EVENTS_STREAM } from "../../src/feed/index.ts";

export interface PublishedEvent {
  readonly seq: number;
  readonly subject: string;
  readonly msgId: string;
  readonly id: string;
  readonly json: string;
}

/** Every event kept, in order. */
export async function publishedEvents(connection: NatsConnection): Promise<PublishedEvent[]> {
  const jsm = await jetstreamManager(connection);
  const { state } = await jsm.streams.info(EVENTS_STREAM);
  const events: PublishedEvent[] = [];
  if (state.messages === 0) return events;
  const consumer = await jetstream(connection).consumers.get(EVENTS_STREAM);
  const messages = await consumer.consume({ max_messages: 2_000 });
  for await (const message of messages) {
    const json = message.string();
    const { id } = JSON.parse(json) as { id: string };
    events.push({ seq: message.seq, subject: message.subject, msgId: message.headers?.get("Nats-Msg-Id") ?? "", id, json });
    if (message.seq >= state.last_seq) break;
  }
  return events;
}
