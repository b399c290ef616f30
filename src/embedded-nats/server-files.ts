/**
 * The files of an embedded server under `<data folder>/nats`, and the settings that keep the journal's promises.
 *
 * I1. `sync_interval: always`: JetStream answers a publish only once it is on the disk.
 * I2. It listens on loopback alone: whoever may reach it is already on this machine.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MIB = 1024 * 1024;
/** Of one message with its headers, as the contract has it: 10,000 movements fit. */
export const MAX_PAYLOAD_BYTES = 8 * MIB;
/** Streams in memory hold nothing of ours; what a guest may put there is bounded. */
const MEMORY_STORE_BYTES = 256 * MIB;
const LOG_FILE_BYTES = 16 * MIB;
const LOG_FILES = 4;
const OWNER_ONLY = 0o700;
export const HOST = "127.0.0.1";

export interface ServerFiles {
  readonly folder: string;
  readonly config: string;
  readonly pidFile: string;
  readonly lockFile: string;
  /** What the server prints before its log file is open: refusals of its configuration. */
  readonly console: string;
  readonly log: string;
  readonly store: string;
  /** Unlike any other server's, so that a stranger on the same port is not taken for ours. */
  readonly serverName: string;
}

/** Makes the folder and names the files in it. */
export function serverFiles(dataDir: string): ServerFiles {
  mkdirSync(join(dataDir, "nats"), { recursive: true, mode: OWNER_ONLY });
  const folder = realpathSync(join(dataDir, "nats"));
  return {
    folder,
    config: join(folder, "nats-server.conf"),
    pidFile: join(folder, "nats-server.pid"),
    lockFile: join(folder, "node.lock"),
    console: join(folder, "nats-server.console.log"),
    log: join(folder, "nats-server.log"),
    store: join(folder, "store"),
    serverName: `stockgrid-${createHash("sha256").update(folder).digest("hex").slice(0, 12)}`,
  };
}

/** The text of the configuration file. */
export function configText(files: ServerFiles, port: number): string {
  return `# Written by StockGrid at every start; changes made here are lost.
server_name: ${files.serverName}
listen: "${HOST}:${port}"
max_payload: ${MAX_PAYLOAD_BYTES}
log_file: ${quoted(files.log)}
logfile_size_limit: ${LOG_FILE_BYTES}
logfile_max_num: ${LOG_FILES}
jetstream {
  store_dir: ${quoted(files.store)}
  max_memory_store: ${MEMORY_STORE_BYTES}
  # Never acknowledge what is not on the disk.
  sync_interval: always
}
`;
}

/** Writes the configuration. Returns false when the very same one was there. */
export function writeConfig(files: ServerFiles, port: number): boolean {
  const text = configText(files, port);
  if (readText(files.config) === text) return false;
  writeFileSync(files.config, text);
  return true;
}

/** The port of the last start, so that clients who know the address find it again. */
export function lastPort(files: ServerFiles): number | undefined {
  const match = /^listen: "[^"]*:(\d+)"$/m.exec(readText(files.config));
  return match === null ? undefined : Number(match[1]);
}

/** Notes the server's process at once, so that a node killed a moment later has left its trace. */
export function writePid(files: ServerFiles, pid: number): void {
  writeFileSync(files.pidFile, `${pid}\n`);
}

/** The process id of the last server started here. */
export function writtenPid(files: ServerFiles): number | undefined {
  const text = readText(files.pidFile).trim();
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The end of what the server said, for an error message. */
export function lastWordsOf(files: ServerFiles): string {
  const said = `${readText(files.console)}\n${readText(files.log)}`.trim().split("\n");
  return said.slice(-5).join("\n");
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

function quoted(path: string): string {
  return JSON.stringify(path);
}
