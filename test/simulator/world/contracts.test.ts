/** The simulated adapters keep the same contracts as the real ones. */

import { describeJournalContract } from "../../contracts/journal-contract.ts";
import { describeSnapshotStoreContract } from "../../contracts/snapshot-store-contract.ts";
import { type SimPorts, SimWorld } from "./index.ts";

/** Lets virtual time run as fast as it can; the result stops it. */
function letRun(world: SimWorld): () => Promise<void> {
  let running = true;
  const run = async (): Promise<void> => {
    while (running) await world.scheduler.step();
  };
  const ended = run();
  return () => {
    running = false;
    return ended;
  };
}

describeJournalContract("simulated", async () => {
  const world = new SimWorld(1);
  const dispose = letRun(world);
  return { open: async () => world.boot().journal, dispose };
});

describeSnapshotStoreContract("simulated", async () => {
  const world = new SimWorld(1);
  const dispose = letRun(world);
  let ports: SimPorts = world.boot();
  return {
    store: () => ports.store,
    reopen: async () => {
      await ports.store.close();
      ports.process.kill();
      ports = world.boot();
    },
    dispose,
  };
});
