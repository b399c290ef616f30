/**
 * The snapshot store of a member at a start: opened, or, when it is damaged, set aside for an empty one, provided that what it held can be had again.
 *
 * D1. Damage is never served, and never thrown away: the folder is renamed.
 * D2. An empty store is begun only when the member's lane reaches back to its beginning, or when every shard of the member has a standby.
 * D3. Damage that shows while serving stops the node, and is remembered for the next start.
 */

import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CorruptData } from "./base/index.ts";
import { decodeShardMap, MAP_KEY } from "./placement/index.ts";
import type { Journal, KeyValue, Log, SnapshotStore } from "./ports/index.ts";
import { openLmdbSnapshotStore } from "./snapshot/index.ts";

const MARKER = "DAMAGED";

export interface MemberStoreOptions {
  readonly path: string;
  readonly lane: string;
  readonly journal: Journal;
  /** Bucket of the shard map. */
  readonly state: KeyValue;
  readonly log: Log;
}

/** Rejects with CorruptData when the store is damaged and what it held cannot be had again. */
export async function openMemberStore(options: MemberStoreOptions): Promise<SnapshotStore> {
  const { path } = options;
  try {
    if (existsSync(join(path, MARKER))) throw new CorruptData("damage was found while it was in use", `snapshot ${path}`);
    return await openLmdbSnapshotStore({ path });
  } catch (error) {
    if (!(error instanceof CorruptData)) throw error;
    await setAside(options, error);
    return openLmdbSnapshotStore({ path });
  }
}

/** The next start sets the store aside. */
export function rememberDamage(path: string, error: Error): void {
  if (existsSync(path)) writeFileSync(join(path, MARKER), `${error.message}\n`);
}

async function setAside({ path, lane, journal, state, log }: MemberStoreOptions, error: CorruptData): Promise<void> {
  const source = (await isWhole(journal)) ? "the journal" : (await isCovered(state, lane)) ? "other members" : undefined;
  if (source === undefined) {
    throw new CorruptData(
      `the store is damaged (${error.message}); the journal does not reach back to its beginning and not every shard has a standby: restore a backup`,
      `snapshot ${path}`,
      { cause: error },
    );
  }
  const aside = `${path}.damaged-${Date.now()}`;
  renameSync(path, aside);
  log.error({ lane, reason: error.message, aside }, `the store is damaged and was set aside; what it held comes from ${source}`);
}

async function isWhole(journal: Journal): Promise<boolean> {
  return (await journal.bounds()).first === 1;
}

async function isCovered(state: KeyValue, lane: string): Promise<boolean> {
  const entry = await state.get(MAP_KEY);
  if (entry === undefined) return false;
  return decodeShardMap(entry.value).claims.every((claim) => claim?.owner !== lane || claim.standbys.length > 0);
}
