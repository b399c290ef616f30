/** The snapshot store port on LMDB: reads on this thread, checkpoints on one of their own. */
export { type OpenSnapshotStore, openLmdbSnapshotStore } from "./lmdb-snapshot-store.ts";
