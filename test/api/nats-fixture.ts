/** A real nats-server with the service on it, and requests in either form. */

import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { headers, type Msg, type NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { Packr } from "msgpackr";
import { type NatsService, type NatsServiceOptions, startNatsService } from "../../src/api/nats/index.ts";
import { startEmbeddedNats } from "../../src/embedded-nats/index.ts";
import type { Log } from "../../src/ports/index.ts";

export const QUIET: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const PREFIX = "stockgrid.v1.";

export interface NatsServer {
  readonly url: string;
  connect(): Promise<NatsConnection>;
  stop(): Promise<void>;
}

export async function startServer(): Promise<NatsServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "stockgrid-nats-api-"));
  const server = await startEmbeddedNats({ dataDir, log: QUIET });
  const opened: NatsConnection[] = [];
  return {
    url: server.url,
    connect: async () => {
      const connection = await connect({ servers: server.url });
      opened.push(connection);
      return connection;
    },
    stop: async () => {
      await Promise.all(opened.map((connection) => connection.close()));
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export function startService(
  connection: NatsConnection,
  options: Pick<NatsServiceOptions, "grid"> & Partial<NatsServiceOptions>,
): Promise<NatsService> {
  return startNatsService({ connection, cluster: "test", version: "1.2.3", phase: () => "serving", log: QUIET, ...options });
}

export type Answered = Reply<unknown>;

/** Reads an answer in the form that it names. */
export function answered(message: Msg): Answered {
  const read = headersOf(message);
  const body: unknown = read.contentType === "application/msgpack" ? packr.unpack(message.data) : message.json();
  return { body, ...read };
}

/** What came back: the body, and the error headers if there are any. */
export interface Reply<T> {
  readonly body: T;
  readonly code: string | undefined;
  readonly title: string | undefined;
  readonly retryAfter: string | undefined;
  readonly contentType: string | undefined;
}

const TIMEOUT_MS = 5_000;

export async function ask<T>(connection: NatsConnection, subject: string, body: unknown): Promise<Reply<T>> {
  return askBytes<T>(connection, subject, JSON.stringify(body));
}

export async function askBytes<T>(connection: NatsConnection, subject: string, bytes: string | Uint8Array): Promise<Reply<T>> {
  const message = await connection.request(PREFIX + subject, bytes, { timeout: TIMEOUT_MS });
  return { body: message.json<T>(), ...headersOf(message) };
}

export const packr = new Packr({ useRecords: false });

export async function askMsgpack<T>(connection: NatsConnection, subject: string, body: unknown): Promise<Reply<T>> {
  return askMsgpackBytes<T>(connection, subject, packr.pack(body));
}

export async function askMsgpackBytes<T>(connection: NatsConnection, subject: string, bytes: Uint8Array): Promise<Reply<T>> {
  const message = await askAs(connection, subject, bytes, "application/msgpack");
  return { body: packr.unpack(message.data) as T, ...headersOf(message) };
}

export function askAs(
  connection: NatsConnection,
  subject: string,
  bytes: Uint8Array | string,
  contentType: string,
): Promise<Msg> {
  const asked = headers();
  asked.set("Content-Type", contentType);
  return connection.request(PREFIX + subject, bytes, { timeout: TIMEOUT_MS, headers: asked });
}

/** Publishes with any bytes for headers, which no client library would send. Resolves once the server has taken it. */
export async function publishRaw(url: string, subject: string, reply: string, head: string, body: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  socket.write('CONNECT {"headers":true,"verbose":false}\r\n');
  socket.write(`HPUB ${subject} ${reply} ${head.length} ${head.length + body.length}\r\n${head}${body}\r\nPING\r\n`);
  for await (const chunk of socket) if (String(chunk).includes("PONG")) break;
  socket.destroy();
}

export function headersOf(message: Msg): Omit<Reply<unknown>, "body"> {
  const read = (name: string): string | undefined => {
    const value = message.headers?.get(name) ?? "";
    return value === "" ? undefined : value;
  };
  return {
    code: read("Nats-Service-Error-Code"),
    title: read("Nats-Service-Error"),
    retryAfter: read("Retry-After"),
    contentType: read("Content-Type"),
  };
}
