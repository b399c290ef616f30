/**
 * One run of the server's binary, started by us or adopted: whether it lives, when it ended, and its end.
 * An adopted server is not our child, so its life is watched by looking.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { processIdentity } from "./process-identity.ts";
import { type ServerFiles, writePid } from "./server-files.ts";

const LOOK_EVERY_MS = 100;
/** From SIGTERM to SIGKILL: a server with large streams needs a while to write its state down. */
const GRACE_MS = 15_000;
const KILLED_MS = 10_000;

export class ServerProcess {
  readonly pid: number;
  /** Resolves once the process is gone. Never rejects. */
  readonly ended: Promise<void>;
  readonly #identity: string | undefined;

  private constructor(pid: number, ended: (alive: () => boolean) => Promise<void>) {
    this.pid = pid;
    this.#identity = processIdentity(pid);
    this.ended = ended(() => this.alive);
  }

  /**
   * Starts the binary in a process group of its own: Ctrl-C at a terminal goes to the node, which drains before it ends
   * its server. @throws Error when the binary cannot be run.
   */
  static async spawn(binary: string, files: ServerFiles): Promise<ServerProcess> {
    const output = openSync(files.console, "w");
    try {
      const child = spawn(binary, ["-c", files.config], { detached: true, stdio: ["ignore", output, output], cwd: files.folder });
      // In the same turn as the fork: an orphan that nobody knows of would share its store with the next server.
      if (child.pid !== undefined) writePid(files, child.pid);
      const pid = await spawned(child);
      child.unref();
      return new ServerProcess(pid, () => new Promise((resolve) => child.once("exit", () => resolve())));
    } finally {
      closeSync(output);
    }
  }

  /** Takes on a running process. */
  static adopt(pid: number): ServerProcess {
    return new ServerProcess(pid, watch);
  }

  get alive(): boolean {
    return this.#identity !== undefined && processIdentity(this.pid) === this.#identity;
  }

  /** Sends a signal, unless the process is gone and its id perhaps somebody else's. */
  signal(name: NodeJS.Signals): void {
    if (this.alive) process.kill(this.pid, name);
  }

  /** Ends the process: asked first, forced after a grace. Resolves when it is gone. */
  async end(graceMs: number = GRACE_MS): Promise<void> {
    this.signal("SIGTERM");
    if (await endsWithin(this.ended, graceMs)) return;
    this.signal("SIGKILL");
    if (!(await endsWithin(this.ended, KILLED_MS))) throw new Error(`nats-server (process ${this.pid}) does not end`);
  }
}

function spawned(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => (child.pid === undefined ? reject(new Error("it has no process id")) : resolve(child.pid)));
  });
}

async function watch(alive: () => boolean): Promise<void> {
  await pause(0);
  while (alive()) await pause(LOOK_EVERY_MS, undefined, { ref: false });
}

async function endsWithin(ended: Promise<void>, ms: number): Promise<boolean> {
  const limit = new AbortController();
  const late = pause(ms, false, { signal: limit.signal }).catch(() => false);
  const gone = await Promise.race([ended.then(() => true), late]);
  limit.abort();
  return gone;
}
