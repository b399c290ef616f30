/**
 * One tenure of a lane: from taking it to losing it. Holds the state in memory, turns commands into entries, ends holds on
 * time, and takes checkpoints. Dropped whole when the lane is lost; the member then starts another.
 */

import type { EpochMs, Fault, ReservationId } from "../base/index.ts";
import { decodeLocation } from "../codec/index.ts";
import { formatReservationId } from "../reservation/index.ts";
import { passivateShard } from "../shard/index.ts";
import { Checkpoint } from "./checkpoint.ts";
import type { Desk } from "./desk.ts";
import { Expiry } from "./expiry.ts";
import { FollowUps } from "./follow-ups.ts";
import { GroupCommit, type LanePosition } from "./group-commit.ts";
import { MemberState } from "./member-state.ts";
import { Moves } from "./moves.ts";
import { Openings } from "./openings.ts";
import type { MemberLimits, MemberOptions } from "./options.ts";
import { type Recovered, recover } from "./recovery.ts";
import { SnapshotColdTier } from "./snapshot-cold-tier.ts";
import type { MemberStats } from "./stats.ts";
import { expire } from "./transit.ts";
import type { Turn } from "./turn.ts";

/** Holds ended in one turn before input gets a chance. */
const EXPIRE_MAX = 1_000;
const TICK_MS = 250;
/** Ids count from a random start, so that two members do not count in step. */
const ID_RANGE = 2 ** 32;

export interface IncarnationOptions extends MemberOptions {
  readonly bounds: MemberLimits;
  readonly stats: MemberStats;
  onFenced(): void;
  /** An invariant broke outside of any command. */
  onBroken(error: unknown): void;
  /** A checkpoint is on disk. */
  onCheckpoint(position: LanePosition): void;
}

export class Incarnation {
  readonly state: MemberState;
  readonly openings: Openings;
  readonly followUps: FollowUps;
  readonly moves: Moves;
  readonly #options: IncarnationOptions;
  readonly #expiry: Expiry;
  #commit!: GroupCommit;
  #checkpoint!: Checkpoint;
  #cutTaken: LanePosition | undefined;
  #checkpointedAt = 0;
  #cancelTimer: (() => void) | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #cancelTick: (() => void) | undefined;
  #nextId: number;
  #dead = false;
  #checkpointWaiters: ((error?: Error) => void)[] = [];

  constructor(options: IncarnationOptions) {
    this.#options = options;
    const { store, random } = options.ports;
    this.#expiry = new Expiry(store);
    this.state = new MemberState(options.shards, new SnapshotColdTier(store), options.owns ?? (() => true), (at, id) =>
      this.#expiry.track(at, id),
    );
    this.#nextId = random.uint32();
    const desk = this.#desk();
    this.openings = new Openings(desk);
    this.followUps = new FollowUps(desk, store, this.openings);
    this.moves = new Moves(desk);
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
    const { ports, lane, shards, bounds, stats } = this.#options;
    const { clock, journal, store, log } = ports;
    for (const { key, value } of store.scan("locations", { from: "", to: "\u{10FFFF}" })) {
      const location = decodeLocation(value, `location ${key}`);
      this.state.locations.set(location.id, location);
    }
    const recovered = await recover({ clock, journal, store, lane, shards, onEntry: (entry) => this.state.replay(entry) });
    if (this.#dead) return recovered;
    this.#commit = new GroupCommit({
      clock,
      journal,
      log,
      lane,
      epoch: recovered.epoch,
      start: recovered.position,
      batchEntriesMax: bounds.batchEntriesMax,
      batchBytesMax: bounds.batchBytesMax,
      onCut: (position) => this.#cutIfDue(position),
      onCommitted: (position, ...figures) => this.#onCommitted(position, ...figures),
      onUnknown: () => {
        stats.unknownOutcomes++;
      },
      onFenced: () => this.#options.onFenced(),
    });
    this.#checkpoint = this.#newCheckpoint(recovered.epoch);
    this.#checkpointedAt = clock.now();
    for (const shard of this.state.shards) if (this.state.owns(shard.id)) this.followUps.resume(shard);
    this.#tick();
    return recovered;
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
    this.openings.stop(fault);
    this.moves.stop(fault);
    this.followUps.stop();
    this.#commit?.stop(fault);
    this.#checkpoint?.stop();
    this.#resolveCheckpoints(new Error("the member stopped"));
  }

  /** Writes a checkpoint of all that is committed. Call when nothing is waiting. Resolves once it is on disk. */
  checkpointNow(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#checkpointWaiters.push((error) => (error === undefined ? resolve() : reject(error)));
      this.#checkpointIfIdle();
    });
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

  #tick(): void {
    const { clock } = this.#options.ports;
    const now = clock.now();
    this.#expiry.advance(now, [this.#checkpoint.reservationsInWork, this.state.dirtyReservations]);
    this.#armTimer();
    this.#giveUp(now);
    this.#checkpointIfIdle();
    this.#cancelTick = clock.after(TICK_MS, () => this.#guarded(() => this.#tick()));
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
    if (this.#checkpoint.running || this.state.dirtySize === 0) return false;
    if (this.#checkpointWaiters.length > 0 || this.state.dirtySize >= dirtyMax) return true;
    return Math.abs(this.#options.ports.clock.now() - this.#checkpointedAt) >= checkpointMs;
  }

  #cutIfDue(position: LanePosition): void {
    if (!this.#checkpointDue()) return;
    this.#checkpoint.take(position);
    this.#cutTaken = position;
  }

  #onCommitted(position: LanePosition, seconds: number, commands: number, entries: number, bytes: number): void {
    const { stats, observer } = this.#options;
    stats.commits++;
    observer?.committed?.(seconds, commands, entries, bytes);
    if (this.#cutTaken === undefined || this.#cutTaken.seq !== position.seq) return;
    this.#cutTaken = undefined;
    this.#checkpoint.write();
  }

  /** Also ends the wait for a checkpoint when there is nothing left to write. */
  #checkpointIfIdle(): void {
    if (!this.#commit.idle) return;
    if (!this.#checkpoint.running && this.state.dirtySize === 0) this.#resolveCheckpoints();
    if (!this.#checkpointDue()) return;
    this.#checkpoint.take(this.#commit.position);
    this.#checkpoint.write();
  }

  #newCheckpoint(epoch: number): Checkpoint {
    const { ports, lane, bounds } = this.#options;
    const { clock, store } = ports;
    const { keyRetentionMs, movementRetentionMs } = bounds;
    return new Checkpoint({
      clock,
      store,
      state: this.state,
      lane,
      epoch,
      keyRetentionMs,
      movementRetentionMs,
      onDone: (error, position, seconds, cells) => this.#onCheckpoint(error, position, seconds, cells),
    });
  }

  #onCheckpoint(error: Error | undefined, position: LanePosition, seconds: number, cells: number): void {
    const { stats, ports, lane, observer, onCheckpoint } = this.#options;
    this.#checkpointedAt = ports.clock.now();
    if (error !== undefined) {
      stats.checkpointFailures++;
      ports.log.error(
        { lane, seq: position.seq, error: error.message },
        "a checkpoint failed; its changes stay for the next one",
      );
      return this.#resolveCheckpoints(error);
    }
    stats.checkpoints++;
    observer?.checkpointed?.(seconds, cells);
    this.#checkpointIfIdle();
    this.#passivate(0);
    onCheckpoint(position);
  }

  #resolveCheckpoints(error?: Error): void {
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
