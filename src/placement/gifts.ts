/**
 * Shards that this member releases in favour of others, in small groups so that each pauses for a moment only.
 *
 * G1. A shard that was released under a claim, or may have been, is never adopted again under the same one: the member has to claim anew.
 */

import type { LanePlace, ShardId } from "../base/index.ts";
import type { Log } from "../ports/index.ts";
import type { ShardHost } from "./shard-host.ts";

/** Shards on their way to one member at a time. */
export const GROUP_MAX = 8;
/** When nobody has claimed a released shard for so long, its owner claims it again. */
export const UNCLAIMED_MS = 2_000;
/** A member that did not claim what it was given is not given more for so long. */
const AVOID_MS = 5_000;

interface Gift {
  readonly epoch: number;
  readonly to: string;
  state: "on-its-way" | "released" | "unknown";
  place: LanePlace | undefined;
  sinceMs: number;
}

export class Gifts {
  readonly #host: ShardHost;
  readonly #elapsedMs: () => number;
  readonly #onDone: () => void;
  readonly #log: Log;
  readonly #gifts = new Map<ShardId, Gift>();
  readonly #avoidedUntilMs = new Map<string, number>();

  constructor(host: ShardHost, elapsedMs: () => number, onDone: () => void, log: Log) {
    this.#host = host;
    this.#elapsedMs = elapsedMs;
    this.#onDone = onDone;
    this.#log = log;
  }

  isGiven(shard: ShardId, epoch: number): boolean {
    return this.#gifts.get(shard)?.epoch === epoch;
  }

  /** How many more shards the member may be given now. */
  roomFor(to: string): number {
    if ((this.#avoidedUntilMs.get(to) ?? 0) > this.#elapsedMs()) return 0;
    let count = 0;
    for (const gift of this.#gifts.values()) if (gift.to === to) count++;
    return Math.max(0, GROUP_MAX - count);
  }

  give(writer: number, shards: readonly { readonly shard: ShardId; readonly epoch: number }[], to: string): void {
    const sinceMs = this.#elapsedMs();
    const gifts = shards.map(({ shard, epoch }): [ShardId, Gift] => [
      shard,
      { epoch, to, state: "on-its-way", place: undefined, sinceMs },
    ]);
    for (const [shard, gift] of gifts) this.#gifts.set(shard, gift);
    const numbers = shards.map(({ shard }) => shard);
    this.#host.release(writer, numbers, to).then(
      (place) => this.#settle(gifts, "released", place),
      (error: unknown) => {
        this.#log.warn({ error, shards: numbers, to }, "could not release shards");
        this.#settle(gifts, "unknown", undefined);
      },
    );
  }

  /** The claim of this epoch is over, or was never given away: nothing to remember. */
  forget(shard: ShardId, isOver: (epoch: number) => boolean): void {
    const gift = this.#gifts.get(shard);
    if (gift !== undefined && isOver(gift.epoch)) this.#gifts.delete(shard);
  }

  /**
   * The place of a released shard that nobody claims, so that its owner has to claim it again; `end` stands in when the outcome of the release is unknown.
   * Undefined while there is hope.
   */
  unclaimed(shard: ShardId, epoch: number, end: LanePlace, isServing: (lane: string) => boolean): LanePlace | undefined {
    const gift = this.#gifts.get(shard);
    if (gift === undefined || gift.epoch !== epoch || gift.state === "on-its-way") return undefined;
    const isHopeless = this.#elapsedMs() - gift.sinceMs >= UNCLAIMED_MS || !isServing(gift.to);
    if (!isHopeless) return undefined;
    this.#avoidedUntilMs.set(gift.to, this.#elapsedMs() + AVOID_MS);
    if (gift.state === "released") return gift.place;
    return this.#host.holding(shard)?.state === "closing" ? undefined : end;
  }

  /** After a release that failed: those that the host serves as before were never given. */
  #settle(gifts: readonly [ShardId, Gift][], state: Gift["state"], place: LanePlace | undefined): void {
    for (const [shard, gift] of gifts) {
      gift.state = state;
      gift.place = place;
      gift.sinceMs = this.#elapsedMs();
      if (state === "unknown" && this.#host.holding(shard)?.state === "served") this.#gifts.delete(shard);
    }
    this.#onDone();
  }
}
