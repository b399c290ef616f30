/**
 * Keeps a truncated data file from killing the process: LMDB reads through a memory map, and touching a page past the end
 * of the file is a bus error that nothing can catch. Padded with zeros, the missing pages read as damage instead.
 *
 * A file shorter than its last page is not always damage (LMDB need not write the last pages it reserved), so this
 * does not judge; the pages do, when they are read.
 */

import { statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { RootDatabase } from "lmdb";

const DATA_FILE = "data.mdb";

interface PageStats {
  readonly pageSize: number;
  readonly lastPageNumber: number;
}

export function padToMappedEnd(path: string, root: RootDatabase<Uint8Array, string>): void {
  const file = join(path, DATA_FILE);
  const { pageSize, lastPageNumber } = pageStats(root);
  const bytesNeeded = (lastPageNumber + 1) * pageSize;
  if (statSync(file).size < bytesNeeded) truncateSync(file, bytesNeeded);
}

function pageStats(root: RootDatabase<Uint8Array, string>): PageStats {
  return root.getStats() as PageStats;
}
