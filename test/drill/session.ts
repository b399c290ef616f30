/**
 * A terminal with a folder of its own: runs commands of the runbook as a person would type them.
 *
 * S1. A command that stays, such as `npm run cluster` without a command word or `stockgrid serve`, goes to a terminal of its own; it counts as done when what it
 *     starts is ready.
 * S2. `end` leaves no process and no file; so does the end of this process, as far as it is not killed itself.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type ClusterFile, readClusterFile, waitFor } from "../../cluster/local/index.ts";
import { processIdentity } from "../../src/embedded-nats/index.ts";
import { fillIn } from "./placeholders.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Of whoever runs the drill; settings of another cluster are not for this one. */
const KEPT = new Set(["STOCKGRID_NATS_SERVER", "STOCKGRID_CACHE_DIR"]);
const READY_MS_MAX = 300_000;
const COMMAND_MS_MAX = 600_000;
const END_MS_MAX = 60_000;
const [LOG_LINES, LOG_CHARS] = [15, 3_000];
const CLUSTER_STAYS = /^npm run cluster(?: -- --.*)?$/;
const NODE_STAYS = /^stockgrid serve\b/;
const EXPORT = /^export (\w+)=/;

const open = new Set<Session>();
process.once("exit", () => {
  for (const session of open) session.endNow();
});

/** Everything that was started, and its files. */
export async function endSessions(): Promise<void> {
  await Promise.all([...open].map((session) => session.end()));
}

export interface RanCommand {
  readonly command: string;
  readonly tookMs: number;
}

interface Started {
  readonly child: ChildProcess;
  readonly closed: Promise<number | null>;
  output(): string;
}

export class Session {
  readonly folder = mkdtempSync(join(tmpdir(), "stockgrid-drill-"));
  readonly clusterFolder = join(this.folder, "data/cluster");
  readonly ran: RanCommand[] = [];
  /** Of a cluster the repository; of a single node the folder that `./data` is in. */
  readonly #cwd: string;
  readonly #env: Record<string, string | undefined>;
  readonly #running = new Set<Started>();

