/**
 * A member: one event loop that serves the grid for its shards. It takes its lane, serves until the lane is lost or it is
 * told to stop, and takes the lane again.
 */

import {
  CorruptData,
  type Fault,
  type LaneSeq,
  type LocationId,
  type ReservationId,
  type ShardId,
  type Sku,
} from "../base/index.ts";
import type { Mark } from "../codec/index.ts";
import type { ShardHost } from "../placement/index.ts";
import type { Reservation } from "../reservation/index.ts";
import type { Shard } from "../shard/index.ts";
import type { Movement, StockRecord } from "../stock/index.ts";
import type {
  MemberPhase,
  MovementResult,
  Read,
  ReadOptions,
  Reserve,
  ReserveResult,
  ShardGrid,
  Transit,
  TransitResult,
} from "./grid.ts";
import { type ImageChunk, type ImageCursor, imageRows } from "./image.ts";
import { Incarnation } from "./incarnation.ts";
import { laneLocations } from "./lane-locations.ts";
import { MemberHost } from "./member-host.ts";
import { claimHere, freeHere, move } from "./move.ts";
import { NOT_OWNER } from "./not-owner.ts";
import { DEFAULT_LIMITS, type MemberLimits, type MemberOptions } from "./options.ts";
import { followHere, holdHere } from "./participation.ts";
import type { FollowAnswer, FollowAsk, HoldAnswer, HoldAsk, MovementClaimAnswer, MovementClaimAsk, Peers } from "./peers.ts";
import { reserve } from "./reserve.ts";
import { type MemberStats, newStats } from "./stats.ts";
import { transit } from "./transit.ts";
import type { Turn } from "./turn.ts";
import type { LocationShelf } from "./with-locations.ts";

const REJOIN_MS_FIRST = 50;
const REJOIN_MS_MAX = 5_000;
/** While the outcome of an append has been unknown for longer than this, new work is refused, ms. */
const UNCERTAIN_MS_MAX = 1_000;
const FOLLOWED: FollowAnswer = { kind: "followed" };

/**
 * What peers ask is on behalf of callers that were let in elsewhere, and bounded by those: were it refused for want of room, two members full of callers that
 * wait for each other would never get any.
 */
type Asker = "caller" | "peer";

/** What metrics and status pages may look at. */
export interface MemberGauges {
  readonly phase: MemberPhase;
  readonly waiting: number;
  readonly timers: number;
  readonly dirty: number;
  readonly records: number;
  readonly reservations: number;
  readonly activations: number;
  readonly laneSeq: number;
  readonly checkpointedAt: number;
  /** Reservations over several shards that some shard has yet to follow. */
  readonly unsettled: number;
}

