/**
 * What a person replaces in the commands of the runbook, and what the drill puts there. Everything else is run as it is written.
 *
 * | written | stands for |
 * |---|---|
 * | `/backups/grid-2026-03-01-0200` | the newest backup of that kind |
 * | `/backups` | where backups are kept |
 * | `data/cluster`, `./data/cluster` | the folder of the cluster |
 * | `tls://nats-1:4222`, `http://node-1:8080` | the address of that server or node |
 * | `--nats-creds users/...`, `--nats-ca ca.pem` | the operator's key and the authority, in the folder that they were made in |
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ClusterFile } from "../../cluster/local/index.ts";

export interface Places {
  readonly backups: string;
  /** Folder of the cluster. */
  readonly cluster: string;
  /** Undefined while no cluster has been started. */
  readonly file: Pick<ClusterFile, "nats" | "nodes"> | undefined;
}

const DATED = "/backups/grid-2026-03-01-0200";

/** Throws for an address of a server or node that is not there, and for a backup when none was taken. */
export function fillIn(command: string, places: Places): string {
  const { backups, cluster, file } = places;
  return command
    .replaceAll(DATED, () => newestBackup(backups))
    .replaceAll(/(?<![\w.])\/backups(?=\/)/g, backups)
    .replaceAll(/(?:\.\/)?data\/cluster(?=[\s/]|$)/g, cluster)
    .replaceAll(/tls:\/\/(nats-\d+):4222/g, (_, name: string) => addressOf(name, file?.nats)?.url ?? missing(name))
    .replaceAll(/http:\/\/(node-\d+):8080/g, (_, name: string) => addressOf(name, file?.nodes)?.httpUrl ?? missing(name))
    .replaceAll(/--nats-creds users\//g, `--nats-creds ${join(cluster, "secure/users")}/`)
    .replaceAll("--nats-ca ca.pem", `--nats-ca ${join(cluster, "secure/ca.pem")}`);
}

function addressOf<T extends { readonly name: string }>(name: string, notes: readonly T[] | undefined): T | undefined {
  return notes?.find((note) => note.name === name);
}

function missing(name: string): never {
  throw new Error(`the runbook names ${name}, and the cluster has none`);
}

function newestBackup(backups: string): string {
  const names = existsSync(backups) ? readdirSync(backups).filter((name) => /^grid-\d/.test(name)) : [];
  const newest = names.toSorted().at(-1);
  if (newest === undefined) throw new Error("no backup was taken yet");
  return join(backups, newest);
}
