/** What process trees cost, read from /proc: CPU time and resident memory. Linux only. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface Memory {
  readonly rssMb: number;
  /** Without the pages of mapped files, which the kernel takes back when it needs them. */
  readonly rssAnonMb: number;
}

const MS_PER_SECOND = 1000;
const KB_PER_MB = 1024;
let ticksPerSecond: number | undefined;

interface Stat {
  readonly parent: number;
  /** Of the process and of its children that ended and were waited for. */
  readonly ticks: number;
}

/** CPU time in ms that the trees under `roots` have used, ended children included. */
export function cpuMs(roots: readonly number[]): number {
  ticksPerSecond ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  const stats = allStats();
  let ticks = 0;
  for (const pid of treeOf(roots, stats)) ticks += stats.get(pid)?.ticks ?? 0;
  return (ticks * MS_PER_SECOND) / ticksPerSecond;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / KB_PER_MB;
  return { rssMb: megabytes("VmRSS"), rssAnonMb: megabytes("RssAnon") };
}

/** The processes under `roots`, themselves included. */
export function treeOf(roots: readonly number[], stats: ReadonlyMap<number, { readonly parent: number }> = allStats()): number[] {
  const tree = new Set(roots.filter((pid) => stats.has(pid)));
  for (let size = 0; size !== tree.size; ) {
    size = tree.size;
    for (const [pid, { parent }] of stats) if (tree.has(parent)) tree.add(pid);
  }
  return [...tree];
}

/** Processes under `pid` whose program's name begins so. */
export function childrenOf(pid: number, nameBegin: string): number[] {
  return treeOf([pid]).filter((each) => each !== pid && readFileSync(`/proc/${each}/comm`, "utf8").startsWith(nameBegin));
}

function allStats(): Map<number, Stat> {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? statOf(name) : undefined;
    if (stat !== undefined) stats.set(Number(name), stat);
  }
  return stats;
}

/** Undefined when the process has ended meanwhile. */
function statOf(pid: string): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) return undefined;
    throw error;
  }
  // The name in parentheses may hold spaces; after it come state, parent, ... and the times as the 14th to 17th field.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [user, system, childUser, childSystem] = fields.slice(11, 15) as [number, number, number, number];
  return { parent: fields[1] as number, ticks: user + system + childUser + childSystem };
}
