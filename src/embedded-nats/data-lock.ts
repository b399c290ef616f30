/**
 * One node per data folder: a lock file that names its holder.
 *
 * I1. The lock file appears whole (it is linked, not written in place), and only where there was none.
 * I2. A lock whose holder is gone is no lock: a killed node leaves nothing to clean up by hand.
 * It sees processes of this machine only; a folder shared over a network is guarded by the journal's own fencing.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { processIdentity } from "./process-identity.ts";

/** Each attempt removes one dead holder's file, so a second one is needed and a third only in a race. */
const ATTEMPTS_MAX = 8;

/** Another live node uses the data folder. */
export class DataFolderBusy extends Error {
  override readonly name = "DataFolderBusy";
  readonly holderPid: number;
  constructor(path: string, holderPid: number) {
    super(`the data folder is in use by process ${holderPid} (${path}): stop that node, or give this one another data folder`);
    this.holderPid = holderPid;
  }
}

interface Holder {
  readonly pid: number;
  readonly identity: string;
}

/** Takes the lock and returns its release. @throws DataFolderBusy */
export function lockDataFolder(path: string): () => void {
  const mine = JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) });
  const own = `${path}.${process.pid}`;
  writeFileSync(own, mine);
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (linked(own, path)) return () => release(path, mine);
      const holder = liveHolder(path);
      if (holder !== undefined) throw new DataFolderBusy(path, holder.pid);
      setAside(path, own);
    }
    throw new Error(`${path} could not be taken in ${ATTEMPTS_MAX} attempts: several nodes start on it at once`);
  } finally {
    rmSync(own, { force: true });
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

function liveHolder(path: string): Holder | undefined {
  const holder = readHolder(path);
  return holder !== undefined && processIdentity(holder.pid) === holder.identity ? holder : undefined;
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch (error) {
    // Gone since, or cut short by a power loss: nobody's lock either way.
    if (isCode(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Moves a dead holder's file away. What a racing node linked in between is put back, and so counts. */
function setAside(path: string, own: string): void {
  const aside = `${own}.aside`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isCode(error, "ENOENT")) return;
    throw error;
  }
  if (liveHolder(aside) !== undefined) linked(aside, path);
  rmSync(aside, { force: true });
}

function release(path: string, mine: string): void {
  if (JSON.stringify(readHolder(path)) === mine) rmSync(path, { force: true });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
