/**
 * A member as a follower: applies the entries of every lane that a shard of its is held through, also of its own lane while that is being read at a start.
 * What it decides itself does not come through here.
 *
 * L1. An entry of a shard is applied when it stands in the lane that the shard is held through, and only then.
 * L2. `adopted` with origin (F, p) moves a shard from lane F to the lane it stands in, after F is applied through p.
 * L3. A chain that was missed in part is not continued: the shard is stale from then on, and waits to be taken anew.
 */

import type { LanePlace, LaneSeq, ShardId, ShardOrigin } from "../base/index.ts";
import type { JournalRecord, LaneMark, Mark } from "../codec/index.ts";
import type { Clock, Lanes, Log } from "../ports/index.ts";
import type { AdoptedEntry, Entry, ReleasedEntry } from "../shard/index.ts";
import { type HeldShard, type HeldState, Holdings, isPassive } from "./holdings.ts";
import { LaneTracker } from "./lane-tracker.ts";
import type { MemberState } from "./member-state.ts";
import { shardOfEntry } from "./shard-of-entry.ts";

export interface ReplicaOptions {
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly log: Log;
  readonly lane: string;
  readonly shards: number;
  readonly state: MemberState;
  /** Last committed sequence of the own lane; undefined until it was read to its end. */
  ownPosition(): LaneSeq | undefined;
  /** Holdings or positions changed in a way that others may wait for. */
  changed(): void;
  /** The fold and a lane disagree: memory cannot be trusted. */
  broken(error: unknown): void;
}

interface Waiter {
  readonly seq: LaneSeq;
  resolve(): void;
  reject(error: Error): void;
}

