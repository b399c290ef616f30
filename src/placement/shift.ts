/**
 * The work of one member under one writer epoch: it looks, starts what the host has to do, and says which claims and standbys the map should get. Decided
 * anew in each pass from what is there; what it remembers is only what it has asked for, and ends with the tenure.
 *
 * S1. A claim is adopted only when it names this member and this tenure's writer. Such a claim was won by a compare-and-set of this tenure, so no map from
 *     before the tenure can lead to an adoption.
 * S2. A claim under which the shard was released is not adopted again (G1 in gifts.ts).
 * S3. A claim is proposed only when the writer of the one before is done: never claimed, released by it, fenced by a seal, or an earlier writer of the own lane.
 */

import type { LanePlace, ShardId } from "../base/index.ts";
import type { Log } from "../ports/index.ts";
import {
  eachClaim,
  heirOf,
  holdsIn,
  isMine,
  isNeeded,
  isServed,
  isWarm,
  isWhole,
  lossOf,
  ownAgain,
  type Part,
  partIn,
  rankAmongStandbys,
  type View,
} from "./duties.ts";
import { Gifts, UNCLAIMED_MS } from "./gifts.ts";
import type { NewClaim } from "./map-changes.ts";
import type { Adoption, Released, ShardHost, ShardSource } from "./shard-host.ts";
import type { ShardClaim } from "./shard-map.ts";
import { type Lost, Takeovers } from "./takeovers.ts";
import { Takes } from "./takes.ts";

/** How long a standby waits for each one that comes before it. */
const TURN_MS = 3_000;
const ADOPT_AGAIN_MS = 500;
/**
 * A shard that came from another member stays for so long, and a standby that was struck out waits for so long: two members that see different members would
 * hand the shard to and fro, or list and strike, at the speed of the map.
 */
const REST_MS = 2_000;
/** A standby that is filling for longer is not one for the time being. */
const COLD_MS = 2_000;

/** When a claim of this tenure could not be adopted for so long, it never will be: the shard is left to others. */
const HOPELESS_MS = 5_000;

/** Why a shard is claimed. */
export type Cause = "first" | "again" | "move" | "unclaimed" | "failover";

export interface Proposal {
  readonly claims: readonly (NewClaim & { readonly cause: Cause })[];
  /** Shards that this member follows now. */
  readonly standBy: readonly ShardId[];
  /** Standbys to strike out, by lane. */
  readonly strike: ReadonlyMap<string, readonly ShardId[]>;
}

export interface ShiftCounts {
  adoptions: number;
  releases: number;
}

export interface ShiftOptions {
  readonly host: ShardHost;
  readonly log: Log;
  /** Milliseconds of the keeper's own ticks: stands still while the process does, never jumps. */
  readonly elapsedMs: () => number;
  readonly poke: () => void;
  readonly counts: ShiftCounts;
  /** The map gives a shard that this member serves to another: its lane must have been sealed. */
  readonly onOutlived: (shard: ShardId, claim: ShardClaim) => void;
  /** The shard is this member's to serve, and it cannot: the state that the claim rests on is not held any more. */
  readonly onHopeless: (shard: ShardId, claim: ShardClaim) => void;
}

interface Try {
  readonly epoch: number;
  isRunning: boolean;
  /** Once one of a batch was refused each is tried by itself, so that it does not hold up the others. */
  isAlone: boolean;
  againMs: number;
  readonly begunMs: number;
}

export class Shift {
  readonly takes: Takes;
  readonly takeovers: Takeovers;
  readonly #options: ShiftOptions;
  readonly #gifts: Gifts;
  readonly #tries = new Map<ShardId, Try>();
  /** When the present claim of a shard that came from another member was first seen. */
  readonly #arrivals = new Map<ShardId, { readonly epoch: number; readonly ms: number }>();
  /** When this member was last seen among the standbys of a claim. */
  readonly #listed = new Map<ShardId, { readonly epoch: number; readonly ms: number }>();
  /** When a loss was first seen, by owner and writer. */
  readonly #lossMs = new Map<string, number>();

