/**
 * Taking a shard in, as a standby: from where a local copy stopped, from its beginning, or as an image. One task a shard; a task ends when the shard
 * follows its owner's lane and is in a checkpoint, or fails and may be asked for again.
 *
 * T1. A shard that is being filled is in no mark, so that a crash leaves nothing half filled behind that would be believed.
 * T2. Rows of an earlier life of the shard are removed before the first row of a new one is written.
 * T3. A shard that is served, or went on to a later claim, while a task was waiting, is left as it is: the task fails.
 */

import { CorruptData, type LaneSeq, type ShardId } from "../base/index.ts";
import { decodeJournalRecord } from "../codec/index.ts";
import type { ShardSource } from "../placement/index.ts";
import type { SnapshotStore } from "../ports/index.ts";
import type { Entry } from "../shard/index.ts";
import { type Extra, restoreRow, storedDueKey } from "./checkpoint.ts";
import type { HeldShard } from "./holdings.ts";
import { type ImageChunk, type ImageCursor, type ImageSource, purgeShard } from "./image.ts";
import type { MemberState } from "./member-state.ts";
import type { Replica, ReplicaOptions } from "./replica.ts";
import { shardOfEntry } from "./shard-of-entry.ts";

export interface IntakeOptions extends Pick<ReplicaOptions, "lanes" | "lane" | "shards"> {
  readonly replica: Replica;
  readonly state: MemberState;
  readonly store: SnapshotStore;
  readonly images: ImageSource | undefined;
  readonly keyRetentionMs: number;
  readonly movementRetentionMs: number;
  /** Writes a checkpoint with these extras; resolves once it is on disk. */
  checkpointWith(...extras: Extra[]): Promise<void>;
}

/** The lane that stands for the image of a restored shard, in the place of a real one. */
export function imageLane(name: string): string {
  return `image ${name}`;
}

