/**
 * One tenure of a lane: from taking it to losing it. Holds the state in memory, turns commands into entries, ends holds on
 * time, and takes checkpoints. Dropped whole when the lane is lost; the member then starts another.
 */

import { CorruptData, type EpochMs, type Fault, type LaneSeq, type ReservationId, type ShardId } from "../base/index.ts";
import { decodeLocation, decodeMark, type LaneMark, type Mark } from "../codec/index.ts";
import { formatReservationId } from "../reservation/index.ts";
import { passivateShard, type Shard } from "../shard/index.ts";
import { Checkpoint, type Extra } from "./checkpoint.ts";
import type { Desk } from "./desk.ts";
import { Expiry } from "./expiry.ts";
import { FollowUps } from "./follow-ups.ts";
import { GroupCommit, type LanePosition } from "./group-commit.ts";
import type { HeldShard } from "./holdings.ts";
import { Intake } from "./intake.ts";
import { type Announced, announceWriter } from "./lane-writer.ts";
import { MemberState } from "./member-state.ts";
import { Moves } from "./moves.ts";
import { Openings } from "./openings.ts";
import type { MemberLimits, MemberOptions } from "./options.ts";
import { Replica } from "./replica.ts";
import { resumeWaiting, settleOverdue } from "./reversals.ts";
import { ShardDuties } from "./shard-duties.ts";
import { SnapshotColdTier } from "./snapshot-cold-tier.ts";
import type { MemberStats } from "./stats.ts";
import { expire } from "./transit.ts";
import type { Turn } from "./turn.ts";

/** Holds ended in one turn before input gets a chance. */
const EXPIRE_MAX = 1_000;
const TICK_MS = 250;
/** Time between two looks for reversals that have waited long enough. */
const SWEEP_MS = 1_000;
/** Ids count from a random start, so that two members do not count in step. */
const ID_RANGE = 2 ** 32;
/** Records read of lanes, with nothing of ours in them, after which a checkpoint is due for its mark alone: others wait for it to trim. */
const READ_MAX = 2_000;

export interface Recovered {
  readonly epoch: number;
  /** Records of the own lane that were read. */
  readonly records: number;
}

export interface IncarnationOptions extends MemberOptions {
  readonly bounds: MemberLimits;
  readonly stats: MemberStats;
  onFenced(): void;
  /** An invariant broke outside of any command. */
  onBroken(error: unknown): void;
  /** A checkpoint is on disk. */
  onCheckpoint(mark: Mark): void;
  onHostChanged(): void;
}

export class Incarnation {
  readonly state: MemberState;
  readonly replica: Replica;
  readonly intake: Intake;
  readonly openings: Openings;
  readonly followUps: FollowUps;
  readonly moves: Moves;
  readonly #options: IncarnationOptions;
  readonly #expiry: Expiry;
  #duties: ShardDuties | undefined;
  #commit!: GroupCommit;
  #checkpoint!: Checkpoint;
  #cutTaken: LanePosition | undefined;
  /** Held, whole, at the cut that is in work. */
  #cutHeld: readonly HeldShard[] = [];
  #checkpointedAt = 0;
  #sweptAt = 0;
  #cancelTimer: (() => void) | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #cancelTick: (() => void) | undefined;
  #nextId: number;
  #dead = false;
  #checkpointWaiters: ((error?: Error) => void)[] = [];
  #extras: Extra[] = [];
  /** Who waits for the extras of the cut that is in work. */
  #cutWaiters: ((error?: Error) => void)[] = [];
  /** Everything in the own lane behind this is in what is held. */
  #since = 0 as LaneSeq;
  /** Of the newest finished checkpoint. */
  #mark: Mark | undefined;

