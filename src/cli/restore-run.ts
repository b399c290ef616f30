/**
 * A cluster from a backup, with all its nodes stopped.
 *
 * T1. The shard map is put last, by compare-and-set, and is the restore; before it only locations change that a node would see. Stopped before
 *     that, the cluster is what it was, and the restore can be run again.
 * T2. The map has a new life: what members have on disk from another is set aside when they start, and their lanes do not reach back to their beginning.
 */

import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import type { LaneSeq } from "../base/index.ts";
import { decodeJournalRecord } from "../codec/index.ts";
import { endLives, listLanes, openLanes } from "../journal/index.ts";
import { ImageObjects, imageName } from "../links/index.ts";
import { decodeMember, decodeShardMap, encodeShardMap, MAP_KEY, restoredMap, type ShardMap } from "../placement/index.ts";
import { openKeyValue } from "../registry/index.ts";
import type { Entry } from "../shard/index.ts";
import { LOCATIONS_FILE, type Manifest, readRows } from "./backup-format.ts";
import { CommandFailed } from "./command.ts";
import { bucketExists, membersBucket, readable, type StateBucket, stateBucket } from "./grid-state.ts";
import type { ShardRows } from "./restore-rows.ts";

/** A member beats every 300 ms. */
const BEATS_MS = 1_500;

/** Rejects with CommandFailed when a member of the cluster beats. */
export async function mustBeStopped(connection: NatsConnection, cluster: string): Promise<void> {
  const bucket = membersBucket(cluster);
  if (!(await bucketExists(connection, bucket))) return;
  const members = readable(await openKeyValue({ connection, bucket, storage: "memory" }));
  const before = new Map((await members.all()).map(({ key, revision }) => [key, revision]));
  if (before.size === 0) return;
  await pause(BEATS_MS);
  const alive = (await members.all()).filter(({ key, revision }) => before.get(key) !== revision);
  const nodes = new Set(alive.map(({ key, value }) => decodeMember(value, key).node));
  if (nodes.size > 0) throw new CommandFailed(`stop all nodes first: ${[...nodes].sort().join(", ")} run`);
  for (const key of before.keys()) await members.delete(key);
}

/** The shard map that is there now, undefined when there is none. */
export async function presentMap(connection: NatsConnection, cluster: string): Promise<ShardMap | undefined> {
  if (!(await bucketExists(connection, stateBucket(cluster)))) return undefined;
  const state = await openKeyValue({ connection, bucket: stateBucket(cluster), storage: "file" });
  const entry = await state.get(MAP_KEY);
  return entry === undefined ? undefined : decodeShardMap(entry.value);
}

/** Changes of stock and reservations that the lanes have behind the backup: what a restore of it loses. Also those that cannot be read any more, as one a record. */
export async function changesAfter(connection: NatsConnection, cluster: string, manifest: Manifest): Promise<number> {
  const lanes = openLanes({ connection });
  let changes = 0;
  for (const lane of await listLanes(connection, cluster)) {
    const journal = await lanes.open(lane);
    try {
      const { first, last } = await journal.bounds();
      const after = manifest.lanes[lane] ?? 0;
      // Another journal under this name is another cluster's past, and all of it would be lost.
      const from = after > last ? first : Math.max(after + 1, first);
      changes += from > after + 1 && after > 0 && after <= last ? from - after - 1 : 0;
      if (from > last) continue;
      await journal.replay(from as LaneSeq, last, (seq, bytes) => {
        changes += decodeJournalRecord(bytes, `lane ${lane}, record ${seq}`).entries.filter(changesSomething).length;
      });
    } finally {
      await journal.close();
    }
  }
  return changes;
}

function changesSomething({ entry }: Entry): boolean {
  return entry !== "adopted" && entry !== "released" && entry !== "barrier";
}

export interface RestoreRun {
  readonly connection: NatsConnection;
  readonly cluster: string;
  readonly replicas: number;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly shards: number;
  readonly rows: ShardRows;
  /** The map that is to be replaced. */
  readonly before: ShardMap | undefined;
  progress(done: number, total: number, words: string): void;
  readonly stop: AbortSignal;
}

export interface Restored {
  readonly life: string;
  readonly shards: number;
  readonly rows: number;
}

export async function restoreGrid(run: RestoreRun): Promise<Restored> {
  const { connection, cluster, replicas, shards, manifest, before } = run;
  const bucket = await openKeyValue({ connection, bucket: stateBucket(cluster), storage: "file", replicas });
  const state = readable(bucket);
  const expected = (await state.get(MAP_KEY))?.revision ?? 0;
  const life = `${new Date().toISOString().replaceAll(/[-:]|\..*/g, "")}-${randomBytes(4).toString("hex")}`;
  const images = new ImageObjects(connection, cluster);
  await images.create(replicas);
  const rows = await putImages(run, images, life);
  await putLocations(state, run.folder);
  await endLives(connection, await listLanes(connection, cluster));
  run.stop.throwIfAborted();
  const epochMax = Math.max(manifest.epochMax, ...(before?.claims.map((claim) => claim?.epoch ?? 0) ?? []));
  const map = restoredMap({ shards, life, epochMax, imageOf: (shard) => imageName(life, shard) });
  const revision = await state.put(MAP_KEY, encodeShardMap(map), expected);
  if (revision === undefined) throw new CommandFailed("the shard map changed meanwhile: a node runs; nothing was restored");
  await images.removeOthers(life);
  return { life, shards, rows };
}

async function putImages({ rows, shards, progress, stop }: RestoreRun, images: ImageObjects, life: string): Promise<number> {
  let total = 0;
  for (let shard = 0; shard < shards; shard++) {
    let number = 0;
    const name = imageName(life, shard);
    const chunks = rows.chunksOf(shard)[Symbol.iterator]();
    for (let next = chunks.next(), isLast = false; !isLast; number++) {
      stop.throwIfAborted();
      const chunk = next.done === true ? [] : next.value;
      next = chunks.next();
      isLast = next.done === true;
      total += chunk.length;
      await images.put(name, number, chunk, isLast);
    }
    progress(shard + 1, shards, "shards stored");
  }
  return total;
}

const PREFIXES = ["location.", "alias."];

/** Those of the backup, and no others. */
async function putLocations(state: StateBucket, folder: string): Promise<void> {
  const wanted = new Map([...readRows(folder, LOCATIONS_FILE)].map(({ key, value }) => [key, value]));
  for (const { key } of await state.all()) {
    if (PREFIXES.some((prefix) => key.startsWith(prefix)) && !wanted.has(key)) await state.delete(key);
  }
  for (const [key, value] of wanted) await state.overwrite(key, value);
}
