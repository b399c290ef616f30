/** What a local cluster is asked to be, and the addresses and files that follow from it. */

import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Generated, generateNats, type ServerPlan } from "../nats/index.ts";
import { type ClusterFile, clusterFilePath, readClusterFile, stillRunning, supervisorRuns } from "./cluster-file.ts";
import { freePorts } from "./free-ports.ts";
import { localServerConfig, type NatsPorts } from "./local-nats.ts";

export interface LocalClusterOptions {
  /** Everything of the cluster is in here. */
  readonly folder: string;
  /** NATS servers, 1 to 9; default 3. */
  readonly nats?: number | undefined;
  /** Grid nodes, 0 to 9; default 3. */
  readonly nodes?: number | undefined;
  /** Of the grid; default `local`. */
  readonly cluster?: string | undefined;
  /** TLS and accounts; default neither. */
  readonly secure?: boolean | undefined;
  /**
   * First of a range of ports: NATS at `basePort`, its routes 10 above, its monitoring 20 above, HTTP 30 above. Default: free ones, kept for
   * as long as they are free.
   */
  readonly basePort?: number | undefined;
  /** Removes what an earlier cluster left in the folder; default false. */
  readonly fresh?: boolean | undefined;
}

/** Something of a cluster runs in this folder. The message says what, and how to end it. */
export class AlreadyRunning extends Error {
  override readonly name = "AlreadyRunning";
}

/** A folder that this cluster cannot use. */
export class UnsuitableFolder extends Error {
  override readonly name = "UnsuitableFolder";
}

export interface LocalPlan {
  readonly folder: string;
  readonly cluster: string;
  readonly servers: readonly { readonly name: string; readonly folder: string; readonly ports: NatsPorts }[];
  readonly peers: readonly string[];
  readonly httpPorts: readonly number[];
  readonly basePort: number | undefined;
  /** TLS and accounts; undefined without. */
  readonly generated: Generated | undefined;
  /** What an earlier life of the cluster was told to start nodes with. */
  readonly set: Readonly<Record<string, string>>;
}

const SERVERS_MAX = 9;
const HOST = "127.0.0.1";
/** Certificates, users and configuration. */
const SECURE = "secure";
const PORTS_A_SERVER = 3;
const [ROUTES_ABOVE, MONITORS_ABOVE, HTTP_ABOVE] = [10, 20, 30];

/** Makes the folder ready. Rejects with AlreadyRunning or UnsuitableFolder. */
export async function planCluster(options: LocalClusterOptions): Promise<LocalPlan> {
  const { nats = 3, nodes = 3, cluster = "local", basePort } = options;
  if (nats < 1 || nats > SERVERS_MAX) throw new RangeError(`1 to ${SERVERS_MAX} NATS servers, not ${nats}`);
  if (nodes < 0 || nodes > SERVERS_MAX) throw new RangeError(`0 to ${SERVERS_MAX} nodes, not ${nodes}`);
  const folder = resolve(options.folder);
  const before = await usableFolder(folder, options, nats);
  const ports = await portsOf(nats, basePort, before);
  const servers = ports.map((each, index) => {
    const name = `nats-${index + 1}`;
    return { name, folder: join(folder, name), ports: each };
  });
  const peers = peersOf(servers);
  const known = before?.nodes.map((node) => Number(new URL(node.httpUrl).port)) ?? [];
  const httpPorts = basePort === undefined ? await freePorts(nodes, known) : range(nodes, basePort + HTTP_ABOVE);
  const generated = options.secure === true ? await generate(folder, cluster, servers, peers) : undefined;
  return { folder, cluster, servers, peers, httpPorts, basePort, generated, set: before?.set ?? {} };
}

/** The HTTP port of one more node. */
export async function httpPortFor(plan: LocalPlan, index: number): Promise<number> {
  if (plan.basePort !== undefined) return plan.basePort + HTTP_ABOVE + index;
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error("no port is free");
  return port;
}

