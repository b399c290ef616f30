/** Every message between the store and its writer thread. Messages of one writer arrive in the order they were sent. */

import type { Chunk } from "./change-chunk.ts";

/** What the thread is started with. */
export interface WriterThreadData {
  readonly path: string;
  readonly mapSizeBytes: number | undefined;
}

export type ToWriterThread =
  /** Keep for this checkpoint; the memory of the chunk is handed over. */
  | { readonly kind: "chunk"; readonly checkpoint: number; readonly chunk: Chunk }
  | { readonly kind: "commit"; readonly checkpoint: number; readonly mark: Uint8Array; readonly changes: number }
  | { readonly kind: "abandon"; readonly checkpoint: number }
  | { readonly kind: "close" };

/** The answer to a commit; `error` when nothing of it was written. */
export interface FromWriterThread {
  readonly checkpoint: number;
  readonly error: Error | undefined;
}
