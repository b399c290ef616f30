/** Who owns which shard, for those who route commands. A hint only: the owner itself says when it is not. */

import type { ShardId } from "../base/index.ts";
import type { ShardMap } from "./shard-map.ts";

export interface Owner {
  readonly lane: string;
  readonly epoch: number;
}

export class Owners {
  readonly #listeners = new Set<(changed: readonly ShardId[]) => void>();
  #owners: (Owner | undefined)[] = [];

  /** Undefined while nobody has claimed the shard. O(1). */
  of(shard: ShardId): Owner | undefined {
    return this.#owners[shard];
  }

  /** Calls back with the shards that have another owner or epoch. The result ends it. */
  onChange(listener: (changed: readonly ShardId[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called by the keeper with each new map. O(shards). */
  show(map: ShardMap): void {
    const changed: ShardId[] = [];
    for (let shard = 0; shard < map.shards; shard++) {
      const claim = map.claims[shard];
      const next = claim === undefined || claim.owner === "" ? undefined : { lane: claim.owner, epoch: claim.epoch };
      const before = this.#owners[shard];
      if (before?.lane === next?.lane && before?.epoch === next?.epoch) continue;
      this.#owners[shard] = next;
      changed.push(shard as ShardId);
    }
    if (changed.length > 0) for (const listener of this.#listeners) listener(changed);
  }
}
