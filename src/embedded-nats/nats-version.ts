/** Which nats-server a file is, and whether that is new enough to keep the journal. */
import { runTool } from "./run-tool.ts";

const VERSION_TIMEOUT_MS = 20_000;

export interface NatsVersion {
  readonly major: number;
  readonly minor: number;
  readonly text: string;
}

/** Older servers cannot fsync each write (`sync_interval: always`), so an acknowledged reservation could be lost. */
export const OLDEST_USABLE: NatsVersion = { major: 2, minor: 10, text: "2.10" };

/** @throws Error when the file cannot be run or does not answer like a nats-server. */
export async function versionOf(binary: string): Promise<NatsVersion> {
  const answer = await runTool(binary, ["--version"], { timeoutMs: VERSION_TIMEOUT_MS });
  const version = parseVersion(answer);
  if (version === undefined) throw new Error(`${binary} --version answered ${JSON.stringify(answer.slice(0, 100))}`);
  return version;
}

/** Reads `nats-server: v2.15.1` and the bare `2.15.1` of the server's INFO line. */
export function parseVersion(text: string): NatsVersion | undefined {
  const match = /(?:^|v|\s)(\d+)\.(\d+)\.(\d+\S*)/.exec(text);
  if (match === null) return undefined;
  const [, major, minor, patch] = match;
  return { major: Number(major), minor: Number(minor), text: `${major}.${minor}.${patch}` };
}

export function isUsable(version: NatsVersion): boolean {
  if (version.major !== OLDEST_USABLE.major) return version.major > OLDEST_USABLE.major;
  return version.minor >= OLDEST_USABLE.minor;
}