  constructor(options: IncarnationOptions) {
    this.#options = options;
    const { ports, shards, lane, bounds } = options;
    const { store, random, clock, lanes, log } = ports;
    this.#expiry = new Expiry(store);
    const owns = (shard: ShardId): boolean => this.replica.holdings.owns(shard);
    this.state = new MemberState(shards, new SnapshotColdTier(store), owns, (at, id) => this.#expiry.track(at, id));
    this.replica = new Replica({
      ...{ lanes, clock, log, lane, shards },
      state: this.state,
      ownPosition: () => this.#commit?.position.seq,
      changed: () => this.#options.onHostChanged(),
      broken: (error) => this.#options.onBroken(error),
    });
    this.intake = new Intake({
      ...{ lanes, lane, shards, store },
      replica: this.replica,
      state: this.state,
      images: options.images,
      keyRetentionMs: bounds.keyRetentionMs,
      movementRetentionMs: bounds.movementRetentionMs,
      checkpointWith: (...extras) => this.#checkpointWith(extras),
    });
    this.#nextId = random.uint32();
    const desk = this.#desk();
    this.openings = new Openings(desk);
    this.followUps = new FollowUps(desk, store, this.openings);
    this.moves = new Moves(desk);
  }

  /** What it does with shards; undefined before the lane is taken. */
  get duties(): ShardDuties | undefined {
    return this.#duties;
  }

  /** Mark of the newest checkpoint that is on disk. */
  get mark(): Mark | undefined {
    return this.#mark;
  }

  get commit(): GroupCommit {
    return this.#commit;
  }

  /** Callers that wait for an answer. O(1). */
  get waiting(): number {
    return this.#commit.waiting + this.openings.waiting + this.followUps.waiting + this.moves.waiting;
  }

  /** Nothing is in flight that a caller waits for. */
  get idle(): boolean {
    return this.#commit.idle && this.waiting === 0;
  }

  get timers(): number {
    return this.#expiry.size;
  }

  get checkpointedAt(): number {
    return this.#checkpointedAt;
  }

  /** Takes the lane and brings memory up to its end. */
  async start(): Promise<Recovered> {
    const { ports, lane } = this.#options;
    const { clock, journal, store } = ports;
    for (const { key, value } of store.scan("locations", { from: "", to: "\u{10FFFF}" })) {
      const location = decodeLocation(value, `location ${key}`);
      this.state.locations.set(location.id, location);
    }
    this.#mark = this.#storedMark();
    const announced = await announceWriter(journal, clock, lane, this.#mark);
    const records = await this.#readLane(announced);
    if (!this.#dead) this.#begin(announced);
    return { epoch: announced.epoch, records };
  }

  /** What the shards left undone elsewhere is taken up again, and their holds are timed. */
  #onAdopted(shards: readonly ShardId[]): void {
    this.#expiry.reload();
    this.#advanceExpiry(this.#options.ports.clock.now());
    for (const shard of shards) {
      resumeWaiting(this.#options.ports.store, this.state.shards[shard] as Shard);
      this.followUps.resume(this.state.shards[shard] as Shard);
    }
  }

  #storedMark(): Mark | undefined {
    const { ports, lane, shards } = this.#options;
    const bytes = ports.store.mark();
    if (bytes === undefined) return undefined;
    const mark = decodeMark(bytes);
    if (mark.lane !== lane) {
      throw new CorruptData(
        `the checkpoint belongs to lane ${mark.lane}, not ${lane}; use that node's settings or another data folder`,
        "snapshot mark",
      );
    }
    if (mark.shards === shards) return mark;
    throw new CorruptData(
      `the data was written with ${mark.shards} shards and the setting says ${shards}; set STOCKGRID_SHARDS=${mark.shards}`,
      "snapshot mark",
    );
  }

  /** Without a checkpoint a lane that reaches back to its beginning is read whole; another is of no use, and nothing is held. */
  async #readLane({ epoch, position, first }: Announced): Promise<number> {
    const { lane } = this.#options;
    const start: LaneMark = this.#mark ?? { lane, seq: 0 as LaneSeq, checksum: 0, epoch: 0 };
    if (this.#mark !== undefined) this.replica.restore(this.#mark);
    else if (first > 1) return this.#startAnew(epoch, position);
    const read = await this.replica.readOwn(start, position.seq);
    if (read.checksum === position.checksum) return read.seq - start.seq;
    throw new CorruptData("the lane's newest record is not the one just written", `lane ${lane}, record ${position.seq}`);
  }

  #startAnew(epoch: number, position: LanePosition): number {
    const { ports, lane } = this.#options;
    this.#since = position.seq;
    ports.log.warn(
      { lane, epoch, seq: position.seq },
      "there is no checkpoint, and the lane does not reach back to its beginning: the member starts without data and takes its shards from others",
    );
    return 0;
  }

  #begin({ epoch, position }: Announced): void {
    const { ports, lane, bounds, stats } = this.#options;
    const { clock, journal, log, lanes } = ports;
    this.#commit = new GroupCommit({
      ...{ clock, journal, log, lane, epoch },
      start: position,
      batchEntriesMax: bounds.batchEntriesMax,
      batchBytesMax: bounds.batchBytesMax,
      onCut: (at) => this.#cutIfDue(at),
      onCommitted: (at, ...figures) => this.#onCommitted(at, ...figures),
      onUnknown: () => {
        stats.unknownOutcomes++;
      },
      onFenced: () => this.#options.onFenced(),
    });
    this.#checkpoint = this.#newCheckpoint(epoch);
    this.#checkpointedAt = clock.now();
    this.#duties = new ShardDuties({
      ...{ lane, clock, lanes, replica: this.replica, intake: this.intake, commit: this.#commit },
      writer: epoch,
      began: position.seq,
      since: this.#since,
      checkpointSoon: () => void this.checkpointNow().catch(() => undefined),
      onAdopted: (shards) => this.#onAdopted(shards),
    });
    this.#tick();
  }

  /** A turn for a command or read that arrived now; holds that are due end first. */
  turn(): Turn {
    const now = this.#options.ports.clock.now();
    if (this.#expiry.nextTime <= now) this.#expireDue(now);
    return this.#turnAt(now);
  }

  /** Ends the tenure: callers get `fault`, timers stop, nothing more is written. */
  stop(fault: Fault): void {
    this.#dead = true;
    this.#cancelTick?.();
    this.#cancelTimer?.();
    this.#duties?.stop();
    this.intake.stop();
    this.replica.stop();
    this.openings.stop(fault);
    this.moves.stop(fault);
    this.followUps.stop();
    this.#commit?.stop(fault);
    this.#checkpoint?.stop();
    const stopped = new Error("the member stopped");
    for (const waiter of this.#cutWaiters.splice(0)) waiter(stopped);
    this.#resolveCheckpoints(stopped);
  }

  /** Resolves once a checkpoint that was on its way is in the store, or is not: only then may another incarnation read it. */
  get storeIsQuiet(): Promise<void> {
    return this.#checkpoint?.handedOver ?? Promise.resolve();
  }

  /** Writes a checkpoint of all that is committed. Call when nothing is waiting. Resolves once it is on disk. */
  checkpointNow(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#checkpointWaiters.push((error) => (error === undefined ? resolve() : reject(error)));
      this.#checkpointIfIdle();
    });
  }

  /** With the next checkpoint these are written too, and it is due at once. Resolves once it is on disk. */
  #checkpointWith(extras: readonly Extra[]): Promise<void> {
    if (this.#dead) return Promise.reject(new Error("the member stopped"));
    this.#extras.push(...extras);
    return this.checkpointNow();
  }

  #turnAt(now: EpochMs): Turn {
    const { keyRetentionMs, movementRetentionMs } = this.#options.bounds;
    return {
      state: this.state,
      now,
      entries: this.#commit.entries,
      locations: this.#options.locations ?? this.state.locations,
      onUnsettled: (reservation) => this.followUps.add(reservation),
      newReservationId: (skuHash) => this.#newReservationId(now, skuHash),
      keyRetentionMs,
      movementRetentionMs,
    };
  }

  #desk(): Desk {
    const incarnation = this;
    const { ports, bounds, peers } = this.#options;
    return {
      clock: ports.clock,
      state: this.state,
      bounds,
      peers,
      get commit() {
        return incarnation.#commit;
      },
      turn: () => this.turn(),
      newAttempt: () => ports.random.uint32(),
      guarded: (work) => this.#guarded(work),
    };
  }

  #newReservationId(now: EpochMs, skuHash: number): ReservationId {
    this.#nextId = (this.#nextId + 1) % ID_RANGE;
    return formatReservationId(now, this.#nextId, skuHash);
  }

  #expireDue(now: EpochMs): void {
    for (let ended = 0; ended < EXPIRE_MAX; ) {
      const id = this.#expiry.popDue(now);
      if (id === undefined) break;
      if (!expire(this.#turnAt(now), id)) continue;
      ended++;
      this.#options.stats.expired++;
      this.#commit.touch();
    }
    this.#armTimer();
  }

  #armTimer(): void {
    const { clock } = this.#options.ports;
    const next = this.#expiry.nextTime;
    if (this.#dead || next === this.#timerAt) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerAt = next;
    if (next === Number.POSITIVE_INFINITY) return;
    const delay = Math.min(Math.max(0, next - clock.now()), TICK_MS);
    this.#cancelTimer = clock.after(delay, () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#guarded(() => this.#onTimer());
    });
  }

  #onTimer(): void {
    const now = this.#options.ports.clock.now();
    if (this.#expiry.nextTime <= now) this.#expireDue(now);
    else this.#armTimer();
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.onBroken(error);
    }
  }

  /** Holds that are due, or soon will be, are in the heap from here on: whoever is first asked for a shard finds them ended. */
  #advanceExpiry(now: EpochMs): void {
    this.#expiry.advance(now, [this.#checkpoint.reservationsInWork, this.state.dirtyReservations]);
    this.#armTimer();
  }

  #tick(): void {
    const { clock } = this.#options.ports;
    const now = clock.now();
    this.#advanceExpiry(now);
    this.#settleOverdue(now);
    this.#giveUp(now);
    this.#checkpointIfIdle();
    this.#cancelTick = clock.after(TICK_MS, () => this.#guarded(() => this.#tick()));
  }

  #settleOverdue(now: EpochMs): void {
    const { reversalWaitMs, movementRetentionMs } = this.#options.bounds;
    if (Math.abs(now - this.#sweptAt) < SWEEP_MS) return;
    this.#sweptAt = now;
    // While it waits its own id must be known, or a repeat of it would wait a second time.
    const waitMs = Math.min(reversalWaitMs, movementRetentionMs / 2);
    if (settleOverdue(this.#turnAt(now), (now - waitMs) as EpochMs)) this.#commit.touch();
  }

  #giveUp(now: EpochMs): void {
    const { answerMsMax } = this.#options.bounds;
    this.#commit.giveUpBefore((now - answerMsMax) as EpochMs, {
      kind: "fault",
      code: "outcome-unknown",
      retryAfterMs: 1_000,
      detail: `the journal did not answer within ${answerMsMax} ms; retry with the same key`,
    });
  }

  #checkpointDue(): boolean {
    const { checkpointMs, dirtyMax } = this.#options.bounds;
    if (this.#checkpoint.running) return false;
    if (this.#checkpointWaiters.length > 0 || this.state.dirtySize >= dirtyMax) return true;
    if (this.state.dirtySize === 0 && !this.#readMuch()) return false;
    return Math.abs(this.#options.ports.clock.now() - this.#checkpointedAt) >= checkpointMs;
  }

  /** Lanes moved on by much since the last mark. */
  #readMuch(): boolean {
    const marked = new Map(this.#mark?.followed.map(({ lane, seq }) => [lane, seq]));
    if (this.#commit.position.seq - (this.#mark?.seq ?? 0) > READ_MAX) return true;
    return this.replica.followedMarks().some(({ lane, seq }) => seq - (marked.get(lane) ?? 0) > READ_MAX);
  }

  #cutIfDue(position: LanePosition): void {
    if (!this.#checkpointDue()) return;
    this.#takeCut(position);
    this.#cutTaken = position;
  }

  /** Whoever waits now waits for this one: what they want written is in memory, or among the extras. */
  #takeCut(position: LanePosition): void {
    this.#cutHeld = this.replica.holdings.whole();
    this.#checkpoint.take(position, this.#extras);
    this.#extras = [];
    this.#cutWaiters = this.#checkpointWaiters;
    this.#checkpointWaiters = [];
  }

  #markAt({ seq, checksum }: LanePosition, epoch: number, at: EpochMs): Mark {
    const { lane, shards } = this.#options;
    const { holdings } = this.replica;
    return { lane, seq, checksum, epoch, shards, at, followed: this.replica.followedMarks(), held: holdings.marks() };
  }

  #onCommitted(position: LanePosition, seconds: number, commands: number, entries: number, bytes: number): void {
    const { stats, observer } = this.#options;
    stats.commits++;
    observer?.committed?.(seconds, commands, entries, bytes);
    this.replica.ownMoved();
    if (this.#cutTaken === undefined || this.#cutTaken.seq !== position.seq) return;
    this.#cutTaken = undefined;
    this.#checkpoint.write();
  }

  #checkpointIfIdle(): void {
    if (this.#commit === undefined || !this.#commit.idle || !this.#checkpointDue()) return;
    this.#takeCut(this.#commit.position);
    this.#checkpoint.write();
  }

  #newCheckpoint(epoch: number): Checkpoint {
    const { ports, bounds } = this.#options;
    const { clock, store } = ports;
    const { keyRetentionMs, movementRetentionMs } = bounds;
    return new Checkpoint({
      clock,
      store,
      state: this.state,
      markAt: (position, at) => this.#markAt(position, epoch, at),
      keyRetentionMs,
      movementRetentionMs,
      onDone: (error, mark, seconds, cells) => this.#onCheckpoint(error, mark, seconds, cells),
    });
  }

  #onCheckpoint(error: Error | undefined, mark: Mark, seconds: number, cells: number): void {
    const { stats, ports, lane, observer, onCheckpoint } = this.#options;
    this.#checkpointedAt = ports.clock.now();
    if (error !== undefined) {
      stats.checkpointFailures++;
      ports.log.error({ lane, seq: mark.seq, error: error.message }, "a checkpoint failed; its changes stay for the next one");
      for (const waiter of this.#cutWaiters.splice(0)) waiter(error);
      return this.#resolveCheckpoints(error);
    }
    stats.checkpoints++;
    this.#mark = mark;
    this.replica.marked(mark);
    this.#keepHeld(mark);
    observer?.checkpointed?.(seconds, cells);
    for (const waiter of this.#cutWaiters.splice(0)) waiter();
    this.#checkpointIfIdle();
    this.#passivate(0);
    onCheckpoint(mark);
  }

  /** What was held at the cut outlives this process from here on; what came along to another lane since then will only do so as it was at the cut. */
  #keepHeld(mark: Mark): void {
    let isNews = false;
    for (const [index, held] of this.#cutHeld.entries()) {
      const unsettled = held.epoch !== mark.held[index]?.epoch;
      isNews ||= !held.durable || held.unsettled !== unsettled;
      held.durable = true;
      held.unsettled = unsettled;
    }
    if (isNews) this.replica.stirred();
  }

  #resolveCheckpoints(error: Error): void {
    for (const waiter of this.#checkpointWaiters.splice(0)) waiter(error);
  }

  /** Sweeps a few shards a turn, and stops when the next checkpoint begins. */
  #passivate(from: number): void {
    const { bounds, ports } = this.#options;
    const max = { records: bounds.activeRecordsMax, reservations: bounds.activeReservationsMax };
    const { shards, counts } = this.state;
    const to = Math.min(from + Math.ceil(shards.length / 64), shards.length);
    if (this.#dead || this.#checkpoint.running || this.#cutTaken !== undefined) return;
    for (const shard of shards.slice(from, to)) passivateShard(shard, counts, max);
    if (to < shards.length) ports.clock.soon(() => this.#passivate(to));
  }
}