function imageLaneOf({ origin, owner }: ShardSource): string | undefined {
  return origin.kind === "image" && owner === "" ? imageLane(origin.name) : undefined;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #tasks = new Map<ShardId, { readonly key: string; readonly done: Promise<void> }>();
  readonly #purges = new Map<ShardId, Promise<void>>();
  #dead = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Resolves once the shard follows its source and is durable here. A second call for the same source is the same task. */
  standBy(shard: ShardId, source: ShardSource): Promise<void> {
    const key = `${source.owner} ${source.epoch}`;
    const present = this.#tasks.get(shard);
    if (present?.key === key) return present.done;
    const held = this.#options.replica.holdings.get(shard);
    if (held !== undefined) held.catchingUp = true;
    const done = (present?.done ?? Promise.resolve()).catch(() => undefined).then(() => this.#take(shard, source));
    const task = { key, done };
    this.#tasks.set(shard, task);
    const ended = (): void => {
      if (this.#tasks.get(shard) !== task) return;
      this.#tasks.delete(shard);
      const now = this.#options.replica.holdings.get(shard);
      if (now !== undefined) now.catchingUp = false;
    };
    done.then(ended, ended);
    return done;
  }

  /** Drops a shard that is not served, and its rows. */
  discard(shard: ShardId): void {
    const { replica, state } = this.#options;
    const held = replica.holdings.get(shard);
    if (held === undefined || held.state === "served" || held.state === "closing") return;
    replica.holdings.drop(shard);
    replica.expect(shard, undefined);
    state.drop(shard);
    // A purge that fails is asked for again before the shard is filled.
    this.#purge(shard).catch(() => undefined);
    replica.stirred();
    replica.tidy();
  }

  stop(): void {
    this.#dead = true;
  }

  async #take(shard: ShardId, source: ShardSource): Promise<void> {
    const { replica } = this.#options;
    const held = replica.holdings.get(shard);
    // What is held may have come with the task before.
    if (held !== undefined) held.catchingUp = true;
    if (held?.state === "following" && held.lane === source.owner && held.epoch >= source.epoch) return this.#durable(held);
    if (held?.state === "kept" && held.lane === imageLaneOf(source)) return;
    this.#checkLeft(shard, source.epoch);
    if (held !== undefined && (await this.#continued(held, source))) return;
    // Its own claim of an image that it never adopted, or nobody's.
    const isUnowned = source.owner === "" || source.owner === this.#options.lane;
    if (source.origin.kind === "image" && isUnowned) return this.#fillRestored(shard, source.origin.name, source.epoch);
    if (source.origin.kind === "new" && (await this.#readFromBeginning(shard, source))) return;
    await this.#fill(shard, source);
  }

  /** Goes on from a local copy that is whole right up to where the owner continued. */
  async #continued(held: HeldShard, { owner, origin, epoch, at }: ShardSource): Promise<boolean> {
    const { replica } = this.#options;
    const passive = held.state === "following" || held.state === "kept";
    if (!passive || held.epoch >= epoch || origin.kind !== "place" || held.lane !== origin.lane) return false;
    replica.expect(held.shard, owner);
    await replica.reached(origin);
    try {
      await this.#readable(owner, at);
      await this.#backfill(held, owner, at);
    } catch (error) {
      if (!(error instanceof CorruptData)) throw error;
      replica.expect(held.shard, undefined);
      return false;
    }
    if (replica.holdings.get(held.shard) !== held || held.state === "stale") return false;
    await this.#durable(held);
    return true;
  }

  /** A shard that was new when it was adopted is all in its lane, unless that was trimmed. */
  async #readFromBeginning(shard: ShardId, { owner, epoch, at }: ShardSource): Promise<boolean> {
    await this.#empty(shard, epoch);
    const held = this.#options.replica.holdings.hold(shard, epoch, owner, "filling");
    try {
      await this.#readable(owner, at);
      await this.#backfill(held, owner, at);
    } catch (error) {
      this.discard(shard);
      if (error instanceof CorruptData) return false;
      throw error;
    }
    await this.#durable(held);
    return true;
  }

  async #fill(shard: ShardId, { owner, epoch }: ShardSource): Promise<void> {
    const { images, replica } = this.#options;
    if (images === undefined) throw new Error(`no image of shard ${shard} can be had`);
    // That it can be had proves that the owner has the shard and a checkpoint of it: until then whatever is here may be needed.
    const first = await images.fetch(owner, shard, undefined);
    await this.#empty(shard, epoch);
    const held = replica.holdings.hold(shard, first.epoch, owner, "filling");
    try {
      await this.#writeChunks(held, first, (cursor) => images.fetch(owner, shard, cursor));
      this.#track(owner, first.place.seq);
      await this.#backfill(held, owner, first.place.seq);
    } catch (error) {
      this.discard(shard);
      throw error;
    }
    await this.#durable(held);
  }

  async #fillRestored(shard: ShardId, name: string, epoch: number): Promise<void> {
    const { images, replica } = this.#options;
    if (images === undefined) throw new Error(`image ${name} of shard ${shard} cannot be read here`);
    await this.#empty(shard, epoch);
    const held = replica.holdings.hold(shard, epoch, imageLane(name), "filling");
    try {
      const first = await images.fetchRestored(name, shard, undefined);
      await this.#writeChunks(held, first, (cursor) => images.fetchRestored(name, shard, cursor));
      held.state = "kept";
      await this.#options.checkpointWith();
    } catch (error) {
      this.discard(shard);
      throw error;
    }
  }

  async #writeChunks(
    held: HeldShard,
    first: Pick<ImageChunk, "rows" | "next">,
    nextChunk: (cursor: ImageCursor) => Promise<Pick<ImageChunk, "rows" | "next">>,
  ): Promise<void> {
    let chunk = first;
    for (;;) {
      const { rows, next } = chunk;
      await this.#options.checkpointWith((writer) => rows.map((row) => () => restoreRow(writer, row, this.#options)));
      this.#checkHeld(held);
      if (next === undefined) return;
      chunk = await nextChunk(next);
      this.#checkHeld(held);
    }
  }

  /** A checkpoint that fails takes nothing away: the copy is whole, and the next one has it. */
  async #durable(held: HeldShard): Promise<void> {
    if (held.unsettled) await this.#options.checkpointWith();
  }

  /** Leaves neither memory nor rows of the shard. */
  async #empty(shard: ShardId, epoch: number): Promise<void> {
    this.#checkLeft(shard, epoch);
    this.discard(shard);
    this.#options.state.drop(shard);
    await (this.#purges.get(shard) ?? this.#purge(shard));
    this.#checkLeft(shard, epoch);
  }

  /** What is held of the shard, if anything, is of no use for a claim of this epoch. */
  #checkLeft(shard: ShardId, epoch: number): void {
    this.#checkAlive();
    const held = this.#options.replica.holdings.get(shard);
    if (held === undefined || held.state === "filling" || held.state === "stale") return;
    if (held.state === "served" || held.state === "closing") throw new Error(`shard ${shard} is served here`);
    if (held.epoch >= epoch) throw new Error(`shard ${shard} went on to epoch ${held.epoch}`);
  }

  #purge(shard: ShardId): Promise<void> {
    const { store, checkpointWith } = this.#options;
    const purge = checkpointWith((writer) => purgeShard(store, writer, shard, storedDueKey)).finally(() => {
      if (this.#purges.get(shard) === purge) this.#purges.delete(shard);
    });
    this.#purges.set(shard, purge);
    return purge;
  }

  /** Follows the lane from behind `at`, where its owner's adoption stands. Rejects when it does not reach back that far. */
  async #readable(lane: string, at: LaneSeq): Promise<void> {
    this.#track(lane, at);
    await this.#options.replica.reached({ lane, seq: (at + 1) as LaneSeq });
  }

  #track(lane: string, at: LaneSeq): void {
    this.#options.replica.track({ lane, seq: at, checksum: 0, epoch: 0 });
  }

  /**
   * Reads what the lane's tracker has passed already, for this shard alone, and lets the tracker go on from there. Rejects with CorruptData when the
   * lane does not reach back that far.
   */
  async #backfill(held: HeldShard, lane: string, at: LaneSeq): Promise<void> {
    const { lanes, replica } = this.#options;
    let position = at;
    const follow = lanes.follow(lane, (at + 1) as LaneSeq);
    try {
      while (position < this.#trackedTo(lane)) {
        const next = await follow.next();
        this.#checkHeld(held);
        if (next === undefined) throw new Error(`lane ${lane} ended while it was read`);
        const record = decodeJournalRecord(next.bytes, `lane ${lane}, record ${next.seq}`);
        for (const entry of record.entries) this.#applyTo(held, lane, next.seq, entry);
        position = next.seq;
      }
    } finally {
      follow.close();
    }
    this.#checkHeld(held);
    if (held.state === "filling") held.state = "following";
    replica.stirred();
  }

  #trackedTo(lane: string): LaneSeq {
    const position = this.#options.replica.positionOf(lane);
    if (position === undefined) throw new CorruptData("the lane cannot be followed", `lane ${lane}`);
    return position;
  }

  #applyTo(held: HeldShard, lane: string, seq: LaneSeq, entry: Entry): void {
    const { replica, shards, state } = this.#options;
    if (shardOfEntry(entry, shards) !== held.shard) return;
    if (entry.entry === "adopted") {
      if (replica.complete(held, entry.origin, entry.epoch)) replica.moveTo(held, lane, entry.epoch, "filling", seq);
      else if (held.lane === lane && entry.epoch > held.epoch) replica.moveTo(held, lane, entry.epoch, held.state, seq);
      return;
    }
    if (held.state !== "filling" || held.lane !== lane) return;
    if (entry.entry === "released") held.released = { place: { lane, seq }, to: entry.to };
    else state.replay(entry);
  }

  /** The shard was not discarded meanwhile. */
  #checkHeld(held: HeldShard): void {
    this.#checkAlive();
    if (this.#options.replica.holdings.get(held.shard) !== held)
      throw new Error(`shard ${held.shard} was given up while it was read`);
  }

  #checkAlive(): void {
    if (this.#dead) throw new Error("the member stopped");
  }
}
