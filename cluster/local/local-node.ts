/** One grid node of a local cluster: the `stockgrid serve` of this repository. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Ending, ManagedProcess } from "./managed-process.ts";
import { jsonAt, waitFor } from "./wait.ts";

export interface LocalNodeOptions {
  readonly id: string;
  /** Its data folder; the log is beside it. */
  readonly dataDir: string;
  readonly httpPort: number;
  /** `STOCKGRID_...` variables beyond those of the node's identity and place. */
  readonly settings: Readonly<Record<string, string>>;
  readonly onEnd: (name: string, ending: Ending) => void;
}

const COMMAND = join(import.meta.dirname, "../../src/cli/index.ts");
const READY_MS_MAX = 120_000;
/** Longer than any handover. */
const STOP_GRACE_MS = 60_000;

export class LocalNode {
  readonly name: string;
  readonly httpUrl: string;
  readonly dataDir: string;
  readonly #options: LocalNodeOptions;
  readonly #process: ManagedProcess;

  constructor(options: LocalNodeOptions) {
    const { id, dataDir, httpPort, onEnd } = options;
    this.name = id;
    this.httpUrl = `http://127.0.0.1:${httpPort}`;
    this.dataDir = dataDir;
    this.#options = options;
    this.#process = new ManagedProcess(id, `${dataDir}.log`, (ending) => onEnd(id, ending));
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

  get httpPort(): number {
    return this.#options.httpPort;
  }

  /** Starts on the same data folder and port as before. Resolves when the process runs; see {@link ready}. `settings` are for this run alone. */
  async start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const env = { ...foreignEnvironment(), ...this.#options.settings, ...this.#ownSettings(), ...settings };
    await this.#process.start({
      command: process.execPath,
      args: [COMMAND, "serve"],
      env,
      cwd: join(import.meta.dirname, "../.."),
    });
  }

  /** Resolves when the node that runs now answers that it is ready. */
  async ready(): Promise<void> {
    await waitFor(`${this.name}: readiness`, READY_MS_MAX, async () => {
      if (!this.running) throw new Error(`${this.name} ended`);
      if ((await this.#runsHere()) && (await jsonAt(`${this.httpUrl}/readyz`)) !== undefined) return true;
      return undefined;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.logTail()}`, { cause: error });
    });
  }

  /** As an orchestrator does it: SIGTERM, time to hand over, and SIGKILL after a minute. */
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

  logTail(): string {
    return this.#process.logTail();
  }

  #ownSettings(): Record<string, string> {
    const { id, dataDir, httpPort } = this.#options;
    return { STOCKGRID_NODE_ID: id, STOCKGRID_DATA_DIR: dataDir, STOCKGRID_HTTP_PORT: String(httpPort) };
  }

  /** The node file of this very process: one of an earlier life may still be there. */
  async #runsHere(): Promise<boolean> {
    try {
      const file: unknown = JSON.parse(await readFile(join(this.dataDir, "node.json"), "utf8"));
      return typeof file === "object" && file !== null && "pid" in file && file.pid === this.pid;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
      throw error;
    }
  }
}

/** Everything but settings of StockGrid, which are meant for another node. */
function foreignEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("STOCKGRID_")));
}
