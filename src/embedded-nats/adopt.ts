/**
 * What a killed node left behind: its nats-server, which outlives it (nothing portable ties the two together).
 * The next start takes it on when it is ours, healthy and set up as we would, and ends it otherwise.
 */
import type { Log } from "../ports/index.ts";
import { isUsable, parseVersion } from "./nats-version.ts";
import { probe } from "./probe.ts";
import { commandOf } from "./process-identity.ts";
import { lastPort, type ServerFiles, writeConfig, writtenPid } from "./server-files.ts";
import { ServerProcess } from "./server-process.ts";

/** A server that does not even answer is not waited for as long as one in good health. */
const ABANDONED_GRACE_MS = 3_000;

export interface Adopted {
  readonly process: ServerProcess;
  readonly port: number;
}

/**
 * The running server of this data folder, or undefined when there is none worth keeping; then none runs any more.
 * One on another port than `wishedPort`, when given, is not kept.
 */
export async function adoptOrEnd(files: ServerFiles, log: Log, wishedPort?: number): Promise<Adopted | undefined> {
  const pid = writtenPid(files);
  // The path of our own configuration on the command line is what makes a process ours; a bare id may have been reused.
  if (pid === undefined || !commandOf(pid).includes(files.config)) return undefined;
  const process = ServerProcess.adopt(pid);
  const port = lastPort(files);
  if (port !== undefined && port === (wishedPort ?? port) && (await isWorthKeeping(files, port))) {
    log.info({ pid, port }, "took on the nats-server that an earlier run left");
    return { process, port };
  }
  log.warn({ pid, port }, "ending a nats-server that an earlier run left and that does not answer as it should");
  await process.end(ABANDONED_GRACE_MS);
  return undefined;
}

async function isWorthKeeping(files: ServerFiles, port: number): Promise<boolean> {
  // Written anew when this version of StockGrid wants other settings than the one that started the server.
  if (writeConfig(files, port)) return false;
  const info = await probe(port);
  const version = parseVersion(info?.version ?? "");
  return info?.server_name === files.serverName && info.jetstream === true && version !== undefined && isUsable(version);
}
