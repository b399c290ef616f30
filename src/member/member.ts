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
import type { Location } from "../shard/index.ts";
import type { Movement, StockRecord } from "../stock/index.ts";
import type {
  Grid,
  MemberPhase,
  MovementResult,
  Read,
  ReadOptions,
  Reserve,
  ReserveResult,
  Transit,
  TransitResult,
} from "./grid.ts";
import { type ImageChunk, type ImageCursor, imageRows } from "./image.ts";
import { Incarnation } from "./incarnation.ts";
import { MemberHost } from "./member-host.ts";
import { move } from "./move.ts";
import { NOT_OWNER } from "./not-owner.ts";
import { DEFAULT_LIMITS, type MemberLimits, type MemberOptions } from "./options.ts";
import { reserve } from "./reserve.ts";
import { type MemberStats, newStats } from "./stats.ts";
import { transit } from "./transit.ts";
import type { Turn } from "./turn.ts";

const REJOIN_MS_FIRST = 50;
const REJOIN_MS_MAX = 5_000;
/** While the outcome of an append has been unknown for longer than this, new work is refused, ms. */
const UNCERTAIN_MS_MAX = 1_000;

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
}

export class Member implements Grid {
  readonly stats: MemberStats = newStats();
  /** What it holds, and how shards come and go. */
  readonly host: ShardHost;
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
    this.host = new MemberHost(options.lane, () => (this.#phase === "serving" ? this.#current : undefined));
  }

  get phase(): MemberPhase {
    return this.#phase;
  }

  /** Callers that wait for a commit. O(1). */
  get waiting(): number {
    return this.#phase === "serving" || this.#phase === "stopping" ? this.#current.commit.waiting : 0;
  }

  gauges(): MemberGauges {
    const { state, timers, checkpointedAt, commit } = this.#current;
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
    };
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
    this.#run(done, (turn) => reserve(turn, command), this.#countReservation);
  }

  transit(command: Transit, done: (result: TransitResult) => void): void {
    this.#run(done, (turn) => transit(turn, command));
  }

  move(movement: Movement, done: (result: MovementResult) => void): void {
    this.#run(done, (turn) => move(turn, movement));
  }

  putLocation(
    location: Omit<Location, "version" | "updatedAt">,
    done: (result: { readonly kind: "created" | "replaced"; readonly location: Location } | Fault) => void,
  ): void {
    this.#run(done, (turn) => {
      const before = turn.state.locations.get(location.id);
      const put: Location = { ...location, version: (before?.version ?? 0) + 1, updatedAt: turn.now };
      turn.state.applyLocation(put);
      turn.entries.push({ entry: "location", location: put });
      return { kind: before === undefined ? ("created" as const) : ("replaced" as const), location: put };
    });
    if (this.#phase === "serving") this.#current.commit.closeBatch();
  }

  reservation(id: ReservationId, done: (result: Read<Reservation | undefined>) => void): void {
    this.#read(done, ({ state }) => {
      const home = state.shardOfReservation(id);
      if (home !== undefined && !state.owns(home.id)) return NOT_OWNER;
      return read(home?.reservation(id)?.value);
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
    this.#read(done, () => {
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

  location(id: LocationId, done: (result: Read<Location | undefined>) => void): void {
    this.#read(done, ({ state }) => read(state.locations.get(id)));
  }

  locations(after: string | undefined, limit: number, done: (result: Read<readonly Location[]>) => void): void {
    this.#read(done, ({ state }) => {
      const ids = [...state.locations.keys()].filter((id) => after === undefined || id > after).sort();
      return read(ids.slice(0, limit).map((id) => state.locations.get(id) as Location));
    });
  }

  #read<T>(done: (result: Read<T>) => void, answer: (turn: Turn) => Read<T>, options?: ReadOptions): void {
    this.#run(done, (turn) => {
      if (options?.strict) turn.entries.push({ entry: "barrier" });
      return answer(turn);
    });
  }

  /** Decides in a turn of its own and answers after the commit; refuses when there is no room. */
  #run<R extends { readonly kind: string }>(
    done: (result: R | Fault) => void,
    decide: (turn: Turn) => R | Fault,
    count?: (result: R | Fault) => void,
  ): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) return this.#refuse(done, refusal, count);
    this.stats.commands++;
    const incarnation = this.#current;
    try {
      const result = decide(incarnation.turn());
      count?.(result);
      incarnation.commit.answer(done, result);
    } catch (error) {
      this.#break(error);
      this.#refuse(done, fault("outcome-unknown", 1_000, "the member is being rebuilt; retry with the same key"), count);
    }
  }

  #refuse(done: (fault: Fault) => void, refusal: Fault, count?: (fault: Fault) => void): void {
    count?.(refusal);
    this.#options.ports.clock.soon(() => done(refusal));
  }

  #refusal(): Fault | undefined {
    if (this.#phase !== "serving") return fault("not-ready", 1_000, `the member is ${this.#phase}; retry shortly`);
    const { commit } = this.#current;
    if (commit.waiting >= this.#limits.waitingMax) {
      return fault("too-many-requests", 1_000, `${commit.waiting} requests are waiting for the journal; retry later`);
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
      this.#current = this.#newIncarnation();
      this.start().catch((error: unknown) => this.#onRejoinFailed(error));
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
        if (this.#current.commit.idle) resolve(true);
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
