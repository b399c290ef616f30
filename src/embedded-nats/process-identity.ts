/**
 * Tells one process from another that later got the same id: by the time it started.
 * Reads /proc where there is one, else asks `ps`. Cost: some microseconds on Linux.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Counted after the name's closing bracket, since the name itself may hold spaces. */
const STATE_FIELD = 0;
const START_FIELD = 19;

/** An identity that no other process of this machine shares, or undefined when the process is gone (or a zombie). */
export function processIdentity(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === "linux" ? identityOnLinux(pid) : identityFromPs(pid);
}

/** The command line of a live process, its words separated by spaces; empty when it is gone. */
export function commandOf(pid: number): string {
  if (process.platform === "linux") return (readIfThere(`/proc/${pid}/cmdline`) ?? "").replaceAll("\0", " ");
  return spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout;
}

function identityOnLinux(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[STATE_FIELD] === "Z" || fields[STATE_FIELD] === "X") return undefined;
  return `${readIfThere("/proc/sys/kernel/random/boot_id")?.trim()}/${pid}/${fields[START_FIELD]}`;
}

function identityFromPs(pid: number): string | undefined {
  const started = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return started === "" ? undefined : `${pid}/${started}`;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process ended between being named and being looked at: the same as never having been there.
    return undefined;
  }
}
