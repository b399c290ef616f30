/**
 * Writes everything a NATS cluster with TLS and accounts is started from into one folder:
 *
 *     ca.pem, ca.key            the authority; keep the key off the servers
 *     <server>/                 nats-server.conf, accounts.conf, server.pem, server.key, ca.pem: what one server needs
 *     users/<user>.nk           the seed of a user's nkey, for STOCKGRID_NATS_CREDS
 *
 * G1. Every file but certificates is readable by its owner alone.
 * G2. Made again over a folder, what clients and servers rest on stays: authority, users, the password of the routes. Certificates are new.
 */

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nkeys } from "@nats-io/nats-core";
import { accountsText, type NatsUser } from "./accounts.ts";
import { makeAuthority, makeServerCertificate, type Signed } from "./certificates.ts";
import { ROLES, type Role } from "./permissions.ts";
import { type ServerConfig, serverConfigText } from "./server-config.ts";

export interface ServerPlan {
  /** Name of its folder. */
  readonly folder: string;
  /** Names and addresses that it is reached by: clients and routes refuse a certificate for others. */
  readonly hosts: readonly string[];
  /** Where the folder is when the server reads it: the paths of certificates begin so. */
  readonly mountedAt: string;
  /** Without certificates, accounts and password, which are made here. */
  readonly config: Omit<ServerConfig, "tls" | "accounts">;
}

export interface GeneratePlan {
  readonly out: string;
  /** Of the grid, part of the names of its buckets. */
  readonly cluster: string;
  readonly servers: readonly ServerPlan[];
  /** Users beyond the one that each role has under its own name. */
  readonly users?: readonly { readonly name: string; readonly role: Role }[] | undefined;
  /** Validity of the servers' certificates; default 825. */
  readonly days?: number | undefined;
}

/** Where things were written. */
export interface Generated {
  readonly ca: string;
  /** Seed file by user. */
  readonly users: ReadonlyMap<string, string>;
  /** Configuration file by server folder. */
  readonly configs: ReadonlyMap<string, string>;
}

const DAYS_DEFAULT = 825;
const PRIVATE = 0o600;
const PUBLIC = 0o644;
const OWNER_FOLDER = 0o700;
const ROUTE_PASSWORD_BYTES = 32;
const USER_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** Rejects when a user's name is no plain word or is there twice, or a file cannot be written. */
export async function generateNats(plan: GeneratePlan): Promise<Generated> {
  const { out } = plan;
  const named = usersOf(plan);
  await mkdir(join(out, "users"), { recursive: true, mode: OWNER_FOLDER });
  const authority = await keptAuthority(out);
  const users = await Promise.all(named.map((user) => keptUser(out, user)));
  const password = await keptText(join(out, "routes.password"), () => randomBytes(ROUTE_PASSWORD_BYTES).toString("hex"));
  const accounts = accountsText({ cluster: plan.cluster, users });
  for (const server of plan.servers) {
    await writeServer(out, server, { authority, accounts, password: password.trim(), days: plan.days ?? DAYS_DEFAULT });
  }
  return {
    ca: join(out, "ca.pem"),
    users: new Map(named.map(({ name }) => [name, seedPath(out, name)])),
    configs: new Map(plan.servers.map(({ folder }) => [folder, join(out, folder, "nats-server.conf")])),
  };
}

function usersOf({ users = [] }: GeneratePlan): { readonly name: string; readonly role: Role }[] {
  const all = [...ROLES.map((role) => ({ name: role, role })), ...users];
  const bad = all.find(({ name }) => !USER_NAME.test(name));
  if (bad !== undefined) throw new RangeError(`${JSON.stringify(bad.name)} is no name of a user: use A-Z a-z 0-9 _ -`);
  if (new Set(all.map(({ name }) => name)).size < all.length) throw new RangeError("two users have the same name");
  return all;
}

async function keptAuthority(out: string): Promise<Signed> {
  const [cert, key] = [join(out, "ca.pem"), join(out, "ca.key")];
  if (existsSync(cert) && existsSync(key)) return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  const made = await makeAuthority("StockGrid NATS authority");
  await writeWhole(key, made.key, PRIVATE);
  await writeWhole(cert, made.cert, PUBLIC);
  return made;
}

async function keptUser(out: string, { name, role }: { readonly name: string; readonly role: Role }): Promise<NatsUser> {
  const seed = await keptText(seedPath(out, name), () => `${Buffer.from(nkeys.createUser().getSeed()).toString()}\n`);
  return { name, role, publicKey: nkeys.fromSeed(Buffer.from(seed.trim())).getPublicKey() };
}

function seedPath(out: string, user: string): string {
  return join(out, "users", `${user}.nk`);
}

async function keptText(path: string, make: () => string): Promise<string> {
  if (existsSync(path)) return readFileSync(path, "utf8");
  const text = make();
  await writeWhole(path, text, PRIVATE);
  return text;
}

interface Common {
  readonly authority: Signed;
  readonly accounts: string;
  readonly password: string;
  readonly days: number;
}

async function writeServer(out: string, server: ServerPlan, { authority, accounts, password, days }: Common): Promise<void> {
  const { folder, hosts, mountedAt, config } = server;
  const to = (file: string): string => join(out, folder, file);
  const seen = (file: string): string => join(mountedAt, file);
  const certificate = await makeServerCertificate(authority, folder, hosts, days);
  const text = serverConfigText({
    ...config,
    routes: config.routes === undefined ? undefined : { ...config.routes, password },
    tls: { ca: seen("ca.pem"), cert: seen("server.pem"), key: seen("server.key") },
    accounts: "accounts.conf",
  });
  await mkdir(join(out, folder), { recursive: true, mode: OWNER_FOLDER });
  await writeWhole(to("ca.pem"), authority.cert, PUBLIC);
  await writeWhole(to("server.pem"), certificate.cert, PUBLIC);
  await writeWhole(to("server.key"), certificate.key, PRIVATE);
  await writeWhole(to("accounts.conf"), accounts, PRIVATE);
  await writeWhole(to("nats-server.conf"), text, PRIVATE);
}

/** A server that reads meanwhile finds the old file or the new one. */
async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  await writeFile(draft, text, { mode });
  // The mode of a new file is cut by the umask.
  await chmod(draft, mode);
  await rename(draft, path);
}
