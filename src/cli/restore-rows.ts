/** The rows of a backup shard by shard: as they are, or sorted into another number of shards by way of files in a temporary folder. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ImageRow, reshardRow, strongerMovement } from "../member/index.ts";
import { FrameWriter, type Manifest, readFrames, readRows, shardFile } from "./backup-format.ts";
import { CommandFailed, reasonOf } from "./command.ts";

export interface ShardRows {
  /** In chunks of some hundred kilobytes; at least one, which may be empty. */
  chunksOf(shard: number): Iterable<readonly ImageRow[]>;
  close(): void;
}

export function sameShards(folder: string, { files }: Manifest): ShardRows {
  return {
    chunksOf: (shard) => readFrames(folder, files[shard]?.file ?? shardFile(shard)),
    close: () => undefined,
  };
}

/** Row bytes in memory before they go to files. */
const BUFFERED_BYTES_MAX = 64 * 1024 * 1024;
const CHUNK_ROWS = 2_000;

/** Throws CommandFailed when a reservation of the backup is not settled. */
export function otherShards(
  folder: string,
  { files, shards: from }: Manifest,
  to: number,
  onFile: (done: number, total: number) => void,
): ShardRows {
  const parts = mkdtempSync(join(tmpdir(), "stockgrid-reshard-"));
  const sorter = new Sorter(parts);
  try {
    files.forEach(({ file }, index) => {
      for (const row of readRows(folder, file)) sorter.add(row, from, to);
      onFile(index + 1, files.length);
    });
    sorter.flush();
  } catch (error) {
    rmSync(parts, { recursive: true });
    throw new CommandFailed(reasonOf(error));
  }
  return {
    chunksOf: (shard) => chunked(merged(sorter.has(shard) ? readRows(parts, shardFile(shard)) : [])),
    close: () => rmSync(parts, { recursive: true }),
  };
}

class Sorter {
  readonly #folder: string;
  readonly #buffered = new Map<number, ImageRow[]>();
  readonly #written = new Set<number>();
  #bytes = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  has(shard: number): boolean {
    return this.#written.has(shard);
  }

  add(row: ImageRow, from: number, to: number): void {
    for (const placed of reshardRow(row, from, to)) {
      const rows = this.#buffered.get(placed.shard);
      if (rows === undefined) this.#buffered.set(placed.shard, [placed.row]);
      else rows.push(placed.row);
      this.#bytes += placed.row.key.length + placed.row.value.length;
    }
    if (this.#bytes > BUFFERED_BYTES_MAX) this.flush();
  }

  flush(): void {
    for (const [shard, rows] of this.#buffered) {
      const writer = new FrameWriter(this.#folder, shardFile(shard), this.#written.has(shard));
      writer.write(rows);
      writer.end();
      this.#written.add(shard);
    }
    this.#buffered.clear();
    this.#bytes = 0;
  }
}

/** One row a key. Memory: one shard. */
function merged(rows: Iterable<ImageRow>): Iterable<ImageRow> {
  const found = new Map<string, ImageRow>();
  for (const row of rows) {
    const name = `${row.table}\n${row.key}`;
    const before = found.get(name);
    const isTwice = before !== undefined && row.table === "movements";
    found.set(name, isTwice ? { ...row, value: strongerMovement(before.value, row.value) } : row);
  }
  return found.values();
}

function* chunked(rows: Iterable<ImageRow>): Generator<ImageRow[]> {
  let chunk: ImageRow[] = [];
  for (const row of rows) {
    chunk.push(row);
    if (chunk.length < CHUNK_ROWS) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
