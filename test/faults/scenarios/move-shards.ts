/** Planned moves under load: how long a request for the shard has to wait, and whether any fails. */

import { hash32, shardOfHash } from "../../../src/base/index.ts";
import { moveShard, seenCluster } from "../admin.ts";
import type { Cluster } from "../cluster.ts";
import { scenario } from "../scenario.ts";

const MOVES = 20;
const PROBES_A_NODE = 2;
const OK = 200;
/** Nobody ever heard of the SKU, which the owner of its shard alone can say. */
const UNKNOWN = 404;

export const moveShards = scenario({
  name: "move-shards",
  does: "moves shards from node to node under load and measures the longest wait of a request for a shard that moves; none may fail",
  nodes: 3,
  natsServers: 3,
  features: ["sharesShards", "strictReads", "admin"],
  async run({ cluster, shoppers, random, say, untilEveryShardServes }) {
    const waits: number[] = [];
    for (let move = 0; move < MOVES; move++) {
      const { members, shards } = await seenCluster(cluster);
      const shard = random.below(shards.length);
      const others = members.filter(({ lane, state }) => state === "serving" && lane !== shards[shard]?.owner);
      const to = random.pick(others).lane;
      const probes = new Probes(cluster, skuIn(shard, shards.length));
      await Promise.race([moveShard(cluster, shard, to), probes.failed]);
      waits.push(await probes.end());
    }
    waits.sort((a, b) => a - b);
    say(`${MOVES} moves, longest waits ${waits.map((ms) => ms.toFixed(0)).join(" ")} ms`);
    const { gaveUp, slowestMs } = shoppers.trouble;
    if (gaveUp > 0) throw new Error(`${gaveUp} requests failed after their retries`);
    return {
      longestWaitMs: waits.at(-1) ?? 0,
      medianLongestWaitMs: waits[Math.floor(waits.length / 2)] ?? 0,
      slowestRequestMs: slowestMs,
      servesAfterwardsMs: await untilEveryShardServes(),
    };
  },
});

function skuIn(shard: number, shards: number): string {
  for (let n = 0; ; n++) if (shardOfHash(hash32(`nobody-${n}`), shards) === shard) return `nobody-${n}`;
}

/** Strict reads of one SKU at every node, one after another, until the end. Each needs a commit of the shard's owner. */
class Probes {
  /** Rejects when a read fails; never resolves before the end. */
  readonly failed: Promise<unknown>;
  readonly #loops: Promise<void>[];
  #isOver = false;
  #longestMs = 0;

  constructor(cluster: Cluster, sku: string) {
    const urls = cluster.nodes().flatMap(({ httpUrl }) => (httpUrl === undefined ? [] : [httpUrl]));
    this.#loops = urls.flatMap((url) =>
      Array.from({ length: PROBES_A_NODE }, () => this.#ask(`${url}/v1/stock/${sku}/none?consistency=strict`)),
    );
    this.failed = Promise.all(this.#loops);
  }

  /** The longest that one read took, ms. Rejects when one failed. */
  async end(): Promise<number> {
    this.#isOver = true;
    await Promise.all(this.#loops);
    return this.#longestMs;
  }

  async #ask(url: string): Promise<void> {
    while (!this.#isOver) {
      const begun = performance.now();
      const answer = await fetch(url);
      const body = await answer.text();
      if (answer.status !== OK && answer.status !== UNKNOWN)
        throw new Error(`a read failed while its shard moved: ${answer.status} ${body}`);
      this.#longestMs = Math.max(this.#longestMs, performance.now() - begun);
    }
  }
}
