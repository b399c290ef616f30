/** Asks every shard at once: one request with a movement for each, so that a shard which cannot commit shows itself. */

import { setTimeout as pause } from "node:timers/promises";
import { hash32, type Sku } from "../../src/base/index.ts";
import type { Cluster } from "./cluster.ts";
import { PLACE } from "./load/shoppers.ts";

const PROBE_MS_MAX = 2_000;
const EVERY_MS = 25;
const WAIT_MS_MAX = 60_000;

interface Result {
  readonly status: string;
}

export class Probe {
  readonly #cluster: Pick<Cluster, "shards" | "nodes">;
  readonly #skus: readonly string[];
  #round = 0;

  constructor(cluster: Pick<Cluster, "shards" | "nodes">) {
    this.#cluster = cluster;
    this.#skus = skusOfEveryShard(cluster.shards);
  }

  /** See `Stage.untilEveryShardServes`. A shard counts from its first success; later ones need not succeed again. */
  async untilEveryShardServes(): Promise<number> {
    const begun = performance.now();
    const waiting = new Map(this.#skus.map((sku, shard) => [sku, shard]));
    for (;;) {
      for (const sku of await this.#ask([...waiting.keys()])) waiting.delete(sku);
      const tookMs = performance.now() - begun;
      if (waiting.size === 0) return tookMs;
      if (tookMs > WAIT_MS_MAX) throw new Error(`shards ${[...waiting.values()].join(", ")} do not serve after ${tookMs} ms`);
      await pause(EVERY_MS);
    }
  }

  /** The SKUs whose movement was applied. */
  async #ask(skus: readonly string[]): Promise<string[]> {
    const urls = this.#cluster.nodes().flatMap(({ httpUrl }) => httpUrl ?? []);
    const round = this.#round++;
    const url = urls[round % Math.max(urls.length, 1)];
    if (url === undefined) return [];
    const movements = skus.map((sku) => ({ id: `${sku}-${round}`, type: "receipt", sku, location: PLACE, quantity: 1 }));
    const results = await post(`${url}/v1/movements`, movements);
    return skus.filter((_, index) => results[index]?.status === "applied");
  }
}

async function post(url: string, body: unknown): Promise<readonly Result[]> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PROBE_MS_MAX),
    });
    return ((await response.json()) as { results?: readonly Result[] }).results ?? [];
  } catch {
    // Whatever the reason, these shards were not seen to serve.
    return [];
  }
}

/** One SKU a shard, by number of the shard. */
function skusOfEveryShard(shards: number): readonly string[] {
  const found: string[] = [];
  let left = shards;
  for (let number = 0; left > 0; number++) {
    const sku = `probe-${number}`;
    const shard = hash32(sku as Sku) % shards;
    if (found[shard] !== undefined) continue;
    found[shard] = sku;
    left--;
  }
  return found;
}
