/**
 * One grid node and one NATS server as two processes, each killed and started by itself: the smallest cluster. What it is
 * started with can be changed: a NATS address that leads through a proxy, another place for the data.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startTestNats, type TestNats } from "../support/nats.ts";
import type { Cluster, ClusterNats, ClusterNode, Features } from "./cluster.ts";

export interface SmallClusterOptions {
  /** The address that the node is given for the server's. */
  readonly natsUrlFor?: (url: string) => Promise<string>;
  /** Where the node keeps its data; default a temporary folder. */
  readonly dataDir?: string;
  /** More `STOCKGRID_...` variables of the node. */
  readonly settings?: Readonly<Record<string, string>>;
}

const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 30_000;
const LOG_CHARS_KEPT = 20_000;
const COMMAND = join(import.meta.dirname, "../../src/cli/index.ts");
export const NODE = "node-1";
export const NATS = "nats-1";

/** One node: what it lost only it can serve again, and its plain reads are strict. */
export const SMALL_CLUSTER_FEATURES: Features = { sharesShards: false, strictReads: false, admin: false, grows: false };

export class SmallCluster implements Cluster {
  readonly features = SMALL_CLUSTER_FEATURES;
  readonly shards = 16;
  readonly #nats: TestNats;
  readonly #natsUrl: string;
  readonly #folder: string;
  readonly #dataDir: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #atExit = (): void => this.#killNow();
  #natsRuns = true;
  #isOver = false;
  #child: ChildProcess | undefined;
  #httpUrl: string | undefined;
  #log = "";

  private constructor(nats: TestNats, natsUrl: string, folder: string, options: SmallClusterOptions) {
    this.#nats = nats;
    this.#natsUrl = natsUrl;
    this.#folder = folder;
    this.#dataDir = options.dataDir ?? join(folder, "data");
    this.#settings = options.settings ?? {};
    process.once("exit", this.#atExit);
  }

  /** Serving. */
  static async start(options: SmallClusterOptions = {}): Promise<SmallCluster> {
    const nats = await startTestNats();
    const folder = await mkdtemp(join(tmpdir(), "stockgrid-faults-"));
    const natsUrl = (await options.natsUrlFor?.(nats.url)) ?? nats.url;
    const cluster = new SmallCluster(nats, natsUrl, folder, options);
    try {
      await cluster.start(NODE);
      await cluster.ready();
      return cluster;
    } catch (error) {
      await cluster.end();
      throw error;
    }
  }

  nodes(): readonly ClusterNode[] {
    const { pid } = this.#child ?? {};
    return [{ id: NODE, pid, httpUrl: pid === undefined ? undefined : this.#httpUrl, dataDir: this.#dataDir }];
  }

  /** The pid of the server is its own business. */
  natsServers(): readonly ClusterNats[] {
    return [{ id: NATS, pid: undefined, url: this.#nats.url }];
  }

  async kill(id: string): Promise<void> {
    if (id !== NATS) return this.#end("SIGKILL");
    this.#natsRuns = false;
    await this.#nats.kill();
  }

  async pause(id: string): Promise<void> {
    if (id === NATS) this.#nats.freeze();
    else this.#child?.kill("SIGSTOP");
  }

  async resume(id: string): Promise<void> {
    if (id === NATS) this.#nats.thaw();
    else this.#child?.kill("SIGCONT");
  }

  async stop(id: string): Promise<void> {
    if (id === NATS) return this.kill(id);
    await this.#end("SIGTERM");
  }

  async start(id: string): Promise<void> {
    if (this.#isOver) throw new Error("the cluster has ended");
    if (id !== NATS) return this.#startNode();
    await this.#nats.restart();
    this.#natsRuns = true;
  }

  async ready(): Promise<void> {
    if (!this.#natsRuns) throw new Error(`${NATS} does not run`);
    const deadline = Date.now() + READY_MS_MAX;
    while (!(await this.#isReady())) {
      if (this.#child === undefined) throw new Error(`${NODE} ended by itself\n${this.#log}`);
      if (Date.now() > deadline) throw new Error(`${NODE} was not ready within ${READY_MS_MAX} ms\n${this.#log}`);
      await pause(20);
    }
  }

  /** Resolves when the node has ended by itself. */
  async ended(): Promise<void> {
    if (this.#child !== undefined) await once(this.#child, "exit");
  }

  log(): string {
    return this.#log;
  }

  /** What a scenario that was given up still does finds nothing to start. */
  async end(): Promise<void> {
    this.#isOver = true;
    process.off("exit", this.#atExit);
    this.#child?.kill("SIGCONT");
    await this.#end("SIGKILL");
    await this.#nats.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  #killNow(): void {
    this.#child?.kill("SIGKILL");
    void this.#nats.kill();
  }

  #startNode(): void {
    const words = ["serve", "--data-dir", this.#dataDir, "--http-port", "0", "--nats-url", this.#natsUrl];
    const identity = ["--node-id", NODE, "--shards", String(this.shards)];
    // One member: no shard ever moves, so that nothing is behind an answer, and its lane alone can rebuild its store.
    const env = { ...process.env, STOCKGRID_MEMBERS: "1", STOCKGRID_CHECKPOINT_SECONDS: "1", ...this.#settings };
    this.#log = "";
    const child = spawn(process.execPath, [COMMAND, ...words, ...identity], { stdio: ["ignore", "ignore", "pipe"], env });
    child.stderr?.on("data", (text: Buffer) => {
      this.#log = (this.#log + text.toString()).slice(-LOG_CHARS_KEPT);
    });
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
    this.#child = child;
    this.#httpUrl = undefined;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = once(child, "exit");
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    await gone;
    clearTimeout(timer);
  }

  async #isReady(): Promise<boolean> {
    try {
      const file = JSON.parse(await readFile(join(this.#dataDir, "node.json"), "utf8")) as { pid: number; httpUrl: string };
      if (file.pid !== this.#child?.pid) return false;
      this.#httpUrl = file.httpUrl;
      return (await fetch(`${file.httpUrl}/readyz`)).ok;
    } catch (error) {
      if (error instanceof SyntaxError) throw error;
      return false;
    }
  }
}