export class Replica {
  readonly holdings: Holdings;
  readonly #options: ReplicaOptions;
  readonly #trackers = new Map<string, LaneTracker>();
  readonly #waiters = new Map<string, Waiter[]>();
  /** Woken at every change of a position or holding while a barrier waits. */
  #stirred = Promise.withResolvers<void>();
  #barriers = 0;
  /** Lanes that barriers wait for. */
  readonly #awaited: string[] = [];
  /** Lanes in which held shards are going to continue, by shard: followed before the first shard is held through them. */
  readonly #expected = new Map<ShardId, string>();
  /** Lanes that are followed in the last checkpoint. */
  #marked: ReadonlySet<string> = new Set();
  #own: LaneTracker | undefined;
  #ownRead: LaneSeq | undefined;
  #rejectOwn: (error: Error) => void = () => undefined;
  #dead = false;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.holdings = new Holdings(options.shards);
  }

  /** Takes up what a checkpoint held. Own shards are kept: whether they are still ours is for the map to say. */
  restore(mark: Mark): void {
    const seen = new Map(mark.followed.map(({ lane, seq }) => [lane, seq]));
    for (const { shard, epoch, lane } of mark.held) {
      const held = this.holdings.hold(shard, epoch, lane, lane === this.#options.lane ? "kept" : "following", true);
      held.adoptedAt = seen.get(lane);
    }
    for (const followed of mark.followed) this.track(followed);
    this.marked(mark);
  }

  /** The checkpoint with this mark is on disk: a restart begins there. */
  marked({ followed }: Mark): void {
    this.#marked = new Set(followed.map(({ lane }) => lane));
  }

  /** Reads the own lane from behind `start` through `to`; resolves to the mark of that record. Rejects when it cannot be trusted. */
  readOwn(start: LaneMark, to: LaneSeq): Promise<LaneMark> {
    const { promise, resolve, reject } = Promise.withResolvers<LaneMark>();
    const tracker = this.#newTracker(start, reject, (seq) => {
      if (seq !== to) return;
      tracker.close();
      this.#own = undefined;
      this.#ownRead = to;
      resolve(tracker.mark());
    });
    this.#own = tracker;
    this.#rejectOwn = reject;
    tracker.start();
    return promise;
  }

  /** Starts to follow a lane from a place, unless that is so already. */
  track(start: LaneMark): LaneTracker {
    const present = this.#trackers.get(start.lane);
    if (present !== undefined) return present;
    const tracker = this.#newTracker(start, (error) => this.#lost(start.lane, error));
    this.#trackers.set(start.lane, tracker);
    tracker.start();
    return tracker;
  }

  tracker(lane: string): LaneTracker | undefined {
    return this.#trackers.get(lane);
  }

  /** How far a lane is applied; undefined for one that is not followed. */
  positionOf(lane: string): LaneSeq | undefined {
    if (lane !== this.#options.lane) return this.#trackers.get(lane)?.position;
    return this.#options.ownPosition() ?? this.#ownRead ?? this.#own?.position;
  }

  /** Resolves once the lane is applied through the place; rejects when it is not followed any more. */
  reached({ lane, seq }: LanePlace): Promise<void> {
    const position = this.positionOf(lane);
    if (position !== undefined && position >= seq) return Promise.resolve();
    if (position === undefined) return Promise.reject(new Error(`lane ${lane} is not followed`));
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(lane);
      if (waiters === undefined) this.#waiters.set(lane, [{ seq, resolve, reject }]);
      else waiters.push({ seq, resolve, reject });
    });
  }

  /** Marks of the lanes that shards are held through, and how far each is applied now. */
  followedMarks(): LaneMark[] {
    return [...this.#trackers.values()].map((tracker) => tracker.mark());
  }

  /** The own lane moved by a commit. */
  ownMoved(): void {
    this.#stir(this.#options.lane);
  }

  /** The shard is going to continue in this lane; undefined: nothing is known of that. */
  expect(shard: ShardId, lane: string | undefined): void {
    if (lane === undefined) this.#expected.delete(shard);
    else this.#expected.set(shard, lane);
  }

  /** Ends the following of lanes that no shard is held through any more. */
  tidy(): void {
    const wanted = this.holdings.lanes();
    for (const lane of [...this.#expected.values(), ...this.#awaited]) wanted.add(lane);
    for (const [lane, tracker] of this.#trackers) {
      if (wanted.has(lane)) continue;
      tracker.close();
      this.#trackers.delete(lane);
      this.#rejectWaiters(lane, new Error(`lane ${lane} is not followed any more`));
    }
  }

  /** A shard changed hands or left: barriers look again. */
  stirred(): void {
    this.#stir(undefined);
    this.#options.changed();
  }

  stop(): void {
    this.#dead = true;
    this.#own?.close();
    this.#rejectOwn(new Error("the member stopped"));
    for (const tracker of this.#trackers.values()) tracker.close();
    for (const lane of [...this.#waiters.keys()]) this.#rejectWaiters(lane, new Error("the member stopped"));
    this.#stirred.resolve();
  }

  #newTracker(start: LaneMark, lost: (error: Error) => void, moved?: (seq: LaneSeq) => void): LaneTracker {
    const { lanes, clock, log } = this.#options;
    return new LaneTracker({
      ...{ lanes, clock, log, start, lost },
      startSeen: start.checksum !== 0,
      ready: (record) => this.#ready(start.lane, record),
      apply: (seq, record) => {
        this.#apply(start.lane, seq, record);
        moved?.(seq);
        this.#stir(start.lane);
      },
    });
  }

  #ready(lane: string, { entries }: JournalRecord): Promise<void> | undefined {
    for (const entry of entries) {
      if (entry.entry === "adopted" && this.#mustWait(lane, entry)) return this.#barrier(lane, entries);
    }
    return undefined;
  }

  #mustWait(lane: string, { shard, epoch, origin }: AdoptedEntry): boolean {
    if (origin.kind !== "place" || origin.lane === lane) return false;
    const held = this.holdings.get(shard);
    // The shard may get to the lane that is named only on the way there, over other members' adoptions.
    if (held === undefined || held.epoch >= epoch || !isPassive(held)) return false;
    const position = this.positionOf(origin.lane);
    return position !== undefined && position < origin.seq;
  }

  async #barrier(lane: string, entries: readonly Entry[]): Promise<void> {
    this.#barriers++;
    for (const entry of entries) {
      if (entry.entry !== "adopted" || entry.origin.kind !== "place") continue;
      this.#awaited.push(entry.origin.lane);
      while (!this.#dead && this.#mustWait(lane, entry)) await this.#stirred.promise;
      this.#awaited.splice(this.#awaited.indexOf(entry.origin.lane), 1);
    }
    this.#barriers--;
  }

  #apply(lane: string, seq: LaneSeq, record: JournalRecord): void {
    if (this.#dead) return;
    try {
      for (const entry of record.entries) this.#applyEntry(lane, seq, entry);
    } catch (error) {
      this.#options.broken(error);
    }
  }

  #applyEntry(lane: string, seq: LaneSeq, entry: Entry): void {
    if (entry.entry === "adopted") return this.#adopted(lane, seq, entry);
    if (entry.entry === "released") return this.#released(lane, seq, entry);
    const shard = shardOfEntry(entry, this.#options.shards);
    if (shard === undefined) {
      if (lane === this.#options.lane) this.#options.state.replay(entry);
      return;
    }
    const held = this.holdings.get(shard);
    if (held !== undefined && held.lane === lane && isPassive(held)) this.#options.state.replay(entry);
  }

  #adopted(lane: string, seq: LaneSeq, { shard, epoch, origin }: AdoptedEntry): void {
    const held = this.holdings.get(shard);
    if (held === undefined) {
      if (origin.kind === "new" && lane === this.#options.lane) this.holdings.hold(shard, epoch, lane, "kept", true);
      return;
    }
    if (epoch <= held.epoch) return;
    if (this.complete(held, origin, epoch))
      this.moveTo(held, lane, epoch, lane === this.#options.lane ? "kept" : "following", seq);
    else if (isPassive(held)) held.state = "stale";
    else return;
    this.#options.changed();
  }

  /** Whether the shard is held right up to what an adoption of `epoch` continues. */
  complete(held: HeldShard, origin: ShardOrigin, epoch: number): boolean {
    if (origin.kind !== "place" || !continues(held, origin.lane, epoch)) return false;
    const position = this.positionOf(origin.lane);
    return position !== undefined && position >= origin.seq;
  }

  /** From here on the shard is held through another lane. */
  moveTo(held: HeldShard, lane: string, epoch: number, state: HeldState, adoptedAt?: LaneSeq): void {
    held.adoptedAt = adoptedAt;
    held.lane = lane;
    held.epoch = epoch;
    held.state = state;
    held.released = undefined;
    if (lane !== this.#options.lane && !this.#marked.has(lane)) held.unsettled = true;
    if (this.#expected.get(held.shard) === lane) this.#expected.delete(held.shard);
  }

  #released(lane: string, seq: LaneSeq, { shard, epoch, to }: ReleasedEntry): void {
    const held = this.holdings.get(shard);
    if (held === undefined || held.lane !== lane || held.epoch !== epoch || !isPassive(held)) return;
    held.released = { place: { lane, seq }, to };
    this.#options.changed();
  }

  /** What was held through a lane that is lost cannot be continued from here. */
  #lost(lane: string, error: Error): void {
    this.#trackers.delete(lane);
    this.#rejectWaiters(lane, error);
    for (const held of this.holdings) {
      const isLost = held.lane === lane || this.#expected.get(held.shard) === lane;
      if (isLost && isPassive(held)) held.state = "stale";
    }
    this.#stir(undefined);
    this.#options.changed();
  }

  #stir(lane: string | undefined): void {
    if (lane !== undefined) this.#wake(lane);
    if (this.#barriers === 0) return;
    const { resolve } = this.#stirred;
    this.#stirred = Promise.withResolvers();
    resolve();
  }

  #wake(lane: string): void {
    const waiters = this.#waiters.get(lane);
    const position = this.positionOf(lane);
    if (waiters === undefined || position === undefined) return;
    const still = waiters.filter((waiter) => waiter.seq > position);
    if (still.length === 0) this.#waiters.delete(lane);
    else this.#waiters.set(lane, still);
    for (const waiter of waiters) if (waiter.seq <= position) waiter.resolve();
  }

  #rejectWaiters(lane: string, error: Error): void {
    const waiters = this.#waiters.get(lane) ?? [];
    this.#waiters.delete(lane);
    for (const waiter of waiters) waiter.reject(error);
  }
}

/** Whether the shard is held through the lane that an adoption of a later epoch names, and may be moved along by reading. */
function continues(held: HeldShard, origin: string, epoch: number): boolean {
  return held.lane === origin && held.epoch < epoch && isPassive(held);
}
