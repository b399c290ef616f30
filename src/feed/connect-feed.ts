/** How the feed's worker connects: by itself, from plain data, since nothing else crosses to a thread. */

import { connect, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";

const RECONNECT_MS = 100;
const PING_MS = 5_000;

/** How to reach and enter NATS. Plain data that can be sent to a worker thread. */
export interface FeedNats {
  /** One address, or several with commas between. */
  readonly url: string;
}

/** Resolves once connected; then reconnects for ever. Rejects when the first attempt fails. */
export function connectFeed(nats: FeedNats, name: string): Promise<NatsConnection> {
  return connect({
    ...clientOptions(nats),
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
  });
}

/** The one place where that data becomes options of the client. */
function clientOptions({ url }: FeedNats): NodeConnectionOptions {
  return { servers: url.split(",").map((server) => server.trim()) };
}
