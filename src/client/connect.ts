/** Opens a client: over HTTP, over NATS, or over both. */

import type { NatsConnection } from "@nats-io/nats-core";
import { type ConnectionOptions, connect, credsAuthenticator, type TlsOptions } from "@nats-io/transport-node";
import { GridClient } from "./client.ts";
import { StockGridFault } from "./fault.ts";
import type { StockGridClient } from "./grid-client.ts";
import { httpEvents } from "./http-events.ts";
import { type HttpOptions, HttpTransport } from "./http-transport.ts";
import { natsEvents } from "./nats-events.ts";
import type { NatsEncoding } from "./nats-form.ts";
import { NatsTransport } from "./nats-transport.ts";

export interface NatsOptions {
  /** Addresses of NATS servers. */
  readonly nats: string | readonly string[];
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** Text of a credentials file. */
  readonly creds?: string | Uint8Array | undefined;
  readonly tls?: TlsOptions | undefined;
  /** How bodies are written; `json` when absent. msgpack is smaller, and faster for large arrays. */
  readonly encoding?: NatsEncoding | undefined;
  /** How often the shard map is read, milliseconds; 30,000 when absent. */
  readonly mapRefreshMs?: number | undefined;
  /** Shown by the NATS server's monitoring. */
  readonly name?: string | undefined;
  /** Prefix of the inboxes, where the user may not subscribe to `_INBOX.>`. */
  readonly inboxPrefix?: string | undefined;
}

interface Deadlines {
  /** Milliseconds for a call that names none; 10,000 when absent. */
  readonly deadlineMs?: number | undefined;
  /** Milliseconds for one attempt of a call; 3,000 when absent. */
  readonly attemptMs?: number | undefined;
}

/** With both, NATS carries what it can, HTTP the rest. */
export type ConnectOptions = Deadlines & (HttpOptions | NatsOptions | (HttpOptions & NatsOptions));

const DEADLINE_MS = 10_000;
const ATTEMPT_MS = 3_000;
const MAP_REFRESH_MS = 30_000;
const RECONNECT_MS = 250;
const PING_MS = 5_000;

/**
 * Over HTTP nothing is opened before the first call. Over NATS it resolves once connected, and rejects with StockGridFault `unreachable` or
 * `unauthorized` when the first connection cannot be made; a later loss is mended by itself.
 */
export async function connectStockGrid(options: ConnectOptions): Promise<StockGridClient> {
  const deadlines = { deadlineMs: options.deadlineMs ?? DEADLINE_MS, attemptMs: options.attemptMs ?? ATTEMPT_MS };
  const http = "http" in options ? new HttpTransport(options) : undefined;
  if ("nats" in options) return overNats(options, http, deadlines);
  if (http === undefined) throw new RangeError("name an address: http or nats");
  const events = (filter: Parameters<typeof httpEvents>[1]): ReturnType<typeof httpEvents> => httpEvents(http, filter);
  return new GridClient({ main: http, http, nats: undefined, events, ...deadlines, close: () => http.close() });
}

async function overNats(
  options: NatsOptions,
  http: HttpTransport | undefined,
  deadlines: Required<{ [K in keyof Deadlines]: number }>,
): Promise<StockGridClient> {
  const connection = await openNats(options, deadlines.deadlineMs);
  const { encoding = "json", mapRefreshMs = MAP_REFRESH_MS } = options;
  const main = new NatsTransport({ connection, encoding, mapRefreshMs });
  return new GridClient({
    main,
    http,
    nats: { connection, readMap: () => main.readMap() },
    events: (filter) => natsEvents(connection, filter),
    ...deadlines,
    close: async () => {
      await Promise.all([main.close(), http?.close()]);
      await connection.close();
    },
  });
}

async function openNats(options: NatsOptions, timeoutMs: number): Promise<NatsConnection> {
  try {
    return await connect({ ...connectionOptions(options), timeout: timeoutMs });
  } catch (error) {
    const refused = error instanceof Error && error.name === "AuthorizationError";
    throw new StockGridFault({
      code: refused ? "unauthorized" : "unreachable",
      message: `no connection to NATS at ${[options.nats].flat().join(", ")}: ${String(error)}`,
      cause: error,
    });
  }
}

function connectionOptions({ nats, user, password, token, creds, tls, name, inboxPrefix }: NatsOptions): ConnectionOptions {
  const bytes = typeof creds === "string" ? new TextEncoder().encode(creds) : creds;
  return {
    servers: typeof nats === "string" ? nats.split(",").map((server) => server.trim()) : [...nats],
    name: name ?? "stockgrid client",
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(bytes === undefined ? {} : { authenticator: credsAuthenticator(bytes) }),
    ...(tls === undefined ? {} : { tls }),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  };
}
