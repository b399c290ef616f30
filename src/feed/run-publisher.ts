/**
 * Publishes runs of messages onto the end of a stream, all of a run or a proof that it is not known: by a chain on a stream with one replica,
 * by an atomic batch on a replicated one.
 *
 * The chain would not do there: a replicated stream checks `Nats-Expected-Last-Msg-Id` after the message is agreed upon, and nats-server
 * 2.15.1 answers nothing more on a stream once such a check has refused one. The batch would not do here: a stream that persists asynchronously
 * takes none.
 */

import type { StreamConfig } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { BatchPublisher } from "./batch-publisher.ts";
import { ChainPublisher, type RunPublisher } from "./chain-publisher.ts";

export function runPublisher(connection: NatsConnection, stream: Pick<StreamConfig, "num_replicas">): RunPublisher {
  return stream.num_replicas > 1 ? new BatchPublisher(connection) : new ChainPublisher(connection);
}
