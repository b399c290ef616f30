/** The snapshot store contract on real LMDB. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbSnapshotStore } from "../../src/snapshot/index.ts";
import { describeSnapshotStoreContract, type StoreUnderTest } from "../contracts/snapshot-store-contract.ts";

async function makeStore(): Promise<StoreUnderTest> {
  const path = await mkdtemp(join(tmpdir(), "stockgrid-snapshot-"));
  let store = await openLmdbSnapshotStore({ path });
  return {
    store: () => store,
    reopen: async () => {
      await store.close();
      store = await openLmdbSnapshotStore({ path });
    },
    dispose: async () => {
      await store.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

describeSnapshotStoreContract("LMDB", makeStore);
