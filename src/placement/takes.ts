/** The copies that a member is taking as a standby: which, for which claim, and how many at a time. */

import type { ShardId } from "../base/index.ts";
import type { Log } from "../ports/index.ts";
import type { ShardHost, ShardSource } from "./shard-host.ts";

/** Copies that are filled at the same time: images are large. Going over to another owner's lane is not counted. */
export const FILLING_MAX = 8;
/** A copy that takes longer does not keep others waiting any more. */
const SLOW_MS = 15_000;
const AGAIN_MS = 1_000;

interface Take {
  readonly epoch: number;
  readonly isHeavy: boolean;
  readonly begunMs: number;
  state: "asked" | "taken" | "failed";
}

export class Takes {
  readonly #host: ShardHost;
  readonly #elapsedMs: () => number;
  readonly #onDone: () => void;
  readonly #log: Log;
  readonly #takes = new Map<ShardId, Take>();

  constructor(host: ShardHost, elapsedMs: () => number, onDone: () => void, log: Log) {
    this.#host = host;
    this.#elapsedMs = elapsedMs;
    this.#onDone = onDone;
    this.#log = log;
  }

  /** Whether the host reads the owner's lane for the claim of this epoch, or has done so. */
  wasAsked(shard: ShardId, epoch: number): boolean {
    const take = this.#takes.get(shard);
    return take?.epoch === epoch && take.state !== "failed";
  }

  isTaken(shard: ShardId, epoch: number): boolean {
    const take = this.#takes.get(shard);
    return take?.epoch === epoch && take.state === "taken";
  }

  /** Milliseconds since the host was asked for the claim of this epoch; undefined when it was not. */
  ageMs(shard: ShardId, epoch: number): number | undefined {
    const take = this.#takes.get(shard);
    return take?.epoch === epoch ? this.#elapsedMs() - take.begunMs : undefined;
  }

  /** Asks the host unless that was done for this claim just now, or too many copies are being filled. */
  ask(shard: ShardId, source: ShardSource, isHeavy: boolean): void {
    const before = this.#takes.get(shard);
    if (before?.epoch === source.epoch && this.#elapsedMs() - before.begunMs < (before.state === "asked" ? SLOW_MS : AGAIN_MS))
      return;
    if (isHeavy && this.#filling() >= FILLING_MAX) return;
    const take: Take = { epoch: source.epoch, isHeavy, begunMs: this.#elapsedMs(), state: "asked" };
    this.#takes.set(shard, take);
    this.#host.standBy(shard, source).then(
      () => this.#finish(take, "taken"),
      (error: unknown) => {
        this.#log.info(
          { error, shard, owner: source.owner, epoch: source.epoch },
          "could not take a copy of a shard; trying again",
        );
        this.#finish(take, "failed");
      },
    );
  }

  forget(shard: ShardId): void {
    this.#takes.delete(shard);
  }

  #filling(): number {
    let count = 0;
    const now = this.#elapsedMs();
    for (const { isHeavy, state, begunMs } of this.#takes.values()) {
      if (isHeavy && state === "asked" && now - begunMs < SLOW_MS) count++;
    }
    return count;
  }

  #finish(take: Take, state: Take["state"]): void {
    take.state = state;
    this.#onDone();
  }
}
