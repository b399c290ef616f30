/** Starts the servers that the grid is compared with, each with its database in a folder of its own. */

import { execFileSync } from "node:child_process";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type RunningServer, type StartedChild, startPeer, startProgram } from "./children.ts";
import { MANY_SKUS } from "./load-shape.ts";
import { waitFor } from "./wait.ts";

export interface HttpPeer extends RunningServer {
  readonly url: URL;
}

/** Starts the peer under `folder`. */
export type PeerStart = (folder: string) => Promise<HttpPeer>;

export interface MissingPeer {
  readonly missing: string;
}

const START_MS_MAX = 30_000;
const LOAD_ARGS = [MANY_SKUS.skuPrefix, String(MANY_SKUS.skus)];

export async function startBareFastify(): Promise<HttpPeer> {
  return httpPeer(await startPeer<{ url: string }>(peerScript("bare-fastify"), []), []);
}

/** How to start Fastify + Redis, or what is missing for it. */
export function fastifyRedis(): PeerStart | MissingPeer {
  const server = programIn("redis-server", pathFolders());
  if (server === undefined) return { missing: "redis-server is not installed (Debian: apt-get install redis-server)" };
  return async (folder) => {
    const home = join(folder, "redis");
    await mkdir(home, { recursive: true });
    const socket = join(home, "redis.sock");
    const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    const args = ["--port", "0", "--unixsocket", socket, "--dir", home, ...durable];
    const redis = startProgram("redis", server, args, folder);
    await waitFor("the socket of Redis", START_MS_MAX, () => existsSync(socket) || undefined);
    return httpPeer(await startPeer<{ url: string }>(peerScript("fastify-redis"), [socket, ...LOAD_ARGS]), [redis]);
  };
}

/** How to start Fastify + PostgreSQL, or what is missing for it. */
export function fastifyPostgres(): PeerStart | MissingPeer {
  const initdb = programIn("initdb", [...postgresFolders(), ...pathFolders()]);
  if (initdb === undefined) return { missing: "postgres is not installed (Debian: apt-get install postgresql)" };
  return async (folder) => {
    const home = join(folder, "postgres");
    await mkdir(home, { recursive: true });
    const user = unprivileged(home);
    const data = join(home, "data");
    execFileSync(initdb, ["-D", data, "-U", "postgres", "-A", "trust"], { ...user, cwd: home, stdio: "ignore" });
    const settings = ["fsync=on", "synchronous_commit=on", "shared_buffers=256MB", "max_wal_size=4GB", "listen_addresses="];
    const args = ["-D", data, "-k", home, ...settings.flatMap((setting) => ["-c", setting])];
    const server = startProgram("postgres", initdb.replace(/initdb$/, "postgres"), args, folder, { ...user, cwd: home });
    await waitFor("the socket of PostgreSQL", START_MS_MAX, () => acceptsOf(initdb.replace(/initdb$/, "pg_isready"), home));
    return httpPeer(await startPeer<{ url: string }>(peerScript("fastify-postgres"), [home, ...LOAD_ARGS]), [server]);
  };
}

function acceptsOf(pgIsReady: string, home: string): true | undefined {
  try {
    execFileSync(pgIsReady, ["-h", home], { stdio: "ignore" });
    return true;
  } catch (error) {
    // A status other than 0 says "not yet"; anything else is not about readiness.
    if (error instanceof Error && "status" in error && typeof error.status === "number") return undefined;
    throw error;
  }
}

/** PostgreSQL refuses to run as root: then it runs as `postgres`, to whom its folder is given. */
function unprivileged(home: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const number = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  const user = { uid: number("-u"), gid: number("-g") };
  chownSync(home, user.uid, user.gid);
  return user;
}

function httpPeer(
  app: StartedChild & { readonly address: { readonly url: string } },
  databases: readonly StartedChild[],
): HttpPeer {
  return {
    url: new URL(app.address.url),
    pids: [app.pid, ...databases.map((database) => database.pid)],
    [Symbol.asyncDispose]: async () => {
      await app.stop();
      for (const database of databases) await database.stop("SIGINT");
    },
  };
}

export function peerScript(name: string): URL {
  return new URL(`../peers/${name}.ts`, import.meta.url);
}

function pathFolders(): readonly string[] {
  return (process.env["PATH"] ?? "").split(":");
}

/** Debian keeps the server programs out of PATH; the newest version comes first. */
function postgresFolders(): readonly string[] {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return [];
  const versions = readdirSync(root).toSorted((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, "bin"));
}

function programIn(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
