/**
 * The loop that keeps shards in their places, for one member: beats, the map, the host, and a pass over all of them whenever one changes and on a timer.
 *
 * K1. Level-triggered: a pass decides from what is there now. A lost call-back costs a tick, a crash between two steps is mended by the next pass.
 * K2. Safety never rests on time. Time is counted in own ticks, so that neither a jumping clock nor a pause makes anything look old.
 * K3. Which shards are claimed, S1 to S3 in shift.ts; how the map is changed, C1 to C3 in map-cell.ts.
 */

import type { LaneSeq, ShardId } from "../base/index.ts";
import type { Clock, KeyValue, Log } from "../ports/index.ts";
import { Beats } from "./beats.ts";
import { bestFirst, eachClaim, isGivenAndNotDurable, isGivenBy, isServed, type View } from "./duties.ts";
import { MapCell } from "./map-cell.ts";
import { addStandby, claim, drain, pin, removeStandby, undrain, unpin } from "./map-changes.ts";
import type { MemberInfo } from "./membership.ts";
import { Owners } from "./owners.ts";
import { type Placement, place } from "./place.ts";
import type { ShardHost } from "./shard-host.ts";
import { type Cause, type Proposal, Shift } from "./shift.ts";
import { type ClusterStatus, clusterStatus } from "./status.ts";

const TICK_MS = 25;
/** Without a sign that something changed, one tick in so many makes a pass. */
const TICKS_A_PASS = 4;
/** A member that wrote nothing for so many ticks, five seconds, writes a barrier: whoever sealed its lane meanwhile may have claimed nothing that would show. */
const TICKS_A_PROBE = 200;
/** How long a leaving member waits for the others to take its shards. */
export const LEAVE_MS = 20_000;

export interface KeeperOptions {
  readonly host: ShardHost;
  /** Bucket of the shard map. */
  readonly state: KeyValue;
  /** Bucket of the beats. */
  readonly members: KeyValue;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
  readonly version: string;
  readonly httpUrl: string;
  /** Shards of a cluster that is started for the first time. */
  readonly shards: number;
  /** Standbys of each shard, 1 unless said. */
  readonly standbys?: number;
  /** The node has to stop: the map has another number of shards, or cannot be read. */
  readonly onFatal: (error: Error) => void;
}

/** Counted since the start. */
export interface KeeperCounts {
  /** Claims won, all causes. */
  readonly claims: number;
  /** Of them: shards taken from an owner that released them. */
  readonly moves: number;
  /** Of them: shards taken over from a lane that was sealed. */
  readonly failovers: number;
  /** Lanes sealed, or found sealed. */
  readonly seals: number;
  readonly adoptions: number;
  readonly releases: number;
  /** Changes of the map that another member was faster than. */
  readonly mapConflicts: number;
  /** Changes of the map whose outcome was unknown. */
  readonly mapUnknown: number;
}

