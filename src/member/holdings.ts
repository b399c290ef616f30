/**
 * Which shards a member holds, through which lane each is complete, and what it does with them. Plain bookkeeping: who changes it is the replica (for
 * what is read from lanes) and the tenure (for what is written to the own one).
 */

import type { LanePlace, LaneSeq, ShardId } from "../base/index.ts";
import type { HeldMark } from "../codec/index.ts";
import type { Holding } from "../placement/index.ts";

export type HeldState = Holding["state"];

export interface HeldShard extends Holding {
  readonly shard: ShardId;
  epoch: number;
  lane: string;
  state: HeldState;
  adoptedAt: LaneSeq | undefined;
  catchingUp: boolean;
  /** It is in a checkpoint, or all of it in the own lane: there again after a restart. */
  durable: boolean;
  unsettled: boolean;
  /** The owner released it here, and to whom; undefined again once it is adopted by anyone. */
  released: { readonly place: LanePlace; readonly to: string } | undefined;
}

export class Holdings {
  readonly #held: (HeldShard | undefined)[];
  #count = 0;

  constructor(shards: number) {
    this.#held = new Array<HeldShard | undefined>(shards).fill(undefined);
  }

  get count(): number {
    return this.#count;
  }

  get(shard: ShardId): HeldShard | undefined {
    return this.#held[shard];
  }

  /** Served here: commands for it may be decided. O(1), asked for each command. */
  owns(shard: ShardId): boolean {
    return this.#held[shard]?.state === "served";
  }

  hold(shard: ShardId, epoch: number, lane: string, state: HeldState, durable = false): HeldShard {
    const unknown = { adoptedAt: undefined, released: undefined };
    const held: HeldShard = { shard, epoch, lane, state, catchingUp: false, durable, unsettled: !durable, ...unknown };
    if (this.#held[shard] === undefined) this.#count++;
    this.#held[shard] = held;
    return held;
  }

  drop(shard: ShardId): void {
    if (this.#held[shard] === undefined) return;
    this.#held[shard] = undefined;
    this.#count--;
  }

  *[Symbol.iterator](): Iterator<HeldShard> {
    for (const held of this.#held) if (held !== undefined) yield held;
  }

  /** Lanes that shards are held through. */
  lanes(): Set<string> {
    const lanes = new Set<string>();
    for (const held of this) lanes.add(held.lane);
    return lanes;
  }

  /** What a checkpoint may call whole. */
  whole(): HeldShard[] {
    return [...this].filter(({ state }) => state !== "filling" && state !== "stale");
  }

  marks(): HeldMark[] {
    return this.whole().map(({ shard, epoch, lane }) => ({ shard, epoch, lane }));
  }
}

/** Its entries are read, not written, and none was missed. */
export function isPassive({ state }: HeldShard): boolean {
  return state === "following" || state === "kept";
}
