/**
 * A backup on disk: a folder with one file a shard, one of the locations, and `manifest.json`, which is written last.
 *
 * B1. A folder without a manifest is no backup; the manifest has the size and SHA-256 of every file, and is checked before anything is restored.
 * B2. A file is a row of frames: four bytes of length, then msgpack of `[table, key, value]` rows. Keys and values are those of the snapshot store.
 */

import { createHash, type Hash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Packr } from "msgpackr";
import type { ImageRow } from "../member/index.ts";
import { CommandFailed, reasonOf } from "./command.ts";
import { asRecord } from "./connection.ts";

export const BACKUP_FORMAT = 1;
export const MANIFEST = "manifest.json";
export const LOCATIONS_FILE = "locations.msgpack";

export interface BackupFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
}

export interface Manifest {
  readonly format: number;
  /** Of the program that made it. */
  readonly version: string;
  readonly cluster: string;
  readonly shards: number;
  /** RFC 3339. */
  readonly begunAt: string;
  readonly endedAt: string;
  /** Highest epoch of any claim. */
  readonly epochMax: number;
  /** The moment that it shows: last record of each lane that is in it. */
  readonly lanes: Readonly<Record<string, number>>;
  /** Reservations over several shards that some shard had yet to follow; the grid takes them up again after a restore. */
  readonly unsettled: number;
  /** One a shard, in their order. */
  readonly files: readonly BackupFile[];
  readonly locations: BackupFile;
}

export function shardFile(shard: number): string {
  return `shard-${String(shard).padStart(5, "0")}.msgpack`;
}

const packr = new Packr({ useRecords: false });
const LENGTH_BYTES = 4;
/** Row bytes of a frame, roughly: also what one object of a restore holds. */
const FRAME_BYTES = 256 * 1024;

type PackedRow = readonly [table: string, key: string, value: Uint8Array];

/** Writes frames to a file, and knows what its manifest has to say. */
export class FrameWriter {
  readonly #fd: number;
  readonly #name: string;
  readonly #hash: Hash = createHash("sha256");
  readonly #rows: Record<string, number> = {};
  #bytes = 0;

  /** `isMore`: behind what the file has; the manifest's words are then of what is added alone. */
  constructor(folder: string, name: string, isMore = false) {
    this.#name = name;
    this.#fd = openSync(join(folder, name), isMore ? "a" : "w");
  }

  /** As many frames as the rows need. */
  write(rows: Iterable<Omit<ImageRow, "table"> & { readonly table: string }>): void {
    let frame: PackedRow[] = [];
    let size = 0;
    for (const { table, key, value } of rows) {
      this.#rows[table] = (this.#rows[table] ?? 0) + 1;
      frame.push([table, key, value]);
      size += key.length + value.length;
      if (size < FRAME_BYTES) continue;
      this.#put(frame);
      frame = [];
      size = 0;
    }
    if (frame.length > 0) this.#put(frame);
  }

  /** On disk when this returns. */
  end(): BackupFile {
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    return { file: this.#name, bytes: this.#bytes, sha256: this.#hash.digest("hex"), rows: this.#rows };
  }

  #put(frame: readonly PackedRow[]): void {
    const body = packr.pack(frame);
    const head = Buffer.alloc(LENGTH_BYTES);
    head.writeUInt32BE(body.length);
    for (const part of [head, body]) {
      writeSync(this.#fd, part);
      this.#hash.update(part);
      this.#bytes += part.length;
    }
  }
}

/** Frame by frame. Throws CommandFailed for a file that ends in the middle of one. */
export function* readFrames(folder: string, name: string): Generator<ImageRow[]> {
  const fd = openSync(join(folder, name), "r");
  try {
    const head = Buffer.alloc(LENGTH_BYTES);
    for (let read = readSync(fd, head); read > 0; read = readSync(fd, head)) {
      const body = Buffer.alloc(read === LENGTH_BYTES ? head.readUInt32BE() : 0);
      if (read !== LENGTH_BYTES || readSync(fd, body) !== body.length) throw new CommandFailed(`${name} is cut off`);
      const rows = packr.unpack(body) as PackedRow[];
      yield rows.map(([table, key, value]) => ({ table: table as ImageRow["table"], key, value: Uint8Array.from(value) }));
    }
  } finally {
    closeSync(fd);
  }
}

export function* readRows(folder: string, name: string): Generator<ImageRow> {
  for (const frame of readFrames(folder, name)) yield* frame;
}

/** The manifest of a folder, with every file checked. Throws CommandFailed for what is no whole backup. */
export function openBackup(folder: string, onFile: (done: number, total: number) => void): Manifest {
  const manifest = readManifest(folder);
  const files = [...manifest.files, manifest.locations];
  files.forEach((each, index) => {
    checkFile(folder, each);
    onFile(index + 1, files.length);
  });
  return manifest;
}

function readManifest(folder: string): Manifest {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(join(folder, MANIFEST), "utf8"));
  } catch (error) {
    throw new CommandFailed(`${folder} is no whole backup: ${reasonOf(error)}`);
  }
  const { format, files, shards } = asRecord(read);
  if (format !== BACKUP_FORMAT)
    throw new CommandFailed(`${folder} has the backup format ${String(format)}; this version reads ${BACKUP_FORMAT}`);
  if (!Array.isArray(files) || files.length !== shards)
    throw new CommandFailed(`${folder} is no whole backup: its manifest does not list a file for each shard`);
  return read as Manifest;
}

function checkFile(folder: string, { file, bytes, sha256 }: BackupFile): void {
  const path = join(folder, file);
  try {
    if (statSync(path).size !== bytes) throw new Error(`it has ${statSync(path).size} bytes instead of ${bytes}`);
    const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
    if (hash !== sha256) throw new Error("its checksum is wrong");
  } catch (error) {
    throw new CommandFailed(`the backup is damaged: ${file}: ${reasonOf(error)}`);
  }
}
