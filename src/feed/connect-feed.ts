/**
 * How the feed's worker connects: by itself, from plain data, since nothing else crosses to a thread. Who may connect and by what
 * certificates is decided where all connections of the node are; it comes in here as data and goes to the client as it is.
 */

import { connect, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";

const RECONNECT_MS = 100;
const PING_MS = 5_000;

/** What of the client's options is plain data: no functions. Keys and certificates as text, or as paths where the client takes them. */
export type NatsSecurity = Pick<NodeConnectionOptions, "user" | "pass" | "token" | "inboxPrefix" | "tls">;

export interface FeedNats {
  /** One address, or several with commas between. */
  readonly url: string;
  readonly security: NatsSecurity;
}

/** Resolves once connected; then reconnects for ever. Rejects when the first attempt fails. */
export function connectFeed({ url, security }: FeedNats, name: string): Promise<NatsConnection> {
  return connect({
    ...security,
    servers: url.split(",").map((server) => server.trim()),
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
  });
}
