/**
 * One way to connect to NATS: waits for the first connection, then reconnects for ever, and says so in the log.
 *
 * A publish while the connection is down is kept by the client and sent after the reconnect. Whoever cannot live with
 * that must look at `status()` itself, as the journal does.
 */

import { setTimeout as pause } from "node:timers/promises";
import { AuthorizationError, UserAuthenticationExpiredError } from "@nats-io/nats-core";
import { connect, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import type { Log } from "../ports/index.ts";
import { connectionOptions } from "./connection-options.ts";
import type { NatsOptions } from "./nats-options.ts";

const RECONNECT_WAIT_MS = 100;
const RECONNECT_JITTER_MS = 100;
const PING_INTERVAL_MS = 5_000;
const PINGS_LOST_MAX = 2;
/** Of the first connection: a line every quarter of a minute or so. */
const FAILURES_A_LOG_LINE = 100;

export interface ConnectNats extends NatsOptions {
  /** Shown by the server's monitoring. */
  readonly name: string;
  readonly log: Log;
}

/** Resolves once connected, however long that takes. Rejects when a file is unusable, or the servers do not let this user in. */
export async function connectNats({ name, log, ...nats }: ConnectNats): Promise<NatsConnection> {
  const options: NodeConnectionOptions = {
    ...connectionOptions(nats),
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: PINGS_LOST_MAX,
  };
  const connection = await firstConnection(options, name, log);
  void logStatus(connection, name, log);
  return connection;
}

/** The client could wait for the first connection itself, but would say nothing: a wrong certificate would look like a slow start. */
async function firstConnection(options: NodeConnectionOptions, name: string, log: Log): Promise<NatsConnection> {
  for (let failures = 0; ; failures++) {
    try {
      return await connect(options);
    } catch (error) {
      if (error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError) throw error;
      if (failures % FAILURES_A_LOG_LINE === 0) log.warn({ name, reason: reasonOf(error) }, "NATS cannot be reached yet");
      await pause(RECONNECT_WAIT_MS + Math.random() * RECONNECT_JITTER_MS);
    }
  }
}

/** The client's own words, and those of what caused them: "connection refused" alone hides an unknown certificate. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
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
