/**
 * Flipped bits, zeroed pages, a cut file, lost headers in the LMDB files of a node that does not run. Three ends are right: it
 * does no harm, it is noticed at the start, it is noticed when it is read. Wrong data is never one. Noticed damage is mended by
 * removing the store: the journal has everything.
 */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "../cluster.ts";
import { type Damage, damageFile, lmdbFiles } from "../damage.ts";
import { checkAll } from "../run-scenario.ts";
import { type Stage, scenario } from "../scenario.ts";

const DAMAGES: readonly Omit<Damage, "seed">[] = [
  { kind: "flip-bits", places: 1 },
  { kind: "flip-bits", places: 20 },
  { kind: "zero-pages", places: 2 },
  { kind: "cut-off" },
  { kind: "headers" },
];
const NOTICED = /CorruptData|corrupt|damage|not an LMDB data file|checksum|MDB_/i;
const START_MS_MAX = 15_000;

export const damagedLmdb = scenario({
  name: "damaged-lmdb",
  does: "damages the store of a stopped node: it must be harmless or noticed, and the journal rebuilds it",
  nodes: 1,
  natsServers: 1,
  features: [],
  checksItself: true,
  async run(stage) {
    const { cluster, shoppers, random, say } = stage;
    await shoppers.stop();
    const [node] = cluster.nodes();
    if (node === undefined) throw new Error("there is no node");
    await cluster.stop(node.id);
    const [file] = await lmdbFiles(node.dataDir);
    if (file === undefined) throw new Error(`there is no LMDB file in ${node.dataDir}`);
    const damage = { ...random.pick(DAMAGES), seed: random.uint32() };
    say(`${damage.kind}: ${await damageFile(file, damage)}`);
    await cluster.start(node.id);
    const end = await endOf(stage, node.id);
    say(end.text);
    if (end.kind === "harmless") return { harmless: 1 };
    await cluster.stop(node.id);
    await rm(join(node.dataDir, "lmdb"), { recursive: true, force: true });
    await cluster.start(node.id);
    await cluster.ready();
    const rebuiltMs = await stage.untilEveryShardServes();
    await checkAll(cluster, shoppers, say);
    return { [end.kind]: 1, rebuiltMs };
  },
});

interface End {
  readonly kind: "harmless" | "noticedAtStart" | "noticedWhenRead" | "crashed";
  readonly text: string;
}

async function endOf({ cluster, shoppers, say }: Stage, id: string): Promise<End> {
  if (!(await comesUp(cluster, id))) {
    const said = NOTICED.exec(cluster.log(id))?.[0];
    const last = cluster.log(id).trim().split("\n").at(-1) ?? "";
    return said === undefined
      ? { kind: "crashed", text: `ended without a word: ${last}` }
      : { kind: "noticedAtStart", text: last };
  }
  try {
    await checkAll(cluster, shoppers, say);
    return { kind: "harmless", text: "the books are right" };
  } catch (error) {
    const said = NOTICED.exec(cluster.log(id))?.[0];
    if (said === undefined) throw error;
    return { kind: "noticedWhenRead", text: `${said}: ${(error as Error).message.slice(0, 200)}` };
  }
}

/** True when the node serves; false when it ended by itself. */
async function comesUp(cluster: Cluster, id: string): Promise<boolean> {
  const ready = cluster.ready().then(
    () => true,
    () => false,
  );
  const gone = (async () => {
    for (let waited = 0; waited < START_MS_MAX; waited += 20) {
      if (cluster.nodes().find((node) => node.id === id)?.pid === undefined) return false;
      await pause(20);
    }
    return await ready;
  })();
  return await Promise.race([ready, gone]);
}
