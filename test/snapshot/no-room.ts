/** A process with a limit on the size of its files: commits a little, too much, and a little again, and says what it saw. */

import type { SnapshotStore } from "../../src/ports/index.ts";
import { openLmdbSnapshotStore } from "../../src/snapshot/index.ts";

const LARGE_VALUES = 100;
const LARGE_BYTES = 100_000;

const store = await openLmdbSnapshotStore({ path: process.argv[2] as string });
await commitValues(store, "before", ["a"], 1);
const failure = await commitValues(
  store,
  "too much",
  Array.from({ length: LARGE_VALUES }, (_, n) => `large ${n}`),
  LARGE_BYTES,
);
const mark = Buffer.from(store.mark() ?? []).toString();
const records = store.count("records");
await commitValues(store, "after", ["b"], 1);
process.stdout.write(JSON.stringify({ failure, mark, records, after: store.count("records") }));
await store.close();

/** Resolves to the message of the error, if any. */
function commitValues(into: SnapshotStore, markText: string, keys: string[], length: number): Promise<string | undefined> {
  const writer = into.begin();
  for (const key of keys) writer.put("records", key, new Uint8Array(length));
  return new Promise((resolve) => writer.commit(Buffer.from(markText), (error) => resolve(error?.message)));
}
