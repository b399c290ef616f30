/** The simulated adapters keep the same contracts as the real ones. */

import { describeJournalContract } from "../../contracts/journal-contract.ts";
import { describeKeyValueContract } from "../../contracts/key-value-contract.ts";
import { describeLinksContract } from "../../contracts/links-contract.ts";
import { describeSnapshotStoreContract } from "../../contracts/snapshot-store-contract.ts";
import { type ClusterPorts, SimCluster, type SimPorts, SimWorld } from "./index.ts";

/** Lets virtual time run as fast as it can; the result stops it. */
function letRun({ scheduler }: Pick<SimWorld, "scheduler">): () => Promise<void> {
  let running = true;
  const run = async (): Promise<void> => {
    while (running) await scheduler.step();
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

describeKeyValueContract("simulated", async () => {
  const world = new SimCluster(1);
  const dispose = letRun(world);
  let members = 0;
  return { open: async () => world.boot("machine", `member-${++members}`).keyValue("bucket"), dispose };
});

for (const [name, machines] of [
  ["on one machine", ["m", "m", "m"]],
  ["on three machines", ["m", "n", "o"]],
] as const) {
  describeLinksContract(`simulated, ${name}`, async () => {
    const world = new SimCluster(1);
    const dispose = letRun(world);
    const lanes = { a: "a", b: "b", c: "c" };
    const ports = new Map(Object.keys(lanes).map((lane, index) => [lane, world.boot(machines[index] as string, lane)]));
    return { lanes, link: (lane) => (ports.get(lane) as ClusterPorts).links, ready: async () => undefined, dispose };
  });
}

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
