/** A process that writes checkpoint after checkpoint until it is killed: every key holds the number of the checkpoint, as does the mark. */

import { openLmdbSnapshotStore } from "../../src/snapshot/index.ts";

export const KEYS = 2_000;

const [path, first] = process.argv.slice(2);
if (path !== undefined && first !== undefined) await writeForEver(path, Number(first));

async function writeForEver(folder: string, from: number): Promise<void> {
  const store = await openLmdbSnapshotStore({ path: folder });
  for (let number = from; ; number++) {
    const writer = store.begin();
    for (let key = 0; key < KEYS; key++) writer.put("records", `key ${key}`, Buffer.from(`${number} ${"x".repeat(key % 100)}`));
    await new Promise<void>((resolve, reject) =>
      writer.commit(Buffer.from(String(number)), (error) => (error === undefined ? resolve() : reject(error))),
    );
    process.stdout.write(`${number}\n`);
  }
}
