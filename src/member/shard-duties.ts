/**
 * What a member does with shards while it is its lane's writer: adopts those whose claim was won, releases those that are to go, and lets the intake
 * and the replica do the rest. See docs/spec/cluster.md for O1 to O5.
 */

import type { LanePlace, LaneSeq, ShardId } from "../base/index.ts";
import type { Adoption, Released, Tenure } from "../placement/index.ts";
import type { Clock, Lanes } from "../ports/index.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { HeldShard } from "./holdings.ts";
import { type Intake, imageLane } from "./intake.ts";
import { sealLane } from "./lane-writer.ts";
import type { Replica } from "./replica.ts";

export interface ShardDutiesOptions {
  readonly lane: string;
  readonly writer: number;
  readonly began: LaneSeq;
  readonly since: LaneSeq;
  readonly clock: Clock;
  readonly lanes: Lanes;
  readonly commit: GroupCommit;
  readonly replica: Replica;
  readonly intake: Intake;
  /** Takes a checkpoint soon. */
  checkpointSoon(): void;
  /** These shards are served from now on. */
  onAdopted(shards: readonly ShardId[]): void;
}

export class ShardDuties {
  readonly #options: ShardDutiesOptions;
  readonly #rejects = new Set<(error: Error) => void>();
  #dead = false;
  #probing = false;

  constructor(options: ShardDutiesOptions) {
    this.#options = options;
  }

  tenure(): Tenure {
    const { writer, began, since, commit } = this.#options;
    return { writer, began, since, position: commit.position.seq };
  }

  *released(): Iterable<Released> {
    const { replica, lane } = this.#options;
    for (const { shard, epoch, released, state, unsettled } of replica.holdings) {
      if (released?.to === lane && state === "following" && !unsettled) yield { shard, epoch, place: released.place };
    }
  }

  adopt(writer: number, adoptions: readonly Adoption[]): Promise<void> {
    const { commit, replica, lane, onAdopted } = this.#options;
    const wrong = this.#notWriter(writer) ?? this.#notReady(adoptions);
    if (wrong !== undefined) return Promise.reject(new Error(wrong));
    for (const { shard, epoch, origin } of adoptions) {
      const held = replica.holdings.get(shard) ?? replica.holdings.hold(shard, epoch, lane, "kept", true);
      replica.moveTo(held, lane, epoch, "served");
      commit.entries.push({ entry: "adopted", shard, epoch, origin });
    }
    onAdopted(adoptions.map(({ shard }) => shard));
    replica.stirred();
    replica.tidy();
    const cameFromElsewhere = adoptions.some(({ origin }) => origin.kind === "place" && origin.lane !== lane);
    return this.#committed().then(() => {
      // Until then whoever had the shard keeps it too.
      if (cameFromElsewhere) this.#options.checkpointSoon();
    });
  }

  async release(writer: number, shards: readonly ShardId[], to: string): Promise<LanePlace> {
    const { commit, replica, lane } = this.#options;
    const wrong = this.#notWriter(writer) ?? shards.map((shard) => this.#notServed(shard)).find((reason) => reason !== undefined);
    if (wrong !== undefined) throw new Error(wrong);
    const closing: HeldShard[] = [];
    for (const shard of shards) {
      const held = replica.holdings.get(shard) as HeldShard;
      held.state = "closing";
      closing.push(held);
      commit.entries.push({ entry: "released", shard, epoch: held.epoch, to });
    }
    await this.#committed();
    for (const held of closing) held.state = "kept";
    const place = { lane, seq: commit.position.seq };
    for (const held of closing) held.released = { place, to };
    replica.stirred();
    return place;
  }

  async seal(lane: string, writer: number): Promise<LaneSeq> {
    const { lanes, clock } = this.#options;
    const journal = await lanes.open(lane);
    try {
      return await sealLane(journal, clock, lane, writer);
    } finally {
      await journal.close();
    }
  }

  /** Commits a barrier: where another member has sealed the lane, the tenure ends. */
  probe(): void {
    if (this.#probing || this.#dead) return;
    this.#probing = true;
    this.#options.commit.entries.push({ entry: "barrier" });
    const done = (): void => {
      this.#probing = false;
    };
    this.#committed().then(done, done);
  }

  /** The tenure is over: whoever waits is told. */
  stop(): void {
    this.#dead = true;
    for (const reject of this.#rejects) reject(new Error("the lane is lost"));
    this.#rejects.clear();
  }

  #notWriter(writer: number): string | undefined {
    if (!this.#dead && writer === this.#options.writer) return undefined;
    return `not writer ${writer} of lane ${this.#options.lane}`;
  }

  #notServed(shard: ShardId): string | undefined {
    return this.#options.replica.holdings.owns(shard) ? undefined : `shard ${shard} is not served here`;
  }

  #notReady(adoptions: readonly Adoption[]): string | undefined {
    return adoptions.map((adoption) => this.#missing(adoption)).find((reason) => reason !== undefined);
  }

  /** Why the shard is not held through its origin; undefined when it is. */
  #missing({ shard, epoch, origin }: Adoption): string | undefined {
    const { replica } = this.#options;
    const held = replica.holdings.get(shard);
    if (origin.kind === "new") return held === undefined ? undefined : `shard ${shard} is held already and not new`;
    if (held === undefined) return `shard ${shard} is not held`;
    if (origin.kind === "image") {
      return held.lane === imageLane(origin.name) && held.state === "kept" ? undefined : `shard ${shard} is not restored`;
    }
    return replica.complete(held, origin, epoch)
      ? undefined
      : `shard ${shard} is not held through ${origin.lane} at ${origin.seq}`;
  }

  /** Resolves with the commit of what is in the open batch; rejects when the lane is lost before. */
  #committed(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#rejects.add(reject);
      this.#options.commit.settle((committed) => {
        this.#rejects.delete(reject);
        if (committed) resolve();
        else reject(new Error("the lane is lost"));
      });
    });
  }
}
