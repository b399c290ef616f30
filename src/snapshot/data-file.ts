/**
 * Looks at the data file where LMDB would take the process down with it.
 *
 * D1. A file that does not begin with two LMDB header pages is refused before it is opened: lmdb-js crashes when it
 *     fails to open an environment.
 * D2. A file shorter than its last page is padded with zeros: LMDB reads through a memory map, and touching a page past the
 *     end of the file is a bus error that nothing can catch. Zeros read as damage instead. Such a file is not always
 *     damaged (LMDB need not write the last pages it reserved), so this does not judge; the pages do, when they are read.
 *
 * Offsets are those of LMDB data version 2 with 64-bit little-endian words, the only ones that lmdb-js writes here.
 */

import { closeSync, existsSync, fstatSync, openSync, readSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { RootDatabase } from "lmdb";
import { CorruptData } from "../base/index.ts";

const DATA_FILE = "data.mdb";
const HEADER_BYTES = 52;
const FLAGS_AT = 18;
const MAGIC_AT = 24;
const VERSION_AT = 28;
const PAGE_SIZE_AT = 48;
const META_PAGE = 0x08;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;

interface EnvironmentStats {
  readonly pageSize: number;
  readonly lastPageNumber: number;
  readonly mapSize: number;
}

/** Throws CorruptData unless the file is missing, empty or begins as LMDB's does (D1). */
export function checkDataFile(path: string): void {
  const file = join(path, DATA_FILE);
  if (!existsSync(file)) return;
  const descriptor = openSync(file, "r");
  try {
    if (fstatSync(descriptor).size === 0) return;
    const pageSize = readHeader(descriptor, 0, file).readUInt32LE(PAGE_SIZE_AT);
    readHeader(descriptor, pageSize, file);
  } finally {
    closeSync(descriptor);
  }
}

function readHeader(descriptor: number, at: number, file: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const length = readSync(descriptor, header, 0, HEADER_BYTES, at);
  const isMeta = (header.readUInt16LE(FLAGS_AT) & META_PAGE) !== 0 && header.readUInt32LE(MAGIC_AT) === MAGIC;
  if (length < HEADER_BYTES || !isMeta) throw new CorruptData("not an LMDB data file", `${file}, byte ${at}`);
  const version = header.readUInt16LE(VERSION_AT);
  if (version !== DATA_VERSION) throw new CorruptData(`LMDB data version ${version} is not known`, `${file}, byte ${at}`);
  return header;
}

/** Makes every page that LMDB may touch one of the file (D2). */
export function padToMappedEnd(path: string, root: RootDatabase<Uint8Array, string>): void {
  const file = join(path, DATA_FILE);
  const { pageSize, lastPageNumber, mapSize } = root.getStats() as EnvironmentStats;
  const bytesNeeded = (lastPageNumber + 1) * pageSize;
  if (bytesNeeded > mapSize) throw new CorruptData(`last page ${lastPageNumber} is beyond the map`, file);
  if (statSync(file).size < bytesNeeded) truncateSync(file, bytesNeeded);
}
