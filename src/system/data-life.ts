/**
 * Which life of the cluster a store on disk is of. A restore begins a new one: what a member has from another is set aside, not deleted.
 *
 * A1. The file that names the life is written only when no store of another one is in its place.
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CorruptData } from "../base/index.ts";

/**
 * Makes sure that a store at `path`, if there is one, is of this life. Returns where another was set aside, undefined when none was. Throws CorruptData when
 * the store is of a life and the cluster, which was never restored, of none: the shard map was lost or replaced.
 */
export function settleLife(path: string, life: string | undefined): string | undefined {
  const file = `${path}.life`;
  const found = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (found === life) return undefined;
  if (life === undefined) {
    throw new CorruptData(
      `the store is of life ${found}, of which the cluster knows nothing: restore the shard map, or another data folder`,
      path,
    );
  }
  const aside = `${path}.before-${life}`;
  const isThere = existsSync(path);
  if (isThere) renameSync(path, aside);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(file, life);
  return isThere ? aside : undefined;
}
