/**
 * One program that is started, stopped, killed, frozen and started again, with its output in a file.
 *
 * M1. It has a process group of its own: Ctrl-C at a terminal reaches only whoever started it, who then stops things in order.
 * M2. Nothing outlives the process that started it, save when that is killed: then the file of the cluster tells what is left.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It was not asked to. */
  readonly unexpected: boolean;
}

const TAIL_LINES = 15;
const live = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of live) child.kill("SIGKILL");
});

export class ManagedProcess {
  readonly name: string;
  readonly logPath: string;
  readonly #onEnd: (ending: Ending) => void;
  #child: ChildProcess | undefined;
  #expected = false;
  #frozen = false;

  constructor(name: string, logPath: string, onEnd: (ending: Ending) => void) {
    this.name = name;
    this.logPath = logPath;
    this.#onEnd = onEnd;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** Resolves once the program runs; it need not be ready. Rejects when it runs already, or cannot be run. */
  async start({ command, args, env, cwd }: Launch): Promise<void> {
    if (this.#child !== undefined) throw new Error(`${this.name} runs already`);
    mkdirSync(dirname(this.logPath), { recursive: true });
    const log = openSync(this.logPath, "a");
    try {
      const child = spawn(command, args, { cwd, env: { ...env }, detached: true, stdio: ["ignore", log, log] });
      this.#watch(child);
      await once(child, "spawn");
    } finally {
      closeSync(log);
    }
  }

  /** Asks it to end, and ends it when it has not after `graceMs`. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = this.#end("SIGTERM");
    // A frozen process sees the request when it goes on.
    this.thaw();
    const tooLong = new AbortController();
    const late = pause(graceMs, "late", { signal: tooLong.signal }).catch(() => "gone");
    const first = await Promise.race([gone, late]);
    tooLong.abort();
    if (first === "late") child.kill("SIGKILL");
    await gone;
  }

  /** As kill -9. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** As SIGSTOP: it stands still, its connections open. */
  freeze(): void {
    this.#frozen = this.#child?.kill("SIGSTOP") ?? false;
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
    this.#frozen = false;
  }

  /** SIGHUP, at which servers read their configuration again. Throws when it does not run. */
  hangUp(): void {
    if (this.#child === undefined) throw new Error(`${this.name} does not run`);
    this.#child.kill("SIGHUP");
  }

  /** The end of what it wrote. */
  logTail(): string {
    try {
      return readFileSync(this.logPath, "utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
    } catch (error) {
      return `(${String(error)})`;
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#expected = true;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  #watch(child: ChildProcess): void {
    this.#child = child;
    this.#expected = false;
    this.#frozen = false;
    live.add(child);
    child.once("error", () => this.#gone(child));
    child.once("exit", (code, signal) => {
      const unexpected = !this.#expected;
      this.#gone(child);
      this.#onEnd({ code, signal, unexpected });
    });
  }

  #gone(child: ChildProcess): void {
    live.delete(child);
    if (this.#child === child) this.#child = undefined;
  }
}
