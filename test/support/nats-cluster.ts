/** Three nats-servers of our own that form a cluster: free ports, temporary stores, killed and restarted one by one. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNatsServer } from "../../src/embedded-nats/index.ts";

const SERVERS = 3;

export interface TestCluster {
  /** All servers, with commas between. */
  readonly url: string;
  readonly names: readonly string[];
  /** As kill -9; resolves when it is gone. */
  kill(name: string): Promise<void>;
  restart(name: string): void;
  stop(): Promise<void>;
}

/** Starts the servers; clients wait by themselves until one listens, and streams until there is a leader. */
export async function startTestCluster(): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), "stockgrid-cluster-"));
  const binary = await findNatsServer();
  const ports = await freePorts(2 * SERVERS);
  const [clients, routes] = [ports.slice(0, SERVERS), ports.slice(SERVERS)];
  const names = clients.map((_, index) => `s${index}`);
  const running = new Map<string, ChildProcess>();
  for (const [index, name] of names.entries()) {
    await writeFile(
      join(folder, `${name}.conf`),
      configOf(folder, name, clients[index] as number, routes[index] as number, routes),
    );
  }
  const restart = (name: string): void => {
    running.set(name, spawn(binary, ["-c", join(folder, `${name}.conf`)], { stdio: "ignore" }));
  };
  const stopOne = async (name: string): Promise<void> => {
    const process = running.get(name);
    if (process !== undefined) await kill(process);
  };
  names.forEach(restart);
  return {
    url: clients.map((port) => `nats://127.0.0.1:${port}`).join(","),
    names,
    kill: stopOne,
    restart,
    stop: async () => {
      for (const name of names) await stopOne(name);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configOf(folder: string, name: string, port: number, route: number, routes: readonly number[]): string {
  return `server_name: ${name}
listen: "127.0.0.1:${port}"
jetstream { store_dir: "${join(folder, name)}", sync_interval: always }
cluster { name: test, listen: "127.0.0.1:${route}", routes: [${routes.map((other) => `"nats://127.0.0.1:${other}"`).join(", ")}] }
`;
}

/** Held open together, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

async function kill(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const gone = once(process, "exit");
  process.kill("SIGKILL");
  await gone;
}