  constructor(options: ShiftOptions) {
    const { host, elapsedMs, poke, log } = options;
    this.#options = options;
    this.takes = new Takes(host, elapsedMs, poke, log);
    this.takeovers = new Takeovers(host, this.takes, elapsedMs, poke, log);
    this.#gifts = new Gifts(host, elapsedMs, poke, log);
  }

  /** One pass. Starts what has to be done by the host and returns what the map should get. O(shards). */
  work(view: View): Proposal {
    this.#forgetWhatIsOver(view);
    this.#adopt(view);
    this.#giveAway(view);
    this.#takeCopies(view);
    this.#takeOver(view);
    this.#discard(view);
    return { claims: this.#claims(view), standBy: this.#warmed(view), strike: this.#struck(view) };
  }

  #forgetWhatIsOver(view: View): void {
    eachClaim(view.map, (claim, shard) => {
      this.#gifts.forget(shard, (epoch) => epoch < claim.epoch);
      if ((this.takeovers.ready.get(shard)?.epoch ?? claim.epoch) < claim.epoch) this.takeovers.ready.delete(shard);
      const attempt = this.#tries.get(shard);
      if (attempt !== undefined && (attempt.epoch < claim.epoch || isServed(view.holding(shard)))) this.#tries.delete(shard);
    });
  }

  #adopt(view: View): void {
    const batch: Adoption[] = [];
    eachClaim(view.map, (claim, shard) => {
      if (!isMine(view, claim) || isServed(view.holding(shard)) || this.#gifts.isGiven(shard, claim.epoch)) return;
      const attempt = this.#tries.get(shard);
      if (attempt !== undefined && (attempt.isRunning || attempt.againMs > this.#options.elapsedMs())) return;
      const adoption = { shard, epoch: claim.epoch, origin: claim.origin };
      if (attempt !== undefined && this.#options.elapsedMs() - attempt.begunMs > HOPELESS_MS)
        this.#options.onHopeless(shard, claim);
      if (attempt?.isAlone === true) this.#adoptThese(view, [adoption]);
      else batch.push(adoption);
    });
    if (batch.length > 0) this.#adoptThese(view, batch);
  }

  #adoptThese(view: View, adoptions: readonly Adoption[]): void {
    const { host, counts, log, poke, elapsedMs } = this.#options;
    const tries = adoptions.map(({ shard, epoch }): Try => {
      const begunMs = this.#tries.get(shard)?.begunMs ?? elapsedMs();
      const attempt = { epoch, isRunning: true, isAlone: false, againMs: 0, begunMs };
      this.#tries.set(shard, attempt);
      return attempt;
    });
    const finish = (isAlone: boolean): void => {
      for (const attempt of tries) Object.assign(attempt, { isRunning: false, isAlone, againMs: elapsedMs() + ADOPT_AGAIN_MS });
      poke();
    };
    host.adopt(view.tenure.writer, adoptions).then(
      () => {
        counts.adoptions += adoptions.length;
        finish(false);
      },
      (error: unknown) => {
        log.warn({ error, shards: adoptions.map(({ shard }) => shard) }, "could not adopt shards; trying again");
        finish(true);
      },
    );
  }

  #giveAway(view: View): void {
    if (view.placed === undefined) return;
    const groups = new Map<string, { shard: ShardId; epoch: number }[]>();
    eachClaim(view.map, (claim, shard) => {
      if (!isMine(view, claim) || view.holding(shard)?.state !== "served" || this.#gifts.isGiven(shard, claim.epoch)) return;
      if (this.#isResting(view, claim, shard)) return;
      const heir = heirOf(view, claim, shard);
      if (heir === undefined) return;
      const group = groups.get(heir) ?? [];
      if (group.length >= this.#gifts.roomFor(heir)) return;
      group.push({ shard, epoch: claim.epoch });
      groups.set(heir, group);
    });
    for (const [heir, shards] of groups) {
      this.#gifts.give(view.tenure.writer, shards, heir);
      this.#options.counts.releases += shards.length;
    }
  }

  #isResting(view: View, { epoch, origin }: ShardClaim, shard: ShardId): boolean {
    if (view.isLeaving || origin.kind !== "place" || origin.lane === view.lane) return false;
    const now = this.#options.elapsedMs();
    const arrival = this.#arrivals.get(shard);
    if (arrival?.epoch === epoch) return now - arrival.ms < REST_MS;
    this.#arrivals.set(shard, { epoch, ms: now });
    return true;
  }

  #takeCopies(view: View): void {
    const wishes: { shard: ShardId; source: ShardSource; part: Part }[] = [];
    eachClaim(view.map, (claim, shard) => {
      const holding = view.holding(shard);
      if (claim.owner === view.lane || claim.owner === "" || isServed(holding)) return;
      if (isWarm(claim, holding) && holding?.unsettled !== true) return;
      const part = partIn(view, claim, shard);
      if (part !== undefined) wishes.push({ shard, source: claim, part });
    });
    for (const part of ["owner", "standby", "spare"]) {
      for (const wish of wishes) if (wish.part === part) this.#take(view, wish.shard, wish.source);
    }
  }

  #take(view: View, shard: ShardId, source: ShardSource): void {
    const holding = view.holding(shard);
    this.takes.ask(shard, source, holding === undefined || !isWhole(holding));
  }

  #takeOver(view: View): void {
    const lost = new Map<string, Lost[]>();
    const seen = new Set<string>();
    eachClaim(view.map, (claim, shard) => {
      const loss = lossOf(view, claim);
      if (loss === undefined) return;
      const key = `${claim.owner} ${claim.writer} ${loss}`;
      seen.add(key);
      const ageMs = this.#lossAgeMs(key);
      const rank = rankAmongStandbys(view, claim);
      if (rank === undefined || this.takeovers.ready.has(shard)) return;
      if (ageMs < rank * TURN_MS + (loss === "restarted" ? UNCLAIMED_MS : 0)) return;
      const ofOwner = lost.get(claim.owner) ?? [];
      ofOwner.push({ shard, claim });
      lost.set(claim.owner, ofOwner);
    });
    for (const key of this.#lossMs.keys()) if (!seen.has(key)) this.#lossMs.delete(key);
    for (const [owner, shards] of lost) this.takeovers.begin(owner, shards);
  }

  #lossAgeMs(key: string): number {
    const now = this.#options.elapsedMs();
    const since = this.#lossMs.get(key) ?? now;
    this.#lossMs.set(key, since);
    return now - since;
  }

