/** The snapshot store of one simulated process over a disk that outlives it. */

import { invariant } from "../../../src/base/index.ts";
import type { CheckpointWriter, MarkBytes, ScanRange, SnapshotStore, Table } from "../../../src/ports/index.ts";
import { copyOf } from "./bytes.ts";
import { copyTables, type Image, type SimDisk } from "./sim-disk.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Weather } from "./weather.ts";

const KEY_BYTES_MAX = 1_900;

interface Change {
  readonly table: Table;
  readonly key: string;
  /** Undefined deletes. */
  readonly value: Uint8Array | undefined;
}

export class SimSnapshotStore implements SnapshotStore {
  readonly #disk: SimDisk;
  readonly #process: SimProcess;
  readonly #weather: Weather;
  /** Commits whose outcome is not told yet, and who waits for the last of them. */
  #inFlight = 0;
  /** When the last of the commits so far gets to each of its steps: one writer takes them one after the other. */
  readonly #busyUntil = { shown: 0, flushed: 0 };
  #whenIdle: (() => void)[] = [];

  constructor(disk: SimDisk, process: SimProcess, weather: Weather) {
    this.#disk = disk;
    this.#process = process;
    this.#weather = weather;
  }

  mark(): MarkBytes | undefined {
    return copyIfAny(this.#disk.visible.mark);
  }

  get(table: Table, key: string): Uint8Array | undefined {
    return copyIfAny(this.#disk.visible.tables[table].get(key));
  }

  *scan(table: Table, range: ScanRange): Generator<{ key: string; value: Uint8Array }> {
    const rows = this.#disk.visible.tables[table];
    const keys = [...rows.keys()].filter((key) => compareUtf8(key, range.from) >= 0 && compareUtf8(key, range.to) < 0);
    for (const key of keys.sort(compareUtf8).slice(0, range.limit)) yield { key, value: copyOf(rows.get(key) as Uint8Array) };
  }

  count(table: Table): number {
    return this.#disk.visible.tables[table].size;
  }

  begin(): CheckpointWriter {
    return new SimCheckpointWriter((changes, mark, done) => this.#write(changes, mark, done));
  }

  async close(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    await this.#process.later(0, () => undefined);
  }

  #write(changes: readonly Change[], mark: MarkBytes, tell: (error?: Error) => void): void {
    if (!this.#process.enter()) return;
    this.#inFlight++;
    const done = (error?: Error): void => {
      tell(error);
      if (--this.#inFlight === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    };
    const fails = this.#weather.checkpointFails();
    this.#inOrder("shown", () => {
      if (fails) done(new Error("the disk is full"));
      else this.#show(changes, mark, done);
    });
  }

  /** Visible first, flushed later: between the two a loss of power takes it back. */
  #show(changes: readonly Change[], mark: MarkBytes, done: (error?: Error) => void): void {
    const image = imageAfter(this.#disk.visible, changes, mark);
    this.#disk.visible = image;
    this.#inOrder("flushed", () => {
      this.#disk.flushed = image;
      done();
    });
  }

  #inOrder(step: "shown" | "flushed", callback: () => void): void {
    const { scheduler } = this.#process;
    const at = Math.max(this.#busyUntil[step], scheduler.elapsedMs + this.#weather.checkpointLatencyMs());
    this.#busyUntil[step] = at;
    scheduler.schedule(at - scheduler.elapsedMs, this.#process.guard(callback));
  }
}

type WriteCheckpoint = (changes: readonly Change[], mark: MarkBytes, done: (error?: Error) => void) => void;

class SimCheckpointWriter implements CheckpointWriter {
  readonly #write: WriteCheckpoint;
  #changes: Change[] = [];
  #ended = false;

  constructor(write: WriteCheckpoint) {
    this.#write = write;
  }

  put(table: Table, key: string, value: Uint8Array): void {
    invariant(!this.#ended, "a checkpoint was written to after its end");
    invariant(Buffer.byteLength(key) <= KEY_BYTES_MAX, `a key of ${table} is longer than ${KEY_BYTES_MAX} bytes`);
    this.#changes.push({ table, key, value: copyOf(value) });
  }

  delete(table: Table, key: string): void {
    invariant(!this.#ended, "a checkpoint was written to after its end");
    this.#changes.push({ table, key, value: undefined });
  }

  commit(mark: MarkBytes, done: (error?: Error) => void): void {
    invariant(!this.#ended, "a checkpoint was ended twice");
    this.#ended = true;
    this.#write(this.#changes, copyOf(mark), done);
  }

  abandon(): void {
    this.#ended = true;
    this.#changes = [];
  }
}

function imageAfter(image: Image, changes: readonly Change[], mark: MarkBytes): Image {
  const tables = copyTables(image);
  for (const { table, key, value } of changes) {
    if (value === undefined) tables[table].delete(key);
    else tables[table].set(key, value);
  }
  return { mark, tables };
}

function copyIfAny(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : copyOf(bytes);
}

/** Order of the UTF-8 bytes, which is that of code points, not of UTF-16 units. */
function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
