/**
 * The writer thread: keeps the changes of checkpoints and writes each in one LMDB transaction with its mark.
 *
 * W1. All changes and the mark in one transaction, or nothing.
 * W2. The answer goes out after the transaction is on disk.
 */

import { parentPort, workerData } from "node:worker_threads";
import { invariant } from "../base/index.ts";
import { type Chunk, changesOf } from "./change-chunk.ts";
import { sealValue } from "./checked-value.ts";
import { type Environment, openEnvironment } from "./environment.ts";
import { encodeMark, MARK_KEY } from "./mark-value.ts";
import type { FromWriterThread, ToWriterThread, WriterThreadData } from "./thread-messages.ts";

invariant(parentPort !== null, "the writer thread was started as a main thread");
const store = parentPort;
const { path, mapSizeBytes } = workerData as WriterThreadData;
const environment = openEnvironment(path, mapSizeBytes);
const chunksOf = new Map<number, Chunk[]>();

store.on("message", (message: ToWriterThread) => {
  if (message.kind === "chunk") keep(message.checkpoint, message.chunk);
  else if (message.kind === "commit") commit(message.checkpoint, message.mark, message.changes);
  else if (message.kind === "abandon") chunksOf.delete(message.checkpoint);
  else void close();
});

function keep(checkpoint: number, chunk: Chunk): void {
  const chunks = chunksOf.get(checkpoint);
  if (chunks === undefined) chunksOf.set(checkpoint, [chunk]);
  else chunks.push(chunk);
}

function commit(checkpoint: number, mark: Uint8Array, changes: number): void {
  const answer: FromWriterThread = { checkpoint, error: tryWrite(chunksOf.get(checkpoint) ?? [], encodeMark(mark, changes)) };
  chunksOf.delete(checkpoint);
  store.postMessage(answer);
}

function tryWrite(chunks: readonly Chunk[], mark: Uint8Array): Error | undefined {
  try {
    environment.root.transactionSync(() => writeAll(environment, chunks, mark));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function writeAll({ meta, tables }: Environment, chunks: readonly Chunk[], mark: Uint8Array): void {
  for (const chunk of chunks) {
    for (const { table, key, value } of changesOf(chunk)) {
      if (value === undefined) tables[table].removeSync(key);
      else tables[table].putSync(key, sealValue(table, key, value));
    }
  }
  meta.putSync(MARK_KEY, mark);
}

async function close(): Promise<void> {
  await environment.root.close();
  store.close();
}