export class Keeper {
  readonly beats: Beats;
  readonly owners = new Owners();
  readonly #options: KeeperOptions;
  readonly #cell: MapCell;
  readonly #won: Record<Cause, number> = { first: 0, again: 0, move: 0, unclaimed: 0, failover: 0 };
  readonly #counts = { adoptions: 0, releases: 0 };
  /** Seals of shifts that are over. */
  #sealsBefore = 0;
  #shift: { readonly writer: number; readonly work: Shift } | undefined;
  #placed: { readonly key: string; readonly placements: readonly Placement[] } | undefined;
  /** At the last pass; 0 for none. */
  #lastWriter = 0;
  #ticks = 0;
  /** Of the own lane, when it was looked at last. */
  #probedAt: LaneSeq | undefined;
  #isPoked = false;
  #isLeaving = false;
  #isStopped = false;
  #cancelTick: () => void = () => undefined;
  #onGone: (() => void) | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    const { host, state, members, clock, log, shards, node, version, httpUrl } = options;
    const self = { lane: host.lane, node, version, httpUrl };
    this.beats = new Beats({ bucket: members, clock, log, self, durable: () => host.durable() });
    this.#cell = new MapCell({
      bucket: state,
      clock,
      log,
      shards,
      whyNotFirst: () => whyNotFirst(host),
      onChange: () => this.poke(),
      onFatal: (error) => {
        log.error({ error }, "the shard map cannot be used");
        options.onFatal(error);
      },
    });
  }

  start(): void {
    this.beats.onChange(() => this.poke());
    this.beats.start();
    this.#cell.start();
    this.#tick();
  }

  /** Something changed at the host: a pass follows once the present input is handled. Never needed, but a tick faster. */
  poke(): void {
    if (this.#isPoked || this.#isStopped) return;
    this.#isPoked = true;
    this.#options.clock.soon(() => {
      this.#isPoked = false;
      this.#pass();
    });
  }

  /** Stops at once and says nothing: the others find out by themselves. */
  async stop(): Promise<void> {
    this.#halt();
    await this.beats.stop();
  }

  /**
   * Hands all shards to warm standbys, takes leave and stops. Resolves when nothing is owned any more, nobody is there to take over, or `deadlineMs` have passed; to
   * the number of shards that are left, which the others take over by sealing the lane.
   */
  async leave(deadlineMs: number = LEAVE_MS): Promise<number> {
    this.#isLeaving = true;
    this.poke();
    if (!this.#isStopped) await this.#gone(deadlineMs);
    const left = this.#ownedCount();
    this.#halt();
    await this.beats.leave();
    return left;
  }

  /** The node is to own nothing until `undrain`. Resolves once the map says so. */
  drain(node: string): Promise<void> {
    return this.#cell.edit((map) => drain(map, node));
  }

  undrain(node: string): Promise<void> {
    return this.#cell.edit((map) => undrain(map, node));
  }

  /** The shard is to be at the member for as long as that is there. Resolves once the map says so, before the move. Rejects for an unknown shard. */
  pin(shard: ShardId, lane: string): Promise<void> {
    return this.#cell.edit((map) => pin(map, shard, lane));
  }

  unpin(shard: ShardId): Promise<void> {
    return this.#cell.edit((map) => unpin(map, shard));
  }

  /** Undefined before the map was read. O(shards). */
  status(): ClusterStatus | undefined {
    const { map, revision } = this.#cell;
    if (map === undefined) return undefined;
    const { host } = this.#options;
    const holding = (shard: ShardId): ReturnType<ShardHost["holding"]> => host.holding(shard);
    return clusterStatus({ lane: host.lane, map, revision, beats: this.beats, placed: this.#placed?.placements, holding });
  }

  counts(): KeeperCounts {
    const { move, failover, ...others } = this.#won;
    const claims = move + failover + others.first + others.again + others.unclaimed;
    const seals = this.#sealsBefore + (this.#shift?.work.takeovers.seals ?? 0);
    const { conflicts: mapConflicts, unknown: mapUnknown } = this.#cell.counts;
    return { claims, moves: move, failovers: failover, seals, ...this.#counts, mapConflicts, mapUnknown };
  }

  /** Nothing of its own is left to be taken or given at the start: every shard is claimed, and what the map gives to this member is served. O(shards). */
  get isSettled(): boolean {
    const { map } = this.#cell;
    const { host } = this.#options;
    if (map === undefined || !this.beats.isReady || host.tenure() === undefined) return false;
    return map.claims.every(
      (one, shard) =>
        one !== undefined && one.owner !== "" && (one.owner !== host.lane || isServed(host.holding(shard as ShardId))),
    );
  }

  /** The member whose node publishes the feed: the first by name that serves. A hint: the feed's own stream fences. Undefined before anyone is known. */
  leader(): { readonly lane: string; readonly node: string } | undefined {
    if (!this.beats.isReady) return undefined;
    return this.#serving().reduce<MemberInfo | undefined>(
      (first, one) => (first === undefined || one.lane < first.lane ? one : first),
      undefined,
    );
  }

  /**
   * How far the own lane may be trimmed: what every follower has in its checkpoints, and not beyond where a claim of this member was made that it does not
   * serve, since others have to see there whether it was ever adopted. Not at all while a shard continues from here with an owner that has not told yet how far its
   * checkpoint has this lane: without the rest of it, it could not come back after a crash. O(shards).
   */
  trimFloor(): LaneSeq {
    const { host } = this.#options;
    const { map } = this.#cell;
    if (map === undefined) return 0 as LaneSeq;
    let floor: number = this.beats.durableWithOthers(host.lane) ?? Number.MAX_SAFE_INTEGER;
    eachClaim(map, (claim, shard) => {
      const { owner, at } = claim;
      if (owner === host.lane && !isServed(host.holding(shard))) floor = Math.min(floor, at);
      if (isGivenBy(host.lane, claim) && !this.#hasTold(owner, at)) floor = 0;
    });
    return floor as LaneSeq;
  }

  /** The member's checkpoint, as it last told, is behind its claim at `at`, or says how far it has the own lane. */
  #hasTold(owner: string, at: LaneSeq): boolean {
    const told = this.beats.member(owner)?.durable;
    return told !== undefined && ((told[owner] ?? 0) > at || told[this.#options.host.lane] !== undefined);
  }

  /** Shards the map gives to this member, served or not. */
  get owned(): number {
    return this.#ownedCount();
  }

  #gone(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(deadlineMs, resolve);
      this.#onGone = () => {
        cancel();
        resolve();
      };
    });
  }

  #halt(): void {
    this.#isStopped = true;
    this.#cancelTick();
    this.#cell.stop();
  }

  #tick(): void {
    if (this.#isStopped) return;
    this.#cancelTick = this.#options.clock.after(TICK_MS, () => this.#tick());
    this.#ticks++;
    if (this.#ticks % TICKS_A_PROBE === 0) this.#probe();
    if (this.#ticks % TICKS_A_PASS === 0 || this.#hasNews()) this.#pass();
  }

  #probe(): void {
    const { host } = this.#options;
    const position = host.tenure()?.position;
    if (position !== undefined && position === this.#probedAt) host.probe();
    this.#probedAt = position;
  }

  /** What a host that calls nobody back shows by itself. */
  #hasNews(): boolean {
    const { host } = this.#options;
    if ((host.tenure()?.writer ?? 0) !== this.#lastWriter) return true;
    for (const _ of host.released()) return true;
    return false;
  }

  #pass(): void {
    if (this.#isStopped) return;
    const { map } = this.#cell;
    if (map !== undefined) this.owners.show(map);
    const view = this.#view();
    const proposal = view && this.#shift?.work.work(view);
    if (proposal !== undefined || this.#cell.hasEdits) this.#change(view, proposal);
    if (this.#isLeaving && this.#isDone(view)) this.#onGone?.();
  }

  #change(view: View | undefined, proposal: Proposal | undefined): void {
    const { lane } = this.#options.host;
    const changed = this.#cell.tryChange((map) => {
      if (proposal === undefined || view === undefined) return map;
      let next = claim(map, proposal.claims);
      next = addStandby(next, lane, proposal.standBy, (shard, standbys) => bestFirst(view.placed?.[shard], standbys));
      for (const [other, shards] of proposal.strike) next = removeStandby(next, other, shards);
      return next;
    });
    void changed?.then((isWon) => {
      if (isWon) for (const { cause } of proposal?.claims ?? []) this.#won[cause]++;
    });
  }

  /** Undefined while there is no map or no tenure. Begins a new shift with a new tenure. */
  #view(): View | undefined {
    const { host } = this.#options;
    const tenure = host.tenure();
    this.#lastWriter = tenure?.writer ?? 0;
    this.#relieve(tenure?.writer);
    this.beats.announce(this.#isLeaving ? "leaving" : tenure === undefined ? "joining" : "serving", tenure?.writer ?? 0);
    const { map } = this.#cell;
    if (map === undefined || tenure === undefined) return undefined;
    const { beats } = this;
    const isAlive = (lane: string): boolean => !beats.suspected(lane);
    return {
      lane: host.lane,
      tenure,
      map,
      isLeaving: this.#isLeaving,
      placed: this.#place(),
      isUncertain: this.#cell.isUncertain,
      holding: (shard) => host.holding(shard),
      isAlive,
      isServing: (lane) => isAlive(lane) && beats.member(lane)?.state === "serving",
      writerOf: (lane) => beats.member(lane)?.writer ?? 0,
      durableOf: (lane) => beats.member(lane)?.durable[lane] ?? 0,
    };
  }

  /** What was released under a writer is remembered for as long as that may come back. */
  #relieve(writer: number | undefined): void {
    if (writer === undefined || writer === this.#shift?.writer) return;
    this.#sealsBefore += this.#shift?.work.takeovers.seals ?? 0;
    const { host, log } = this.#options;
    const options = {
      host,
      log,
      elapsedMs: () => this.#ticks * TICK_MS,
      poke: () => this.poke(),
      counts: this.#counts,
      onOutlived: (shard: ShardId) => {
        log.warn({ shard, writer }, "a shard that is served here has another owner: the lane must have been sealed");
        host.probe();
      },
      onHopeless: (shard: ShardId) => {
        log.error(
          { shard, writer },
          "a shard of this member cannot be adopted: the member steps down, so that another can take it",
        );
        host.stepDown();
      },
    };
    this.#shift = { writer, work: new Shift(options) };
  }

  /** Made anew only when who is there, or what the operator wants, changed. */
  #place(): readonly Placement[] | undefined {
    const { map } = this.#cell;
    if (map === undefined || !this.beats.isReady) return undefined;
    const serving = this.#serving();
    const key = JSON.stringify([serving.map(({ lane, node }) => [lane, node]), map.draining, [...map.pins]]);
    if (key !== this.#placed?.key) {
      const { draining, pins } = map;
      const placements = place(serving, map.shards, { draining, pins, standbys: this.#options.standbys ?? 1 });
      this.#placed = { key, placements };
    }
    return this.#placed.placements;
  }

  #serving(): MemberInfo[] {
    return this.beats.members().filter(({ lane, state }) => state === "serving" && !this.beats.suspected(lane));
  }

  #isDone(view: View | undefined): boolean {
    if (this.beats.isReady && !this.#serving().some(({ lane }) => lane !== this.#options.host.lane)) return true;
    const { map } = this.#cell;
    if (map === undefined || this.#ownedCount() > 0) return false;
    return view === undefined || !map.claims.some((claim) => claim !== undefined && isGivenAndNotDurable(view, claim));
  }

  #ownedCount(): number {
    const { host } = this.#options;
    return (
      this.#cell.map?.claims.filter((one, shard) => one?.owner === host.lane || isServed(host.holding(shard as ShardId)))
        .length ?? 0
    );
  }
}

function whyNotFirst(host: ShardHost): string | undefined {
  for (const { shard } of host.holdings()) return `this member holds shard ${shard}`;
  return undefined;
}
