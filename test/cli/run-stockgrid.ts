/** The `stockgrid` command as a process of its own. */

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ENTRY = fileURLToPath(new URL("../../src/cli/index.ts", import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with what the pattern found on standard output; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

export function startStockgrid(args: readonly string[], { cwd, env, input }: RunOptions = {}): Running {
  const child = spawn(process.execPath, [ENTRY, ...args], { cwd, env: { ...cleanEnvironment(), ...env } });
  let out = "";
  let error = "";
  const watchers = new Set<() => void>();
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    for (const watch of watchers) watch();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    error += chunk.toString();
  });
  child.stdin.end(input ?? "");
  const ended = new Promise<Ended>((resolve) => child.on("close", (status) => resolve({ status, out, error })));
  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const watch = (): void => {
        const match = pattern.exec(out);
        if (match === null) return;
        watchers.delete(watch);
        resolve(match);
      };
      watchers.add(watch);
      watch();
      void ended.then((end) =>
        reject(new Error(`ended with ${end.status} before printing ${pattern}:\n${end.out}\n${end.error}`)),
      );
    });
  return { child, ended, printed };
}

export function runStockgrid(args: readonly string[], options?: RunOptions): Promise<Ended> {
  return startStockgrid(args, options).ended;
}

/** Without settings of whoever runs the tests; with the path of a NATS server, if they gave one. */
function cleanEnvironment(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("STOCKGRID_") || KEPT.has(name));
  return Object.fromEntries(kept);
}

const KEPT = new Set(["STOCKGRID_NATS_SERVER", "STOCKGRID_CACHE_DIR"]);