  #discard(view: View): void {
    if (view.placed === undefined || view.isUncertain) return;
    eachClaim(view.map, (claim, shard) => {
      const holding = view.holding(shard);
      if (holding === undefined || claim.owner === view.lane || claim.owner === "") return;
      if (holding.state === "served" && holding.epoch < claim.epoch) this.#options.onOutlived(shard, claim);
      if (isServed(holding) || claim.standbys.includes(view.lane) || partIn(view, claim, shard) !== undefined || view.isLeaving)
        return;
      this.takes.forget(shard);
      this.takeovers.ready.delete(shard);
      this.#options.host.discard(shard);
    });
  }

  #claims(view: View): Proposal["claims"] {
    const released = new Map<ShardId, Released>();
    for (const one of this.#options.host.released()) released.set(one.shard, one);
    const claims: (NewClaim & { cause: Cause })[] = [];
    for (let shard = 0; shard < view.map.shards; shard++) {
      const claim = this.#claimOf(view, shard as ShardId, released.get(shard as ShardId));
      if (claim !== undefined) claims.push(claim);
    }
    return claims;
  }

  #claimOf(view: View, shard: ShardId, released: Released | undefined): Proposal["claims"][number] | undefined {
    const before = view.map.claims[shard];
    const next = {
      shard,
      owner: view.lane,
      writer: view.tenure.writer,
      epoch: (before?.epoch ?? 0) + 1,
      at: view.tenure.position,
    };
    if (before === undefined || before.owner === "") {
      const origin = this.#originOfFree(view, before, shard);
      return origin && { ...next, origin, cause: "first" };
    }
    if (before.owner === view.lane) return this.#claimAgain(view, before, next);
    const ready = this.takeovers.ready.get(shard);
    if (ready?.epoch === before.epoch && !view.isLeaving && holdsIn(view.holding(shard), ready.origin)) {
      return { ...next, origin: ready.origin, without: ready.without, cause: "failover" };
    }
    if (released === undefined || view.isLeaving || released.epoch !== before.epoch || released.place.lane !== before.owner)
      return undefined;
    if (!holdsIn(view.holding(shard), { kind: "place", ...released.place })) return undefined;
    const keeper = view.isServing(before.owner) ? { keeper: before.owner } : {};
    return { ...next, origin: { kind: "place", ...released.place }, cause: "move", ...keeper };
  }

  #claimAgain(view: View, before: ShardClaim, next: Omit<NewClaim, "origin">): Proposal["claims"][number] | undefined {
    if (isMine(view, before)) {
      const end: LanePlace = { lane: view.lane, seq: view.tenure.position };
      const place = this.#gifts.unclaimed(next.shard, before.epoch, end, view.isServing);
      return place && { ...next, origin: { kind: "place", ...place }, cause: "unclaimed" };
    }
    if (before.writer > view.tenure.writer || view.isLeaving) return undefined;
    const origin = ownAgain(view, before, next.shard);
    if (origin === undefined || (origin.kind === "image" && !this.#hasImage(before, next.shard))) return undefined;
    return { ...next, origin, cause: "again" };
  }

  /** A shard that nobody owns goes to whom it is placed with; from an image, once that is loaded. */
  #originOfFree(view: View, before: ShardClaim | undefined, shard: ShardId): NewClaim["origin"] | undefined {
    if (view.placed?.[shard]?.owner !== view.lane || view.isLeaving) return undefined;
    const origin = before?.origin ?? { kind: "new" };
    if (before === undefined || origin.kind === "new" || this.#hasImage(before, shard)) return origin;
    return undefined;
  }

  #hasImage(before: ShardClaim, shard: ShardId): boolean {
    if (this.takes.isTaken(shard, before.epoch)) return true;
    this.takes.ask(shard, before, true);
    return false;
  }

  #warmed(view: View): ShardId[] {
    const shards: ShardId[] = [];
    eachClaim(view.map, (claim, shard) => {
      if (claim.owner === view.lane || this.#isListed(view, claim, shard)) return;
      const holding = view.holding(shard);
      const canContinue = isWarm(claim, holding) || (isNeeded(claim, holding) && this.takes.wasAsked(shard, claim.epoch));
      if (canContinue && partIn(view, claim, shard) !== undefined) shards.push(shard);
    });
    return shards;
  }

  /** It is, or was under this claim until just now: whoever struck it out does not see it, and would do so again. */
  #isListed(view: View, { epoch, standbys }: ShardClaim, shard: ShardId): boolean {
    const now = this.#options.elapsedMs();
    if (standbys.includes(view.lane)) {
      this.#listed.set(shard, { epoch, ms: now });
      return true;
    }
    const listed = this.#listed.get(shard);
    return listed?.epoch === epoch && now - listed.ms < REST_MS;
  }

  /** Itself where it has no copy or is one too many; from its own shards, who is not there any more. */
  #struck(view: View): Map<string, ShardId[]> {
    const strike = new Map<string, ShardId[]>();
    const add = (lane: string, shard: ShardId): void => {
      const shards = strike.get(lane);
      if (shards === undefined) strike.set(lane, [shard]);
      else shards.push(shard);
    };
    eachClaim(view.map, (claim, shard) => {
      if (claim.standbys.includes(view.lane) && this.#isNoStandby(view, claim, shard)) add(view.lane, shard);
      if (!isMine(view, claim)) return;
      for (const lane of claim.standbys) if (!view.isAlive(lane)) add(lane, shard);
    });
    return strike;
  }

  #isNoStandby(view: View, claim: ShardClaim, shard: ShardId): boolean {
    const holding = view.holding(shard);
    if (holding === undefined || holding.state === "stale") return true;
    if (holding.state === "filling") return (this.takes.ageMs(shard, claim.epoch) ?? 0) > COLD_MS;
    return view.placed !== undefined && !view.isLeaving && partIn(view, claim, shard) === undefined;
  }
}
