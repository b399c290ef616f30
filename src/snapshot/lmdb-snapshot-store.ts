/** The SnapshotStore port on LMDB. Reads are synchronous and checked; writes go through the writer thread alone. */

import type { CheckpointWriter, MarkBytes, ScanRange, SnapshotStore, Table } from "../ports/index.ts";
import { openValue, whereOf } from "./checked-value.ts";
import { corruptIfDamaged } from "./damage.ts";
import { type Environment, openEnvironment } from "./environment.ts";
import { LmdbCheckpoint } from "./lmdb-checkpoint.ts";
import { decodeMark, MARK_KEY } from "./mark-value.ts";
import { WriterLink } from "./writer-link.ts";

export interface OpenSnapshotStore {
  /** A folder; created when missing. One store a folder and process. */
  readonly path: string;
  /** Address space for the data; 1 TiB unless the system does not allow as much. */
  readonly mapSizeBytes?: number;
}

/** Rejects with CorruptData when what is there is damaged, foreign or of an unknown format. */
export async function openLmdbSnapshotStore({ path, mapSizeBytes }: OpenSnapshotStore): Promise<SnapshotStore> {
  return new LmdbSnapshotStore(path, mapSizeBytes);
}

class LmdbSnapshotStore implements SnapshotStore {
  readonly #environment: Environment;
  readonly #link: WriterLink;
  #closed: Promise<void> | undefined;

  constructor(path: string, mapSizeBytes: number | undefined) {
    this.#environment = openEnvironment(path, mapSizeBytes);
    /* lmdb-js keeps a read transaction for the rest of an event turn: it must not outlive a commit (S2). */
    this.#link = new WriterLink({ path, mapSizeBytes }, () => this.#environment.root.resetReadTxn());
  }

  mark(): MarkBytes | undefined {
    const stored = guarded("meta", MARK_KEY, () => this.#environment.meta.getBinary(MARK_KEY));
    return stored === undefined ? undefined : decodeMark(stored);
  }

  get(table: Table, key: string): Uint8Array | undefined {
    const stored = guarded(table, key, () => this.#environment.tables[table].getBinary(key));
    return stored === undefined ? undefined : openValue(table, key, stored);
  }

  *scan(table: Table, { from, to, limit }: ScanRange): Generator<{ readonly key: string; readonly value: Uint8Array }> {
    const range = { start: from, end: to, ...(limit === undefined ? {} : { limit }) };
    const entries = this.#environment.tables[table].getRange(range)[Symbol.iterator]();
    try {
      for (;;) {
        const entry = guarded(table, from, () => entries.next());
        if (entry.done === true) return;
        const { key, value } = entry.value;
        yield { key, value: openValue(table, key, value) };
      }
    } finally {
      entries.return?.();
    }
  }

  count(table: Table): number {
    return guarded(table, "", () => (this.#environment.tables[table].getStats() as { entryCount: number }).entryCount);
  }

  begin(): CheckpointWriter {
    return new LmdbCheckpoint(this.#link);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#link.close();
    await this.#environment.root.close();
  }
}

function guarded<T>(table: string, key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw corruptIfDamaged(error, whereOf(table, key));
  }
}
