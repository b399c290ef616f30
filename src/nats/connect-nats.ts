/**
 * One way to connect to NATS: waits for the first connection, then reconnects for ever, and says so in the log.
 *
 * A publish while the connection is down is kept by the client and sent after the reconnect. Whoever cannot live with
 * that must look at `status()` itself, as the journal does.
 */

import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { Log } from "../ports/index.ts";
import { connectionOptions } from "./connection-options.ts";
import type { NatsOptions } from "./nats-options.ts";

const RECONNECT_WAIT_MS = 100;
const RECONNECT_JITTER_MS = 100;
const PING_INTERVAL_MS = 5_000;
const PINGS_LOST_MAX = 2;

export interface ConnectNats extends NatsOptions {
  /** Shown by the server's monitoring. */
  readonly name: string;
  readonly log: Log;
}

/** Resolves once connected, however long that takes. Rejects when a file is unusable, or a server refuses user or certificate. */
export async function connectNats({ name, log, ...options }: ConnectNats): Promise<NatsConnection> {
  const connection = await connect({
    ...connectionOptions(options),
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    waitOnFirstConnect: true,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: PINGS_LOST_MAX,
  });
  void logStatus(connection, name, log);
  return connection;
}

async function logStatus(connection: NatsConnection, name: string, log: Log): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === "disconnect") log.warn({ name, server: status.server }, "NATS connection lost");
    else if (status.type === "reconnect") log.info({ name, server: status.server }, "NATS connection is back");
    else if (status.type === "error") log.error({ name, err: status.error }, "NATS reports an error");
    else if (status.type === "slowConsumer") log.warn({ name, pending: status.pending }, "NATS subscription is slow");
    else if (status.type === "staleConnection") log.warn({ name }, "NATS connection does not answer");
  }
}
