/** One checkpoint being gathered: changes leave for the writer thread as chunks fill, nothing is visible before `commit`. */

import { invariant } from "../base/index.ts";
import type { CheckpointWriter, MarkBytes, Table } from "../ports/index.ts";
import { ChunkPacker } from "./change-chunk.ts";
import { KEY_BYTES_MAX } from "./environment.ts";
import type { WriterLink } from "./writer-link.ts";

export class LmdbCheckpoint implements CheckpointWriter {
  readonly #link: WriterLink;
  readonly #checkpoint: number;
  readonly #packer: ChunkPacker;
  #changes = 0;
  #ended = false;

  constructor(link: WriterLink) {
    this.#link = link;
    this.#checkpoint = link.newCheckpoint();
    this.#packer = new ChunkPacker((chunk) => link.sendChunk(this.#checkpoint, chunk));
  }

  put(table: Table, key: string, value: Uint8Array): void {
    this.#change(table, key, value);
  }

  delete(table: Table, key: string): void {
    this.#change(table, key, undefined);
  }

  commit(mark: MarkBytes, done: (error?: Error) => void): void {
    this.#end();
    this.#packer.flush();
    this.#link.commit(this.#checkpoint, mark, this.#changes, done);
  }

  abandon(): void {
    if (this.#ended) return;
    this.#end();
    this.#packer.drop();
    this.#link.abandon(this.#checkpoint);
  }

  #change(table: Table, key: string, value: Uint8Array | undefined): void {
    invariant(!this.#ended, "a checkpoint was changed after its end");
    const keyBytes = Buffer.byteLength(key);
    checkKeyBytes(keyBytes);
    this.#packer.add(table, key, keyBytes, value);
    this.#changes++;
  }

  #end(): void {
    invariant(!this.#ended, "a checkpoint was ended twice");
    this.#ended = true;
  }
}

function checkKeyBytes(keyBytes: number): void {
  invariant(keyBytes >= 1 && keyBytes <= KEY_BYTES_MAX, `a key has 1 to ${KEY_BYTES_MAX} bytes, not ${keyBytes}`);
}
