/** A grid under test: the real command in its own process, with its embedded NATS server, on a data folder of its own. */

import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type GridClient, loadStock } from "../../src/loadgen/index.ts";
import { type RunningServer, type StartedChild, startProgram } from "./children.ts";
import { MANY_SKUS, UNITS_A_SKU } from "./load-shape.ts";
import { childrenOf } from "./process-usage.ts";
import { waitFor } from "./wait.ts";

export interface RunningGrid extends RunningServer {
  readonly client: GridClient;
  readonly natsUrl: string;
  readonly pid: number;
  /** From the start of the process to the first good `/readyz`. */
  readonly readyMs: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

interface NodeFile {
  readonly pid: number;
  readonly httpUrl: string;
  readonly natsUrl: string;
}

const COMMAND = fileURLToPath(new URL("../../src/cli/index.ts", import.meta.url));
const READY_MS_MAX = 120_000;

/** Starts one node with one member. Rejects with the end of its log when it does not come up. */
export async function startGrid(folder: string, settings: Readonly<Record<string, string>> = {}): Promise<RunningGrid> {
  const dataDir = join(folder, "grid");
  await mkdir(dataDir, { recursive: true });
  const startedAt = performance.now();
  const child = startProgram("grid", process.execPath, [COMMAND, "serve"], folder, {
    env: { ...process.env, ...settingsOf(dataDir), ...settings },
  });
  try {
    const node = await waitFor("node.json of the grid", READY_MS_MAX, () => nodeFileOf(join(dataDir, "node.json"), child));
    await waitFor("readiness of the grid", READY_MS_MAX, () => readyAt(node.httpUrl, child));
    return gridOf(child, node, performance.now() - startedAt);
  } catch (error) {
    await child.stop("SIGKILL");
    throw new Error(`the grid did not start:\n${child.logTail()}`, { cause: error });
  }
}

/** A new grid with stock of all SKUs of the shared load. */
export async function startLoadedGrid(folder: string): Promise<RunningGrid> {
  const grid = await startGrid(folder);
  await loadStock(grid.client, MANY_SKUS, UNITS_A_SKU, "bench");
  return grid;
}

function settingsOf(dataDir: string): Record<string, string> {
  return {
    STOCKGRID_DATA_DIR: dataDir,
    STOCKGRID_HTTP_PORT: "0",
    STOCKGRID_MEMBERS: "1",
    STOCKGRID_SAMPLE: "false",
    STOCKGRID_LOG_LEVEL: "info",
    STOCKGRID_NATS_URL: "",
    NODE_ENV: "production",
  };
}

/** The node file of this very process: one of an earlier life may still be there. */
function nodeFileOf(path: string, child: StartedChild): NodeFile | undefined {
  if (child.child.exitCode !== null) throw new Error(`the grid ended with status ${child.child.exitCode}`);
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  const node = text.endsWith("}") || text.endsWith("}\n") ? (JSON.parse(text) as NodeFile) : undefined;
  return node?.pid === child.pid ? node : undefined;
}

async function readyAt(httpUrl: string, child: StartedChild): Promise<true | undefined> {
  if (child.child.exitCode !== null) throw new Error(`the grid ended with status ${child.child.exitCode}`);
  const answer = await fetch(new URL("/readyz", httpUrl)).catch(() => undefined);
  await answer?.arrayBuffer();
  return answer?.status === 200 ? true : undefined;
}

function gridOf(child: StartedChild, node: NodeFile, readyMs: number): RunningGrid {
  const stop = (signal?: NodeJS.Signals): Promise<void> => child.stop(signal);
  return {
    client: { url: new URL(node.httpUrl), headers: {} },
    natsUrl: node.natsUrl,
    pid: child.pid,
    pids: [child.pid],
    readyMs,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** Pid of the NATS server that the grid started. */
export function natsPidOf(grid: RunningGrid): number {
  const [pid] = childrenOf(grid.pid, "nats-server");
  if (pid === undefined) throw new Error("the grid has no nats-server under it");
  return pid;
}
