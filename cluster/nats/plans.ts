/** Where servers are, for each way of running them: names, addresses and paths that their configuration and certificates are made for. */

import { isIP } from "node:net";
import type { ServerPlan } from "./generate.ts";

/** Where a server's folder is mounted, and where it keeps its streams. */
const CONFIG_FOLDER = "/etc/nats";
const STORE_FOLDER = "/data";
const ON_A_HOST = { config: "/etc/stockgrid-nats", store: "/var/lib/stockgrid-nats" } as const;
const [CLIENTS, ROUTES, MONITORING] = [4222, 6222, 8222];

/** For cluster/compose.yaml: containers `nats-1` and so on. */
export function composeServers(count: number): ServerPlan[] {
  const names = numbered("nats-", count, 1);
  return names.map((name) => server(name, name, [name, "localhost", "127.0.0.1"], names));
}

/** For cluster/kubernetes: one folder for all pods of the StatefulSet `nats`, which take their name from the environment. */
export function kubernetesServers(count: number, namespace: string): ServerPlan[] {
  const pods = numbered("nats-", count, 0).map((pod) => `${pod}.nats`);
  const domain = `${namespace}.svc.cluster.local`;
  const hosts = [...pods, ...pods.map((pod) => `${pod}.${domain}`), "nats", `nats.${namespace}`, `nats.${domain}`, "localhost"];
  return [server("nats", "$POD_NAME", hosts, pods)];
}

/**
 * For machines of one's own, by the names that clients and the other servers reach them by. Throws for an address: the NATS client for Node, given one, looks
 * for `localhost` in the certificate.
 */
export function hostServers(hosts: readonly string[]): ServerPlan[] {
  const address = hosts.find((host) => isIP(host) !== 0);
  if (address !== undefined) throw new RangeError(`${address} is an address; clients verify names: give the server one`);
  return hosts.map((host) => {
    const plan = server(host, host, [host], hosts);
    return { ...plan, mountedAt: ON_A_HOST.config, config: { ...plan.config, storeDir: ON_A_HOST.store } };
  });
}

function server(folder: string, name: string, hosts: readonly string[], peers: readonly string[]): ServerPlan {
  const routes = {
    cluster: "stockgrid",
    listen: `0.0.0.0:${ROUTES}`,
    peers: peers.map((peer) => `${peer}:${ROUTES}`),
  };
  return {
    folder,
    hosts,
    mountedAt: CONFIG_FOLDER,
    config: {
      name,
      listen: `0.0.0.0:${CLIENTS}`,
      monitor: `127.0.0.1:${MONITORING}`,
      storeDir: STORE_FOLDER,
      ...(peers.length > 1 ? { routes } : {}),
    },
  };
}

function numbered(prefix: string, count: number, first: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${first + index}`);
}
