/**
 * Taking shards over from a lane whose owner looks dead: seal it, follow it to the seal, and say where each shard continues. One job a lane at a time.
 *
 * T1. A shard becomes ready only when the writer of its claim is fenced and its lane was applied up to there. Neither becomes untrue, so a claim made of it
 *     may land whenever it does, as long as the claim it follows is the one it was made for.
 */

import type { LaneSeq, ShardId, ShardOrigin } from "../base/index.ts";
import type { Log } from "../ports/index.ts";
import { continuation } from "./duties.ts";
import type { ShardHost } from "./shard-host.ts";
import type { ShardClaim } from "./shard-map.ts";
import type { Takes } from "./takes.ts";

const AGAIN_MS = 500;

export interface Lost {
  readonly shard: ShardId;
  readonly claim: ShardClaim;
}

export interface Ready {
  /** Of the claim that it continues. */
  readonly epoch: number;
  readonly origin: ShardOrigin;
  readonly without: string;
}

export class Takeovers {
  readonly ready = new Map<ShardId, Ready>();
  #seals = 0;
  readonly #host: ShardHost;
  readonly #takes: Takes;
  readonly #elapsedMs: () => number;
  readonly #onDone: () => void;
  readonly #log: Log;
  readonly #running = new Set<string>();
  readonly #againMs = new Map<string, number>();

  constructor(host: ShardHost, takes: Takes, elapsedMs: () => number, onDone: () => void, log: Log) {
    this.#host = host;
    this.#takes = takes;
    this.#elapsedMs = elapsedMs;
    this.#onDone = onDone;
    this.#log = log;
  }

  /** Lanes sealed, or found sealed. */
  get seals(): number {
    return this.#seals;
  }

  /** Begins, unless it is under way. All of one owner. */
  begin(owner: string, lost: readonly Lost[]): void {
    if (this.#running.has(owner) || (this.#againMs.get(owner) ?? 0) > this.#elapsedMs()) return;
    this.#running.add(owner);
    this.#againMs.set(owner, this.#elapsedMs() + AGAIN_MS);
    this.#run(owner, lost)
      .catch((error: unknown) =>
        this.#log.warn({ error, owner, shards: lost.length }, "could not take shards over yet; trying again"),
      )
      .finally(() => {
        this.#running.delete(owner);
        this.#onDone();
      });
  }

  async #run(owner: string, lost: readonly Lost[]): Promise<void> {
    for (const { shard, claim } of lost) {
      if (!this.#takes.wasAsked(shard, claim.epoch)) this.#takes.ask(shard, claim, false);
    }
    const writer = Math.max(...lost.map(({ claim }) => claim.writer));
    const seq = await this.#host.seal(owner, writer);
    this.#seals++;
    this.#log.warn({ owner, writer, seq, shards: lost.length }, "sealed the lane of a member: taking its shards over");
    await this.#host.reached({ lane: owner, seq });
    for (const one of lost) await this.#prepare(one, seq);
  }

  async #prepare({ shard, claim }: Lost, seq: LaneSeq): Promise<void> {
    if (!this.#takes.wasAsked(shard, claim.epoch)) return;
    const end = { lane: claim.owner, seq };
    const origin = continuation(claim, this.#host.holding(shard), end);
    if (origin?.kind !== "place") return;
    const isOther = origin.lane !== claim.owner && origin.lane !== this.#host.lane;
    if (isOther) await this.#host.reached(origin);
    this.ready.set(shard, { epoch: claim.epoch, origin, without: claim.owner });
  }
}
