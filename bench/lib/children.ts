/**
 * Server processes of a benchmark: started, waited for, stopped by pid, and never left behind when the benchmark ends.
 */

import { type ChildProcess, fork, type SpawnOptions, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A running server with everything that is needed to measure it. */
export interface RunningServer extends AsyncDisposable {
  /** Roots of its process trees: with their children they are all that does the work. */
  readonly pids: readonly number[];
}

const STOP_MS_MAX = 20_000;
const live = new Set<ChildProcess>();

process.once("exit", () => {
  for (const child of live) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

export interface StartedChild extends AsyncDisposable {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Last lines that it wrote, for an error message. */
  logTail(): string;
  /** Ends it with a signal and resolves once it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program that logs into `<folder>/<name>.log`. */
export function startProgram(
  name: string,
  command: string,
  args: readonly string[],
  folder: string,
  options: Pick<SpawnOptions, "env" | "uid" | "gid" | "cwd"> = {},
): StartedChild {
  const logPath = join(folder, `${name}.log`);
  const log = openSync(logPath, "a");
  return track(spawn(command, args, { ...options, stdio: ["ignore", log, log] }), name, () => tailOf(logPath));
}

/**
 * Starts a peer written for the benchmark and resolves with the first message that it sends: where it listens.
 * It ends by itself when the channel to its parent closes.
 */
export async function startPeer<Address>(
  script: URL,
  args: readonly string[],
): Promise<StartedChild & { readonly address: Address }> {
  const started = track(fork(script, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] }), script.pathname, () => "");
  const address = await new Promise<Address>((resolve, reject) => {
    started.child.once("message", (message) => resolve(message as Address));
    started.child.once("exit", (code) => reject(new Error(`${script.pathname} ended with ${code} before it listened`)));
  });
  return { ...started, address };
}

function track(child: ChildProcess, name: string, logTail: () => string): StartedChild {
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} could not be started: is it installed?`);
  live.add(child);
  child.once("exit", () => live.delete(child));
  const stop = (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => stopChild(child, signal);
  return { pid, child, logTail, stop, [Symbol.asyncDispose]: () => stop() };
}

async function stopChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const force = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    child.once("exit", () => {
      clearTimeout(force);
      resolve();
    });
    child.kill(signal);
  });
}

function tailOf(path: string): string {
  return readFileSync(path, "utf8").split("\n").slice(-12).join("\n");
}
