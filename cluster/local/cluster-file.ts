/** `cluster.json` in the folder of a local cluster: what runs there, where it answers, and how to reach who started it. */

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { processIdentity } from "../../src/embedded-nats/index.ts";

export interface ProcessNote {
  readonly name: string;
  /** 0 while it does not run. */
  readonly pid: number;
  /** Tells the process from a later one with the same id; empty while it does not run. */
  readonly identity: string;
  readonly log: string;
}

export interface NatsNote extends ProcessNote {
  readonly url: string;
  readonly monitorUrl: string;
  readonly ports: readonly [client: number, route: number, monitor: number];
}

export interface NodeNote extends ProcessNote {
  readonly httpUrl: string;
  readonly dataDir: string;
}

export interface ClusterFile {
  readonly cluster: string;
  readonly secure: boolean;
  /** Who started it. */
  readonly pid: number;
  readonly identity: string;
  /** Where that listens for `npm run cluster -- stop node-1` and its like; empty when it does not. */
  readonly controlUrl: string;
  readonly natsUrl: string;
  /** What nodes are started with by `npm run cluster -- set`; not there in files of earlier versions. */
  readonly set?: Readonly<Record<string, string>>;
  readonly nats: readonly NatsNote[];
  readonly nodes: readonly NodeNote[];
}

export function clusterFilePath(folder: string): string {
  return join(folder, "cluster.json");
}

/** What was last written, undefined when nothing was. Throws when it is no such file. */
export function readClusterFile(folder: string): ClusterFile | undefined {
  let text: string;
  try {
    text = readFileSync(clusterFilePath(folder), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const value: unknown = JSON.parse(text);
  if (typeof value === "object" && value !== null && "nats" in value && Array.isArray(value.nats)) return value as ClusterFile;
  throw new Error(`${clusterFilePath(folder)} is not what a local cluster writes`);
}

/** Readable by its owner alone: the control address is a secret. */
export function writeClusterFile(folder: string, content: ClusterFile): void {
  const path = clusterFilePath(folder);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

export function identityOf(pid: number | undefined): string {
  return pid === undefined ? "" : (processIdentity(pid) ?? "");
}

/** Those of the file that still run. */
export function stillRunning({ nats, nodes }: ClusterFile): ProcessNote[] {
  return [...nodes, ...nats].filter(({ pid, identity }) => identity !== "" && processIdentity(pid) === identity);
}

/** Whether the one who started it still runs. */
export function supervisorRuns({ pid, identity }: ClusterFile): boolean {
  return processIdentity(pid) === identity;
}
