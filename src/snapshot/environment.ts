/**
 * The LMDB environment of a snapshot: its options, one database a table, and the format version.
 * Both threads open it through this file, so that they agree.
 *
 * Durability: `overlappingSync` is off, so a transaction writes its pages, syncs them, and only then writes the page that
 * makes them current. A commit that returned is on disk; one that did not is not visible, also after a power cut.
 */

import { mkdirSync } from "node:fs";
import { type Database, open, type RootDatabase } from "lmdb";
import { CorruptData } from "../base/index.ts";
import { TABLES, type Table } from "../ports/index.ts";
import { corruptIfDamaged } from "./damage.ts";
import { checkDataFile, padToMappedEnd } from "./data-file.ts";

export const SNAPSHOT_FORMAT = "stockgrid-snapshot 1";
/** Address space only; the file grows as it is used. 1 TiB holds more than 1,000 million records. */
const MAP_SIZES_BYTES = [2 ** 40, 2 ** 36, 2 ** 32] as const;
/** Longest key in bytes of UTF-8. LMDB takes 1,978 with pages of 4 KiB. */
export const KEY_BYTES_MAX = 1_900;
const META = "meta";
const FORMAT_KEY = "format";
/** LMDB keeps the names of databases with the zero that ends a C string. */
const NAME_END = /\0$/;

export type Bytes = Database<Uint8Array, string>;

export interface Environment {
  readonly root: RootDatabase<Uint8Array, string>;
  readonly meta: Bytes;
  readonly tables: Readonly<Record<Table, Bytes>>;
}

/** Creates the folder and the databases when missing. Throws CorruptData for damage and for a format it does not know. */
export function openEnvironment(path: string, mapSizeBytes?: number): Environment {
  mkdirSync(path, { recursive: true });
  checkDataFile(path);
  try {
    return openDatabases(path, openRoot(path, mapSizeBytes));
  } catch (error) {
    throw corruptIfDamaged(error, `snapshot ${path}`);
  }
}

function openRoot(path: string, mapSizeBytes: number | undefined): RootDatabase<Uint8Array, string> {
  const sizes = mapSizeBytes === undefined ? MAP_SIZES_BYTES : [mapSizeBytes];
  let failure: unknown;
  for (const mapSize of sizes) {
    try {
      return open<Uint8Array, string>({ path, mapSize, ...ENVIRONMENT_OPTIONS, ...DATABASE_OPTIONS });
    } catch (error) {
      if (!isOutOfAddressSpace(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}

function isOutOfAddressSpace(error: unknown): boolean {
  return error instanceof Error && /cannot allocate memory/i.test(error.message);
}

const ENVIRONMENT_OPTIONS = {
  maxDbs: TABLES.length + 1,
  overlappingSync: false,
  noMemInit: true,
  noReadAhead: true,
  noSubdir: false,
  compression: false,
} as const;

/** Keys as UTF-8 bytes in memcmp order, U+0000 allowed. */
const DATABASE_OPTIONS = {
  encoding: "binary",
  keyEncoder: { writeKey, readKey },
} as const;

function writeKey(key: string, target: Buffer, start: number): number {
  if (target.length - start < key.length * 3 && target.length - start < Buffer.byteLength(key)) {
    throw new RangeError("no room for the key");
  }
  return start + target.write(key, start);
}

function readKey(source: Buffer, start: number, end: number): string {
  return source.toString("utf8", start, end);
}

function openDatabases(path: string, root: RootDatabase<Uint8Array, string>): Environment {
  padToMappedEnd(path, root);
  refuseForeignData(path, root);
  const meta = root.openDB<Uint8Array, string>(META, DATABASE_OPTIONS);
  checkFormat(path, meta);
  const tables = Object.fromEntries(TABLES.map((table) => [table, root.openDB<Uint8Array, string>(table, DATABASE_OPTIONS)]));
  return { root, meta, tables: tables as Record<Table, Bytes> };
}

function refuseForeignData(path: string, root: RootDatabase<Uint8Array, string>): void {
  for (const key of root.getKeys({ start: "" })) {
    const name = key.replace(NAME_END, "");
    if (name === META || TABLES.some((table) => table === name)) continue;
    throw new CorruptData(`an LMDB environment with a database ${JSON.stringify(name)} is not a StockGrid snapshot`, path);
  }
}

function checkFormat(path: string, meta: Bytes): void {
  const found = meta.get(FORMAT_KEY);
  if (found === undefined) meta.putSync(FORMAT_KEY, Buffer.from(SNAPSHOT_FORMAT));
  else checkKnownFormat(path, Buffer.from(found).toString("latin1"));
}

function checkKnownFormat(path: string, found: string): void {
  if (found === SNAPSHOT_FORMAT) return;
  throw new CorruptData(
    `snapshot format ${JSON.stringify(found)} is not known to this version, which reads "${SNAPSHOT_FORMAT}"; start the version ` +
      "that wrote it, or move the folder away if the journal still reaches back to its first record",
    path,
  );
}
