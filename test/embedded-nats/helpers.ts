/** What the tests of the embedded server share: temp folders, waiting for a condition, a node in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterEach } from "vitest";
import { ServerProcess } from "../../src/embedded-nats/server-process.ts";
import type { Log } from "../../src/ports/index.ts";

const WAIT_MS_MAX = 20_000;
const cleanups: (() => Promise<void> | void)[] = [];

/** Runs after the test, the last one registered first. */
export function cleanup(work: () => Promise<void> | void): void {
  cleanups.push(work);
}

afterEach(async () => {
  for (const work of cleanups.splice(0).reverse()) await work();
});

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "stockgrid-nats-"));
  cleanup(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const silentLog: Log = { info: nothing, warn: nothing, error: nothing };

function nothing(): undefined {
  return undefined;
}

export async function until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + WAIT_MS_MAX;
  while (Date.now() < deadline) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    await pause(10);
  }
  throw new Error(`waited ${WAIT_MS_MAX} ms in vain for: ${what}`);
}

export async function connected(url: string): Promise<NatsConnection> {
  const connection = await connect({ servers: url, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  cleanup(() => connection.close());
  return connection;
}

/** Writes one message into a stream of its own and returns the stream's sequence. */
export async function store(connection: NatsConnection, text: string): Promise<number> {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: "KEPT", subjects: ["kept"] });
  return (await jetstream(connection).publish("kept", text)).seq;
}

export async function stored(connection: NatsConnection, sequence: number): Promise<string | undefined> {
  const manager = await jetstreamManager(connection);
  return (await manager.streams.getMessage("KEPT", { seq: sequence }))?.string();
}

export interface NodeProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly natsPid: number;
}

/** A node in a process of its own that starts the embedded server of `dataDir` and lives until it is killed. */
export async function nodeProcess(dataDir: string): Promise<NodeProcess> {
  const program = join(import.meta.dirname, "node-program.ts");
  const child = spawn(process.execPath, [program, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
  cleanup(() => {
    child.kill("SIGKILL");
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { url, natsPid } = JSON.parse(line) as { url: string; natsPid: number };
    const server = ServerProcess.adopt(natsPid);
    cleanup(() => server.signal("SIGKILL"));
    return { child, url, natsPid };
  }
  throw new Error("the node ended before its server was up");
}