  private constructor(kind: "cluster" | "node") {
    this.#cwd = kind === "cluster" ? ROOT : this.folder;
    const foreign = Object.entries(process.env).filter(([name]) => !name.startsWith("STOCKGRID_") || KEPT.has(name));
    this.#env = {
      ...Object.fromEntries(foreign),
      PATH: [join(this.folder, "bin"), process.env["PATH"]].join(delimiter),
      ...(kind === "cluster" ? { STOCKGRID_CLUSTER_DIR: this.clusterFolder } : { STOCKGRID_HTTP_PORT: "0" }),
    };
    open.add(this);
  }

  static async open(kind: "cluster" | "node"): Promise<Session> {
    const session = new Session(kind);
    await mkdir(join(session.folder, "bin"));
    await mkdir(join(session.folder, "backups"));
    // As `npm link` does it, for this terminal alone.
    await symlink(join(ROOT, "scripts/stockgrid.mjs"), join(session.folder, "bin/stockgrid"));
    return session;
  }

  get dataDir(): string {
    return join(this.folder, "data");
  }

  /** Undefined while no cluster has been started. */
  cluster(): ClusterFile | undefined {
    return readClusterFile(this.clusterFolder);
  }

  /** Rejects with what the command said when it fails. */
  async run(written: string): Promise<void> {
    const begun = performance.now();
    const command = fillIn(written, {
      backups: join(this.folder, "backups"),
      cluster: this.clusterFolder,
      file: this.cluster(),
    });
    if (CLUSTER_STAYS.test(command)) await this.#stay(command, (output) => output.includes("The cluster is ready"));
    else if (NODE_STAYS.test(command)) await this.#stay(command, (output) => /^ *access /m.test(output));
    else await this.#runToEnd(command);
    this.ran.push({ command: written, tookMs: Math.round(performance.now() - begun) });
  }

  /** The newest log lines of nodes, warnings and worse: what explains a failure. */
  logs(): string {
    return (this.cluster()?.nodes ?? [])
      .map(({ name, log }) => {
        const lines = existsSync(log) ? readFileSync(log, "utf8").split("\n") : [];
        const bad = lines.filter((line) => /"level":"?(?:warn|error|fatal|[4-6]0)/.test(line));
        return `--- ${name}\n${bad.slice(-LOG_LINES).join("\n").slice(-LOG_CHARS)}`;
      })
      .join("\n");
  }

  /** Resolves when everything that stays has ended. */
  async untilEnded(): Promise<void> {
    const running = [...this.#running];
    let isOver = false;
    void Promise.all(running.map(({ closed }) => closed)).then(() => (isOver = true));
    await waitFor("the end of what was told to stop", END_MS_MAX, async () => (isOver ? true : undefined));
  }

  /** Ends everything at once, as a power cut; the files stay. */
  async powerCut(): Promise<void> {
    this.#askToDie();
    await this.untilEnded().catch(() => undefined);
    this.#killLeft();
  }

  async end(): Promise<void> {
    await this.powerCut();
    this.#remove();
  }

  /** As {@link end}, where nothing can be waited for. */
  endNow(): void {
    this.#askToDie();
    this.#killLeft();
    this.#remove();
  }

  async #runToEnd(command: string): Promise<void> {
    const variable = EXPORT.exec(command)?.[1];
    const started = this.#start(variable === undefined ? command : `${command} && printf %s "$${variable}"`);
    const timer = setTimeout(() => killGroup(started.child, "SIGKILL"), COMMAND_MS_MAX);
    const status = await started.closed;
    clearTimeout(timer);
    if (status !== 0) throw new Error(`${command}\nended with status ${status}:\n${started.output()}`);
    if (variable !== undefined) this.#env[variable] = started.output();
  }

  async #stay(command: string, isReady: (output: string) => boolean): Promise<void> {
    const started = this.#start(command);
    let ended: number | null | undefined;
    void started.closed.then((status) => (ended = status));
    await waitFor(command, READY_MS_MAX, async () => {
      if (isReady(started.output())) return true;
      if (ended !== undefined) throw new Error(`${command}\nended with status ${ended}:\n${started.output()}`);
      return undefined;
    });
  }

  #start(command: string): Started {
    // A group of its own, so that Ctrl-C at the drill does not reach it before the drill has decided.
    const child = spawn("sh", ["-c", command], {
      cwd: this.#cwd,
      env: this.#env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    const started: Started = { child, closed, output: () => output };
    this.#running.add(started);
    void closed.then(() => this.#running.delete(started));
    return started;
  }

  /** A cluster's terminal that is interrupted twice kills what it started, also what no file tells of yet. */
  #askToDie(): void {
    const file = this.cluster();
    if (file !== undefined && processIdentity(file.pid) === file.identity) {
      send(file.pid, "SIGTERM");
      send(file.pid, "SIGINT");
      return;
    }
    for (const { child } of this.#running) killGroup(child, "SIGKILL");
  }

  #killLeft(): void {
    for (const { child } of this.#running) killGroup(child, "SIGKILL");
    const file = this.cluster();
    for (const { pid, identity } of [...(file?.nodes ?? []), ...(file?.nats ?? [])])
      if (identity !== "" && processIdentity(pid) === identity) send(pid, "SIGKILL");
    for (const pid of pidsOfSingleNode(this.folder, this.dataDir)) send(pid, "SIGKILL");
  }

  #remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    open.delete(this);
  }
}

export interface NodeJson {
  readonly pid: number;
  readonly httpUrl: string;
  readonly natsUrl: string;
}

/** Of a single node that runs, or was killed. */
export function nodeJson(dataDir: string): NodeJson | undefined {
  const path = join(dataDir, "node.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as NodeJson) : undefined;
}

function pidsOfSingleNode(folder: string, dataDir: string): number[] {
  const natsPid = join(dataDir, "nats/nats-server.pid");
  const pids = [nodeJson(dataDir)?.pid, existsSync(natsPid) ? Number(readFileSync(natsPid, "utf8")) : undefined];
  return pids.filter((pid) => pid !== undefined && pid > 1 && commandOf(pid).includes(folder)).map(Number);
}

/** Empty when there is no such process; a pid may be another's by now. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") + readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined) send(-pid, signal);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone.
  }
}
