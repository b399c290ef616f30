/** One NATS server of a local cluster. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ServerConfig, serverConfigText } from "../nats/index.ts";
import { type Ending, ManagedProcess } from "./managed-process.ts";
import { jsonAt, waitFor } from "./wait.ts";

export interface NatsPorts {
  readonly client: number;
  readonly route: number;
  readonly monitor: number;
}

export interface LocalNatsOptions {
  readonly name: string;
  /** Its store, configuration and log. */
  readonly folder: string;
  readonly binary: string;
  readonly ports: NatsPorts;
  /** Servers of the cluster. */
  readonly servers: number;
  /** A configuration that is there already; undefined: one without TLS and accounts is written. */
  readonly config: string | undefined;
  readonly peers: readonly string[];
  readonly onEnd: (name: string, ending: Ending) => void;
}

const HOST = "127.0.0.1";
const READY_MS_MAX = 60_000;
const STOP_GRACE_MS = 20_000;
export const NATS_CLUSTER = "stockgrid-local";

/** What a server of a local cluster is configured with, save TLS and accounts. */
export function localServerConfig(
  name: string,
  folder: string,
  ports: NatsPorts,
  peers: readonly string[],
): Omit<ServerConfig, "tls" | "accounts"> {
  const routes = { cluster: NATS_CLUSTER, listen: `${HOST}:${ports.route}`, peers };
  return {
    name,
    listen: `${HOST}:${ports.client}`,
    monitor: `${HOST}:${ports.monitor}`,
    storeDir: join(folder, "store"),
    ...(peers.length > 1 ? { routes } : {}),
  };
}

export class LocalNats {
  readonly name: string;
  /** `nats://` or `tls://`. */
  readonly url: string;
  readonly monitorUrl: string;
  readonly #options: LocalNatsOptions;
  readonly #process: ManagedProcess;

  constructor(options: LocalNatsOptions) {
    const { name, folder, ports, config, onEnd } = options;
    this.name = name;
    this.url = `${config === undefined ? "nats" : "tls"}://${HOST}:${ports.client}`;
    this.monitorUrl = `http://${HOST}:${ports.monitor}`;
    this.#options = options;
    this.#process = new ManagedProcess(name, join(folder, `${name}.log`), (ending) => onEnd(name, ending));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get running(): boolean {
    return this.#process.running;
  }

  get frozen(): boolean {
    return this.#process.frozen;
  }

  get logPath(): string {
    return this.#process.logPath;
  }

  get ports(): NatsPorts {
    return this.#options.ports;
  }

  /** Starts on the same store and ports as before. Resolves when the process runs; see {@link ready}. */
  async start(): Promise<void> {
    const { binary, folder } = this.#options;
    await this.#process.start({ command: binary, args: ["-c", this.#configFile()], env: process.env, cwd: folder });
  }

  /** Resolves when its JetStream serves and the servers have a leader, so also not before a majority runs. */
  async ready(): Promise<void> {
    const seen = await waitFor(`${this.name}: a JetStream that serves`, READY_MS_MAX, async () => {
      if (!this.running) throw new Error(`${this.name} ended`);
      return (await this.#serves()) ? true : undefined;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.logTail()}`, { cause: error });
    });
    void seen;
  }

  stop(): Promise<void> {
    return this.#process.stop(STOP_GRACE_MS);
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  freeze(): void {
    this.#process.freeze();
  }

  thaw(): void {
    this.#process.thaw();
  }

  reload(): void {
    this.#process.hangUp();
  }

  logTail(): string {
    return this.#process.logTail();
  }

  async #serves(): Promise<boolean> {
    if ((await jsonAt(`${this.monitorUrl}/healthz`)) === undefined) return false;
    if (this.#options.servers === 1) return true;
    const jsz = (await jsonAt(`${this.monitorUrl}/jsz`)) as
      | { meta_cluster?: { leader?: string; cluster_size?: number } }
      | undefined;
    return (jsz?.meta_cluster?.leader ?? "") !== "" && jsz?.meta_cluster?.cluster_size === this.#options.servers;
  }

  #configFile(): string {
    const { name, folder, ports, peers, config } = this.#options;
    mkdirSync(folder, { recursive: true });
    if (config !== undefined) return config;
    const path = join(folder, "nats-server.conf");
    writeFileSync(path, serverConfigText(localServerConfig(name, folder, ports, peers)));
    return path;
  }
}
