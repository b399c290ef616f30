/** A nats-server of our own for tests: a free port, a temporary store, killed and restarted on the same store at will. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNatsServer } from "../../src/embedded-nats/index.ts";

const START_MS_MAX = 10_000;
const READY = /Listening for client connections on \S+?:(\d+)/;

export interface TestNats {
  readonly url: string;
  /** As kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** Stops it in its tracks, connections open, until `thaw` or `kill`. */
  freeze(): void;
  thaw(): void;
  /** Starts again on the same port and store, after `kill`. */
  restart(): Promise<void>;
  /** Kills it and removes the store. */
  stop(): Promise<void>;
}

/** `more`: further lines of its configuration. */
export async function startTestNats(more = ""): Promise<TestNats> {
  const folder = await mkdtemp(join(tmpdir(), "stockgrid-nats-"));
  const binary = await findNatsServer();
  let running = await launch(binary, folder, -1, more);
  const { port } = running;
  return {
    url: `nats://127.0.0.1:${port}`,
    kill: () => kill(running.process),
    freeze: () => running.process.kill("SIGSTOP"),
    thaw: () => running.process.kill("SIGCONT"),
    restart: async () => {
      running = await launch(binary, folder, port, more);
    },
    stop: async () => {
      await kill(running.process);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(
  binary: string,
  folder: string,
  port: number,
  more: string,
): Promise<{ process: ChildProcess; port: number }> {
  const config = join(folder, "nats.conf");
  await writeFile(
    config,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${join(folder, "store")}", sync_interval: always }\n${more}\n`,
  );
  const process = spawn(binary, ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  return { process, port: await portOf(process, config) };
}

async function portOf(process: ChildProcess, config: string): Promise<number> {
  let output = "";
  const found = Promise.withResolvers<number>();
  const timer = setTimeout(() => found.reject(new Error(`nats-server did not start with ${config}:\n${output}`)), START_MS_MAX);
  process.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    const port = READY.exec(output)?.[1];
    if (port !== undefined && output.includes("Server is ready")) found.resolve(Number(port));
  });
  process.once("exit", () => found.reject(new Error(`nats-server ended (${config}):\n${output}`)));
  return await found.promise.finally(() => clearTimeout(timer));
}

async function kill(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const gone = once(process, "exit");
  process.kill("SIGKILL");
  await gone;
}
