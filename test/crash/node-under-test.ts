/** A real node in a process of its own, with its embedded nats-server: started, killed and started again on one data folder. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const READY_MS_MAX = 60_000;
const LOG_CHARS_KEPT = 20_000;
const COMMAND = join(import.meta.dirname, "../../src/cli/index.ts");

interface NodeFile {
  readonly pid: number;
  readonly httpUrl: string;
  readonly natsUrl: string;
}

export class NodeUnderTest {
  readonly dataDir: string;
  #child: ChildProcess | undefined;
  #file: NodeFile | undefined;
  #log = "";

  private constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  /** A node on a fresh data folder, serving. */
  static async start(): Promise<NodeUnderTest> {
    const node = new NodeUnderTest(await mkdtemp(join(tmpdir(), "stockgrid-crash-")));
    await node.restart();
    return node;
  }

  /** Where the node answers now; undefined while it does not run. */
  get httpUrl(): string | undefined {
    return this.#child === undefined ? undefined : this.#file?.httpUrl;
  }

  get natsUrl(): string {
    if (this.#file === undefined) throw new Error("the node was never ready");
    return this.#file.natsUrl;
  }

  /** The newest log lines, for a test that failed. */
  get log(): string {
    return this.#log;
  }

  /** Starts the process again and resolves when it is ready. */
  async restart(): Promise<void> {
    const child = spawn(process.execPath, [COMMAND, "serve", "--data-dir", this.dataDir, "--http-port", "0"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr?.on("data", (text: Buffer) => {
      this.#log = (this.#log + text.toString()).slice(-LOG_CHARS_KEPT);
    });
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
    this.#child = child;
    await this.ready();
  }

  /** Resolves when every part of the node answers. */
  async ready(): Promise<void> {
    const deadline = Date.now() + READY_MS_MAX;
    while (!(await this.#isReady())) {
      if (this.#child === undefined) throw new Error(`the node ended by itself\n${this.#log}`);
      if (Date.now() > deadline) throw new Error(`the node was not ready within ${READY_MS_MAX} ms\n${this.#log}`);
      await pause(20);
    }
  }

  /** As kill -9; resolves when the process is gone. Its nats-server lives on. */
  async killGrid(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  /** Kills the nats-server that the node started last. */
  async killNats(): Promise<void> {
    const pid = Number(await readFile(join(this.dataDir, "nats", "nats-server.pid"), "utf8"));
    if (Number.isSafeInteger(pid) && pid > 1) killIfThere(pid);
  }

  /** Ends everything and removes the folder. */
  async end(): Promise<void> {
    await this.killGrid();
    await this.killNats().catch(ignoreMissing);
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  async #isReady(): Promise<boolean> {
    const child = this.#child;
    try {
      const file = JSON.parse(await readFile(join(this.dataDir, "node.json"), "utf8")) as NodeFile;
      if (file.pid !== child?.pid) return false;
      this.#file = file;
      return (await fetch(`${file.httpUrl}/readyz`)).ok;
    } catch (error) {
      if (error instanceof SyntaxError) throw error;
      return false;
    }
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