async function usableFolder(folder: string, options: LocalClusterOptions, nats: number): Promise<ClusterFile | undefined> {
  const before = existsSync(folder) ? readClusterFile(folder) : undefined;
  if (before !== undefined) refuseRunning(before, folder);
  if (options.fresh === true) {
    await clear(folder, before !== undefined);
    await mkdir(folder, { recursive: true });
    return undefined;
  }
  if (before !== undefined) refuseOther(before, folder, options, nats);
  await mkdir(folder, { recursive: true });
  return before;
}

function refuseRunning(before: ClusterFile, folder: string): void {
  const left = stillRunning(before);
  if (supervisorRuns(before)) {
    throw new AlreadyRunning(
      `a cluster runs in ${folder}, started by process ${before.pid}.\nStop it with Ctrl-C there, or with: kill ${before.pid}\nOr use another folder: --data <folder>`,
    );
  }
  if (left.length === 0) return;
  const names = left.map(({ name, pid }) => `${name} (${pid})`).join(", ");
  throw new AlreadyRunning(
    `processes of an earlier cluster in ${folder} still run, though who started them was killed: ${names}.\nEnd them with: kill ${left.map(({ pid }) => pid).join(" ")}`,
  );
}

/** JetStream's own group of servers is part of the data: it cannot be started with more or fewer. */
function refuseOther(before: ClusterFile, folder: string, options: LocalClusterOptions, nats: number): void {
  const remedy = "Use the same as before, or --fresh to begin anew.";
  if (before.nats.length !== nats)
    throw new UnsuitableFolder(`${folder} holds the data of ${before.nats.length} NATS servers, not of ${nats}. ${remedy}`);
  if (before.secure !== (options.secure === true))
    throw new UnsuitableFolder(`${folder} holds a cluster ${before.secure ? "with" : "without"} TLS and accounts. ${remedy}`);
  if (before.cluster !== (options.cluster ?? "local"))
    throw new UnsuitableFolder(`${folder} holds the cluster ${before.cluster}. ${remedy}`);
}

async function clear(folder: string, ours: boolean): Promise<void> {
  if (!existsSync(folder)) return;
  if (!ours && (await readdir(folder)).length > 0)
    throw new UnsuitableFolder(`${folder} is not empty and has no ${clusterFilePath("")}: it is not removed.`);
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

async function portsOf(nats: number, basePort: number | undefined, before: ClusterFile | undefined): Promise<NatsPorts[]> {
  const flat =
    basePort === undefined
      ? await freePorts(
          nats * PORTS_A_SERVER,
          before?.nats.flatMap(({ ports }) => [...ports]),
        )
      : range(nats, basePort).flatMap((port) => [port, port + ROUTES_ABOVE, port + MONITORS_ABOVE]);
  return range(nats, 0).map((index) => {
    const [client = 0, route = 0, monitor = 0] = flat.slice(index * PORTS_A_SERVER);
    return { client, route, monitor };
  });
}

function range(count: number, from: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

function generate(folder: string, cluster: string, servers: LocalPlan["servers"], peers: readonly string[]): Promise<Generated> {
  const out = join(folder, SECURE);
  return generateNats({ out, cluster, servers: securedServers(out, servers, peers) });
}

function securedServers(out: string, servers: LocalPlan["servers"], peers: readonly string[]): ServerPlan[] {
  return servers.map(({ name, folder, ports }) => ({
    folder: name,
    hosts: [HOST, "localhost"],
    mountedAt: join(out, name),
    config: localServerConfig(name, folder, ports, peers),
  }));
}

/** The servers of a cluster with TLS and accounts, to make their configuration again. `out` is its folder `secure`. Throws when there is none. */
export function localServers(out: string): ServerPlan[] {
  const folder = dirname(resolve(out));
  const file = readClusterFile(folder);
  if (file?.secure !== true || resolve(out) !== join(folder, SECURE))
    throw new RangeError(`${out} is not the folder ${SECURE} of a cluster that \`npm run cluster -- --secure\` started`);
  const servers = file.nats.map(({ name, ports: [client, route, monitor] }) => ({
    name,
    folder: join(folder, name),
    ports: { client, route, monitor },
  }));
  return securedServers(resolve(out), servers, peersOf(servers));
}

function peersOf(servers: LocalPlan["servers"]): string[] {
  return servers.map(({ ports }) => `${HOST}:${ports.route}`);
}