export class Member implements ShardGrid, Peers {
  readonly stats: MemberStats = newStats();
  /** What it holds, and how shards come and go. */
  readonly host: ShardHost;
  /** The locations of its own lane, for a grid that has no book of locations. */
  readonly locations: LocationShelf = laneLocations((done, decide, alone) => {
    this.#run(done, decide);
    if (alone && this.#phase === "serving") this.#current.commit.closeBatch();
  });
  readonly #options: MemberOptions;
  readonly #limits: MemberLimits;
  #phase: MemberPhase = "recovering";
  #current: Incarnation;
  #rejoinMs = REJOIN_MS_FIRST;
  #cancelRejoin: (() => void) | undefined;
  #trimming: Promise<void> = Promise.resolve();

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#current = this.#newIncarnation();
    const current = (): Incarnation | undefined => (this.#phase === "serving" ? this.#current : undefined);
    this.host = new MemberHost(options.lane, current, () => this.#lose("it steps down"));
  }

  get phase(): MemberPhase {
    return this.#phase;
  }

  /** Callers that wait for a commit. O(1). */
  get waiting(): number {
    return this.#phase === "serving" || this.#phase === "stopping" ? this.#current.waiting : 0;
  }

  /** Whether a command for the shard, given now, is decided here. O(1). */
  serves(shard: ShardId): boolean {
    return this.#phase === "serving" && this.#current.state.owns(shard);
  }

  gauges(): MemberGauges {
    const { state, timers, checkpointedAt, commit, openings, followUps } = this.#current;
    const serving = this.#phase === "serving" || this.#phase === "stopping";
    return {
      phase: this.#phase,
      waiting: this.waiting,
      timers,
      dirty: state.dirtySize,
      records: state.counts.records,
      reservations: state.counts.reservations,
      activations: state.counts.activations,
      laneSeq: serving ? commit.position.seq : 0,
      checkpointedAt,
      unsettled: openings.size + followUps.size,
    };
  }

  /** Lanes of others that it follows, and how far each is applied. O(lanes). */
  followed(): readonly { readonly lane: string; readonly seq: LaneSeq }[] {
    return this.#current.replica.followedMarks();
  }

  /** Takes the lane. Resolves when it serves; rejects with CorruptData, or when the journal cannot be asked. */
  async start(): Promise<void> {
    const { clock, log } = this.#options.ports;
    const begun = clock.now();
    const incarnation = this.#current;
    const recovered = await incarnation.start();
    if (this.#phase !== "recovering" || incarnation !== this.#current) return;
    this.#phase = "serving";
    this.#rejoinMs = REJOIN_MS_FIRST;
    const seconds = Math.max(0, clock.now() - begun) / 1000;
    this.stats.recoverySeconds = seconds;
    this.stats.recoveryRecords = recovered.records;
    log.info({ lane: this.#options.lane, epoch: recovered.epoch, records: recovered.records, seconds }, "lane taken; serving");
    this.#hostChanged();
  }

  /** Refuses new work, waits for what is in flight, writes a checkpoint. Resolves also when the journal stays away. */
  async stop(): Promise<void> {
    const wasServing = this.#phase === "serving";
    if (this.#phase === "stopped" || this.#phase === "stopping") return;
    this.#phase = "stopping";
    this.#cancelRejoin?.();
    if (wasServing && (await this.#drained())) {
      await this.#current.checkpointNow().catch((error: unknown) => {
        this.#options.ports.log.warn(
          { lane: this.#options.lane, error: String(error) },
          "no checkpoint at the stop; the next start replays more",
        );
      });
    }
    await this.#trimming;
    this.#phase = "stopped";
    this.#current.stop(fault("outcome-unknown", 1_000, "the node stopped before the journal answered; retry with the same key"));
  }

  reserve(command: Reserve, done: (result: ReserveResult) => void): void {
    const counted = (result: ReserveResult): void => {
      this.#countReservation(result);
      done(result);
    };
    this.#enter(counted, ({ openings, commit }, turn) => {
      const result = reserve(turn(), command);
      if (result.kind !== "opening") commit.answer(counted, result);
      else if (result.holds === undefined) openings.join(result.id, counted);
      else openings.open(result.id, result.holds, counted);
    });
  }

  transit(command: Transit, done: (result: TransitResult) => void): void {
    this.#enter(done, ({ followUps, commit }, turn) => {
      const result = transit(turn(), command);
      if (result.kind !== "reservation" || !result.reservation.unsettled) return commit.answer(done, result);
      commit.answer((committed: TransitResult) => {
        if (committed.kind === "fault") done(committed);
        else followUps.whenFollowed(command.id, () => done(committed));
      }, result);
    });
  }

  move(movement: Movement, done: (result: MovementResult) => void): void {
    this.#enter(done, ({ moves, commit }, turn) => {
      if (moves.isBehind(movement.sku)) return moves.enqueue(movement, done);
      const result = move(turn(), movement);
      if (result.kind === "claim-needed") moves.enqueue(movement, done);
      else commit.answer(done, result);
    });
  }

  hold(shard: ShardId, ask: HoldAsk, done: (answer: HoldAnswer | Fault) => void): void {
    this.#runIn(shard, done, (turn, participant) => holdHere(turn, participant, ask));
  }

  follow(shard: ShardId, ask: FollowAsk, done: (answer: FollowAnswer | Fault) => void): void {
    this.#runIn(shard, done, (turn, participant) => {
      followHere(turn, participant, ask);
      return FOLLOWED;
    });
  }

  claimMovement(shard: ShardId, ask: MovementClaimAsk, done: (answer: MovementClaimAnswer | Fault) => void): void {
    this.#runIn(shard, done, (turn, registry) => claimHere(turn, registry, ask));
  }

  freeMovement(shard: ShardId, ask: MovementClaimAsk, done: (answer: FollowAnswer | Fault) => void): void {
    this.#runIn(shard, done, (turn, registry) => {
      freeHere(turn, registry, ask);
      return FOLLOWED;
    });
  }

  reservation(id: ReservationId, done: (result: Read<Reservation | undefined>) => void): void {
    this.#read(done, ({ state }) => {
      const home = state.shardOfReservation(id);
      if (home !== undefined && !state.owns(home.id)) return NOT_OWNER;
      const value = home?.reservation(id)?.value;
      return read(value?.stage === "standing" ? value : undefined);
    });
  }

  stock(sku: Sku, done: (result: Read<readonly StockRecord[]>) => void, options?: ReadOptions): void {
    this.#read(
      done,
      ({ state }) => {
        const shard = state.shardOfSku(sku);
        return state.owns(shard.id) ? read(shard.recordsOf(sku)) : NOT_OWNER;
      },
      options,
    );
  }

  record(sku: Sku, location: LocationId, done: (result: Read<StockRecord | undefined>) => void, options?: ReadOptions): void {
    this.#read(
      done,
      ({ state }) => {
        const shard = state.shardOfSku(sku);
        return state.owns(shard.id) ? read(known(shard.record(sku, location)?.value)) : NOT_OWNER;
      },
      options,
    );
  }

  /** All SKUs must be of shards that are served here; the router asks each owner for its own. */
  availability(
    skus: readonly Sku[],
    locations: readonly LocationId[] | undefined,
    done: (result: Read<readonly StockRecord[]>) => void,
  ): void {
    this.#read(done, ({ state }) => {
      const found: StockRecord[] = [];
      for (const sku of skus) {
        const shard = state.shardOfSku(sku);
        if (!state.owns(shard.id)) return NOT_OWNER;
        if (locations === undefined) found.push(...shard.recordsOf(sku));
        else found.push(...locations.flatMap((location) => known(shard.record(sku, location)?.value) ?? []));
      }
      return read(found);
    });
  }

  /** A chunk of the image of a shard that is served here, for a member that is to stand by for it. Takes a checkpoint first where there is none of the shard. */
  image(shard: ShardId, cursor: ImageCursor | undefined, done: (result: Read<ImageChunk>) => void): void {
    const current = this.#current;
    if (this.#phase !== "serving" || this.#isMarked(shard)) return this.#image(shard, cursor, done);
    const answer = (): void => this.#image(shard, cursor, done);
    current.checkpointNow().then(answer, answer);
  }

  #image(shard: ShardId, cursor: ImageCursor | undefined, done: (result: Read<ImageChunk>) => void): void {
    this.#runFor<Read<ImageChunk>>("peer", done, () => {
      const { mark, replica } = this.#current;
      const held = replica.holdings.get(shard);
      const { lane, ports } = this.#options;
      if (held === undefined || held.state !== "served") return NOT_OWNER;
      if (mark === undefined || !this.#isMarked(shard)) {
        return fault("not-ready", 1_000, `shard ${shard} is not in a checkpoint yet; ask again`);
      }
      return read({ epoch: held.epoch, place: { lane, seq: mark.seq }, ...imageRows(ports.store, shard, cursor) });
    });
  }

  /** Whether the newest checkpoint has the shard as it is served now. */
  #isMarked(shard: ShardId): boolean {
    const { mark, replica } = this.#current;
    const held = replica.holdings.get(shard);
    return mark?.held.some((each) => each.shard === shard && each.lane === held?.lane && each.epoch === held.epoch) ?? false;
  }

  #read<T>(done: (result: Read<T>) => void, answer: (turn: Turn) => Read<T>, options?: ReadOptions): void {
    this.#run(done, (turn) => {
      if (options?.strict) turn.entries.push({ entry: "barrier" });
      return answer(turn);
    });
  }

  #runIn<R extends { readonly kind: string }>(
    id: ShardId,
    done: (result: R | Fault) => void,
    decide: (turn: Turn, shard: Shard) => R,
  ): void {
    this.#runFor<R>("peer", done, (turn) => {
      const shard = turn.state.shards[id];
      return shard !== undefined && turn.state.owns(id) ? decide(turn, shard) : NOT_OWNER;
    });
  }

  /** Decides in a turn of its own and answers after the commit. */
  #run<R extends { readonly kind: string }>(done: (result: R | Fault) => void, decide: (turn: Turn) => R | Fault): void {
    this.#runFor<R>("caller", done, decide);
  }

  #runFor<R extends { readonly kind: string }>(
    whom: Asker,
    done: (result: R | Fault) => void,
    decide: (turn: Turn) => R | Fault,
  ): void {
    this.#enter<R>(done, ({ commit }, turn) => commit.answer(done, decide(turn())), whom);
  }

  /** Lets a caller in, who is then told by `work` or by what it starts; refuses when there is no room. */
  #enter<R extends { readonly kind: string }>(
    done: (result: R | Fault) => void,
    work: (incarnation: Incarnation, turn: () => Turn) => void,
    whom: Asker = "caller",
  ): void {
    const refusal = this.#refusal(whom);
    if (refusal !== undefined) return this.#refuse(done, refusal);
    this.stats.commands++;
    const incarnation = this.#current;
    try {
      work(incarnation, () => incarnation.turn());
    } catch (error) {
      this.#break(error);
      this.#refuse(done, fault("outcome-unknown", 1_000, "the member is being rebuilt; retry with the same key"));
    }
  }

  #refuse(done: (fault: Fault) => void, refusal: Fault): void {
    this.#options.ports.clock.soon(() => done(refusal));
  }

  #refusal(whom: Asker): Fault | undefined {
    if (this.#phase !== "serving") return fault("not-ready", 1_000, `the member is ${this.#phase}; retry shortly`);
    const { commit, waiting } = this.#current;
    if (whom === "caller" && waiting >= this.#limits.waitingMax) {
      return fault("too-many-requests", 1_000, `${waiting} requests are waiting for the journal; retry later`);
    }
    const since = commit.uncertainSince;
    if (since !== undefined && this.#options.ports.clock.now() - since > UNCERTAIN_MS_MAX) {
      return fault("not-ready", 1_000, "the journal is not answering; nothing was done; retry shortly");
    }
    return undefined;
  }

  readonly #countReservation = (result: ReserveResult): void => {
    const { reservations } = this.stats;
    const outcome = outcomeOf(result);
    reservations.set(outcome, (reservations.get(outcome) ?? 0) + 1);
  };

  #newIncarnation(): Incarnation {
    const incarnation: Incarnation = new Incarnation({
      ...this.#options,
      bounds: this.#limits,
      stats: this.stats,
      onFenced: () => this.#lose("another writer took the lane"),
      onBroken: (error) => this.#break(error),
      onCheckpoint: (mark) => this.#trim(mark),
      onHostChanged: () => this.#hostChanged(),
    });
    return incarnation;
  }

  #hostChanged(): void {
    this.#options.observer?.hostChanged?.();
  }

  /** Drops memory and takes the lane again. */
  #lose(reason: string): void {
    const { lane, ports } = this.#options;
    this.stats.fenced++;
    ports.log.error({ lane, reason }, "lane lost; memory is dropped and the lane is taken again");
    this.#current.stop(fault("outcome-unknown", 1_000, "another writer took the lane; retry with the same key"));
    if (this.#phase !== "serving") return;
    this.#phase = "recovering";
    this.#hostChanged();
    this.#rejoinLater();
  }

  /** Memory cannot be trusted any more: it is rebuilt, unless what it is rebuilt from is damaged too. */
  #break(error: unknown): void {
    const { lane, ports } = this.#options;
    ports.log.error({ lane, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, "broken invariant");
    if (error instanceof CorruptData) this.#fail(error);
    else this.#lose("a broken invariant");
  }

  #fail(error: Error): void {
    this.#phase = "stopped";
    this.#current.stop(fault("outcome-unknown", 1_000, "the node stops: its data is damaged; retry with the same key"));
    this.#options.observer?.failed?.(error);
  }

  #rejoinLater(): void {
    const { clock, random } = this.#options.ports;
    const delay = this.#rejoinMs * (0.5 + random.uint32() / 2 ** 32);
    this.#rejoinMs = Math.min(this.#rejoinMs * 2, REJOIN_MS_MAX);
    this.#cancelRejoin = clock.after(delay, () => {
      void this.#current.storeIsQuiet.then(() => {
        if (this.#phase !== "recovering") return;
        this.#current = this.#newIncarnation();
        this.start().catch((error: unknown) => this.#onRejoinFailed(error));
      });
    });
  }

  #onRejoinFailed(error: unknown): void {
    const { lane, ports } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    ports.log.error({ lane, error: message }, "taking the lane again failed");
    if (this.#phase !== "recovering") return;
    if (error instanceof CorruptData) this.#fail(error);
    else this.#rejoinLater();
  }

  #trim({ seq }: Mark): void {
    const { trimFloor, ports, lane } = this.#options;
    const passed = Math.min(seq, trimFloor?.() ?? seq);
    const keepFrom = passed - this.#limits.trimMargin;
    if (keepFrom <= 1) return;
    this.#trimming = ports.journal.trim(keepFrom as LaneSeq).catch((error: unknown) => {
      ports.log.warn(
        { lane, keepFrom, error: String(error) },
        "trimming the journal failed; it is tried again after the next checkpoint",
      );
    });
  }

  /** Resolves to true when nothing is in flight any more, to false when that takes too long. */
  #drained(): Promise<boolean> {
    const { clock } = this.#options.ports;
    const deadline = clock.now() + this.#limits.answerMsMax;
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#current.idle) resolve(true);
        else if (clock.now() > deadline) resolve(false);
        else clock.after(5, look);
      };
      look();
    });
  }
}

function read<T>(value: T): Read<T> {
  return { kind: "read", value };
}

function known(record: StockRecord | undefined): StockRecord | undefined {
  return record === undefined || record.version === 0 ? undefined : record;
}

/** Name under which an answer to a reserve command is counted. */
function outcomeOf(result: ReserveResult): string {
  if (result.kind === "fault") return result.code;
  return result.kind === "reserved" && result.repeated ? "repeated" : result.kind;
}

function fault(code: Fault["code"], retryAfterMs: number, detail: string): Fault {
  return { kind: "fault", code, retryAfterMs, detail };
}
