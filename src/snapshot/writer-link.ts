/** The store's end of the writer thread: sends changes, matches answers, and fails what waits when the thread is gone. */

import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Chunk } from "./change-chunk.ts";
import type { FromWriterThread, ToWriterThread, WriterThreadData } from "./thread-messages.ts";

type Done = (error?: Error) => void;

export class WriterLink {
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Done>();
  readonly #onAnswer: () => void;
  readonly #exited: Promise<unknown>;
  #next = 0;
  #failure: Error | undefined;

  /** `onAnswer` is called before each `done`. */
  constructor(data: WriterThreadData, onAnswer: () => void) {
    this.#onAnswer = onAnswer;
    /* The extension is our own, so that it also works compiled to .js. */
    const file = new URL(`./writer-thread${extname(import.meta.url)}`, import.meta.url);
    this.#thread = new Worker(file, { workerData: data, name: "snapshot-writer" });
    this.#exited = once(this.#thread, "exit");
    this.#thread.on("message", (answer: FromWriterThread) => this.#settle(answer.checkpoint, answer.error));
    this.#thread.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#thread.on("exit", () => this.#fail(new Error("the snapshot writer thread ended")));
  }

  newCheckpoint(): number {
    return this.#next++;
  }

  sendChunk(checkpoint: number, chunk: Chunk): void {
    this.#post({ kind: "chunk", checkpoint, chunk }, [chunk.buffer]);
  }

  commit(checkpoint: number, mark: Uint8Array, changes: number, done: Done): void {
    this.#waiting.set(checkpoint, done);
    if (this.#failure === undefined) this.#post({ kind: "commit", checkpoint, mark, changes });
    else setImmediate(() => this.#settle(checkpoint, this.#failure));
  }

  abandon(checkpoint: number): void {
    this.#post({ kind: "abandon", checkpoint });
  }

  /** After every commit before it has been answered. */
  async close(): Promise<void> {
    this.#post({ kind: "close" });
    await this.#exited;
  }

  #post(message: ToWriterThread, transfer: ArrayBuffer[] = []): void {
    if (this.#failure === undefined) this.#thread.postMessage(message, transfer);
  }

  #settle(checkpoint: number, error: Error | undefined): void {
    const done = this.#waiting.get(checkpoint);
    if (done === undefined) return;
    this.#waiting.delete(checkpoint);
    this.#onAnswer();
    if (error === undefined) done();
    else done(error);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const checkpoint of [...this.#waiting.keys()]) this.#settle(checkpoint, this.#failure);
  }
}
