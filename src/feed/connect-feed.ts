/** How the feed's worker connects: by itself, from plain data, since nothing else crosses to a thread. */

import { connect, type NatsConnection } from "@nats-io/transport-node";
import { connectionOptions, type NatsOptions } from "../nats/index.ts";

const RECONNECT_MS = 100;
const PING_MS = 5_000;

/** Resolves once connected; then reconnects for ever. Rejects when the first attempt fails. */
export function connectFeed(nats: NatsOptions, name: string): Promise<NatsConnection> {
  return connect({
    ...connectionOptions(nats),
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
  });
}
