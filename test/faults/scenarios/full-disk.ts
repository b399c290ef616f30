/** The disk of the store is full: checkpoints fail, promises do not. */

import { setTimeout as pause } from "node:timers/promises";
import { type ClusterWishes, type Preparation, scenario } from "../scenario.ts";
import { SmallDisk, unsupportedTmpfs } from "../tmpfs.ts";

const DISK_BYTES = 16 << 20;
/** Over several checkpoints, which the small cluster makes each second. */
const FULL_MS = 4_000;

class Disk implements Preparation {
  readonly disk: SmallDisk;
  readonly wishes: ClusterWishes;

  constructor(disk: SmallDisk) {
    this.disk = disk;
    this.wishes = { dataDir: disk.path };
  }

  close(): Promise<void> {
    return this.disk.close();
  }
}

export const fullDisk = scenario<Disk>({
  name: "full-disk",
  does: "fills the disk of a node's store: serving goes on, and after a kill and with room again all is there",
  nodes: 1,
  natsServers: 1,
  features: [],
  unsupported: unsupportedTmpfs,
  prepare: async () => new Disk(await SmallDisk.mount(DISK_BYTES)),
  async run({ cluster, shoppers, prepared, say, untilEveryShardServes }) {
    await prepared.disk.fill();
    say(`full: ${await prepared.disk.freeBytes()} bytes left`);
    const before = shoppers.answers;
    await pause(FULL_MS);
    const servesWhileFullMs = await untilEveryShardServes();
    const answersWhileFull = shoppers.answers - before;
    if (answersWhileFull === 0) throw new Error("nothing was answered while the disk was full");
    const [node] = cluster.nodes();
    const id = node?.id ?? "";
    const noticed = /no space|MDB_MAP_FULL|ENOSPC|disk/i.test(cluster.log(id)) ? 1 : 0;
    await cluster.kill(id);
    await prepared.disk.free();
    await cluster.start(id);
    await cluster.ready();
    return { servesWhileFullMs, answersWhileFull, noticed, servesAfterwardsMs: await untilEveryShardServes() };
  },
});
