/**
 * Finds a nats-server that can keep the journal, or fetches one.
 *
 * The order: `STOCKGRID_NATS_SERVER` (a wish, so refused aloud when it cannot be met), `PATH`, the private cache, and last the
 * network: Debian's archive where apt is at hand, the project's own release elsewhere.
 */
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Log } from "../ports/index.ts";
import { cachedBinary, type Environment, fillCache } from "./binary-cache.ts";
import { fetchFromDebian, hasDebianTools } from "./fetch-from-debian.ts";
import { fetchFromRelease } from "./fetch-from-release.ts";
import { isUsable, OLDEST_USABLE, versionOf } from "./nats-version.ts";

export interface FindOptions {
  /** Whether the network may be asked when nothing is at hand. Default true. */
  readonly fetch?: boolean;
  readonly log?: Log;
  /** Default: the process's own. */
  readonly environment?: Environment;
  /** Looked at after `PATH`. Default: where only an administrator's PATH looks, and Debian puts the server. */
  readonly systemFolders?: readonly string[];
}

/** No usable server, and what a person can do about it. */
export class NatsServerMissing extends Error {
  override readonly name = "NatsServerMissing";
  /** What was tried and why it did not do, in the order of the attempts. */
  readonly tried: readonly string[];
  constructor(tried: readonly string[]) {
    super(`no usable nats-server was found.\n${tried.map((line) => `  tried: ${line}`).join("\n")}\n${CHOICES}`);
    this.tried = tried;
  }
}

const CHOICES = [
  "Any one of these mends it:",
  `  - install nats-server ${OLDEST_USABLE.text} or newer, so that it is on the PATH`,
  "  - set STOCKGRID_NATS_SERVER to the path of such a binary",
  "  - set STOCKGRID_NATS_URL to a running server, for example nats://127.0.0.1:4222",
  "  - start again with network access, so that it can be fetched",
].join("\n");

const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin"];

/** The path of a usable binary. @throws NatsServerMissing */
export async function findNatsServer(options: FindOptions = {}): Promise<string> {
  const environment = options.environment ?? process.env;
  const wished = environment["STOCKGRID_NATS_SERVER"];
  if (wished) return requireWished(wished);
  const tried: string[] = [];
  for (const candidate of await candidates(environment, options.systemFolders ?? SYSTEM_FOLDERS)) {
    const reason = await whyNot(candidate);
    if (reason === undefined) return candidate;
    tried.push(reason);
  }
  if (tried.length === 0) tried.push("PATH and the cache: there is none");
  if (options.fetch === false) throw new NatsServerMissing([...tried, "fetching: not asked for"]);
  return fetchOne(environment, tried, options.log);
}

async function requireWished(path: string): Promise<string> {
  const reason = await whyNot(path);
  if (reason !== undefined) throw new NatsServerMissing([`STOCKGRID_NATS_SERVER=${path}: ${reason}`]);
  return path;
}

async function candidates(environment: Environment, systemFolders: readonly string[]): Promise<string[]> {
  const folders = [...(environment["PATH"] ?? "").split(delimiter), ...systemFolders].filter((folder) => folder !== "");
  const paths = [...new Set(folders.map((folder) => join(folder, "nats-server"))), cachedBinary(environment)];
  const there = await Promise.allSettled(paths.map((path) => access(path, constants.X_OK)));
  return paths.filter((_, index) => there[index]?.status === "fulfilled");
}

/** Why the file will not do, or undefined when it will. */
async function whyNot(path: string): Promise<string | undefined> {
  try {
    const version = await versionOf(path);
    return isUsable(version) ? undefined : `${path} is ${version.text}, older than ${OLDEST_USABLE.text}`;
  } catch (error) {
    return messageOf(error);
  }
}

async function fetchOne(environment: Environment, tried: string[], log?: Log): Promise<string> {
  for (const source of await sources()) {
    log?.info({ source: source.name }, "fetching nats-server");
    try {
      const path = await fillCache(environment, source.fetch);
      log?.info({ path }, "nats-server is in the cache");
      return path;
    } catch (error) {
      tried.push(`${source.name}: ${messageOf(error)}`);
    }
  }
  throw new NatsServerMissing(tried);
}

interface Source {
  readonly name: string;
  readonly fetch: (workFolder: string) => Promise<string>;
}

async function sources(): Promise<Source[]> {
  const release: Source = { name: "the official release", fetch: (folder) => fetchFromRelease(folder) };
  if (!(await hasDebianTools())) return [release];
  return [{ name: "Debian's archive", fetch: fetchFromDebian }, release];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
