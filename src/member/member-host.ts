/** The member as a shard host: every call goes to the incarnation that is the lane's writer now, and fails while there is none. */

import type { LanePlace, LaneSeq, ShardId } from "../base/index.ts";
import type { Adoption, Holding, Released, ShardHost, ShardSource, Tenure } from "../placement/index.ts";
import { type HeldShard, isPassive } from "./holdings.ts";
import type { Incarnation } from "./incarnation.ts";
import type { ShardDuties } from "./shard-duties.ts";

const NOBODY: readonly never[] = [];

/** A copy that is in no checkpoint yet may be gone after a restart, and is nothing to rest a claim on. */
function asSeen(held: HeldShard): Holding {
  return held.durable || !isPassive(held) ? held : { ...held, state: "filling" };
}

export class MemberHost implements ShardHost {
  readonly lane: string;
  /** The incarnation, while it serves. */
  readonly #current: () => Incarnation | undefined;
  readonly #stepDown: () => void;

  constructor(lane: string, current: () => Incarnation | undefined, stepDown: () => void) {
    this.lane = lane;
    this.#current = current;
    this.#stepDown = stepDown;
  }

  tenure(): Tenure | undefined {
    return this.#current()?.duties?.tenure();
  }

  holding(shard: ShardId): Holding | undefined {
    const held = this.#current()?.replica.holdings.get(shard);
    return held && asSeen(held);
  }

  *holdings(): Iterable<Holding> {
    for (const held of this.#current()?.replica.holdings ?? NOBODY) yield asSeen(held);
  }

  durable(): ReadonlyMap<string, LaneSeq> {
    const mark = this.#current()?.mark;
    if (mark === undefined) return new Map();
    return new Map([mark, ...mark.followed].map(({ lane, seq }) => [lane, seq]));
  }

  released(): Iterable<Released> {
    return this.#current()?.duties?.released() ?? NOBODY;
  }

  adopt(writer: number, adoptions: readonly Adoption[]): Promise<void> {
    return this.#ask((duties) => duties.adopt(writer, adoptions));
  }

  release(writer: number, shards: readonly ShardId[], to: string): Promise<LanePlace> {
    return this.#ask((duties) => duties.release(writer, shards, to));
  }

  standBy(shard: ShardId, source: ShardSource): Promise<void> {
    return this.#ask((_, { intake }) => intake.standBy(shard, source));
  }

  discard(shard: ShardId): void {
    this.#current()?.intake.discard(shard);
  }

  seal(lane: string, writer: number): Promise<LaneSeq> {
    return this.#ask((duties) => duties.seal(lane, writer));
  }

  probe(): void {
    this.#current()?.duties?.probe();
  }

  stepDown(): void {
    if (this.#current() !== undefined) this.#stepDown();
  }

  reached(place: LanePlace): Promise<void> {
    return this.#ask((_, { replica }) => replica.reached(place));
  }

  #ask<T>(call: (duties: ShardDuties, incarnation: Incarnation) => Promise<T>): Promise<T> {
    const incarnation = this.#current();
    if (incarnation?.duties === undefined) return Promise.reject(new Error(`lane ${this.lane} is being taken`));
    return call(incarnation.duties, incarnation);
  }
}
