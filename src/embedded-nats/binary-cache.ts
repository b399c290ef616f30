/**
 * The private place of a fetched nats-server: `$STOCKGRID_CACHE_DIR`, else `$XDG_CACHE_HOME/stockgrid`, else `~/.cache/stockgrid`.
 * It is shared by every clone of one user, and nothing outside of it is written.
 *
 * I1. The binary appears under its final name in one rename and only after it answered with a usable version: an interrupted
 *     fetch leaves no half a binary, and two fetches at once leave either's whole one.
 */
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { isUsable, OLDEST_USABLE, versionOf } from "./nats-version.ts";

const WORK_PREFIX = "fetch-";
/** A work folder this old was left by an interrupted fetch. */
const WORK_AGE_MS_MAX = 60 * 60 * 1000;
const OWNER_ONLY = 0o700;

export type Environment = Readonly<Record<string, string | undefined>>;

export function cacheFolder(environment: Environment): string {
  const own = environment["STOCKGRID_CACHE_DIR"];
  if (own) return own;
  return join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "stockgrid");
}

/** Where the binary of this platform is, or will be. */
export function cachedBinary(environment: Environment): string {
  return join(cacheFolder(environment), `nats-server-${process.platform}-${process.arch}`);
}

/**
 * Lets `fetch` make a binary in an empty work folder and puts what it made in its place. Returns the final path.
 * @throws whatever `fetch` throws, and Error when what it made is not usable.
 */
export async function fillCache(environment: Environment, fetch: (workFolder: string) => Promise<string>): Promise<string> {
  const folder = cacheFolder(environment);
  await mkdir(folder, { recursive: true, mode: OWNER_ONLY });
  await removeAbandoned(folder);
  const workFolder = await mkdtemp(join(folder, WORK_PREFIX));
  try {
    const made = await fetch(workFolder);
    await chmod(made, OWNER_ONLY);
    const version = await versionOf(made);
    if (!isUsable(version)) throw new Error(`it offers nats-server ${version.text}, older than ${OLDEST_USABLE.text}`);
    const final = cachedBinary(environment);
    await rename(made, final);
    return final;
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(WORK_PREFIX)) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > WORK_AGE_MS_MAX) await rm(path, { recursive: true, force: true });
  }
}
