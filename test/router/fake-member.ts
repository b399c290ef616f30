/** Members whose answers the test decides, each behind a router of its own, over a network and a clock that only the test moves. */

import type { ShardId } from "../../src/base/index.ts";
import { LocationBook } from "../../src/locations/index.ts";
import type { Answer, Command, LocalMember } from "../../src/router/command.ts";
import { Router, type RouterLimits } from "../../src/router/index.ts";
import { MemoryBucket } from "../support/memory-key-value.ts";
import { MemoryNetwork } from "../support/memory-links.ts";
import { silentLog } from "../support/silent-log.ts";
import { StepClock } from "../support/step-clock.ts";

export const SHARDS = 8;

type Done = (answer: Answer) => void;

export class FakeMember implements LocalMember {
  readonly served = new Set<number>();
  readonly commands: Command[] = [];
  /** What it answers; undefined for never. */
  answer: (command: Command) => Answer | undefined = () => ({ kind: "applied", version: 1 });
  /** The callback of the newest command, as it was given. */
  done: unknown;
  readonly #clock: StepClock;

  constructor(clock: StepClock) {
    this.#clock = clock;
  }

  serves(shard: ShardId): boolean {
    return this.served.has(shard);
  }

  #take(command: Command, done: Done): void {
    this.commands.push(command);
    this.done = done;
    const answer = this.answer(command);
    if (answer !== undefined) this.#clock.soon(() => done(answer));
  }

  readonly reserve: LocalMember["reserve"] = (reserve, done) => this.#take({ op: "reserve", reserve }, done as Done);
  readonly transit: LocalMember["transit"] = (transit, done) => this.#take({ op: "transit", transit }, done as Done);
  readonly move: LocalMember["move"] = (movement, done) => this.#take({ op: "move", movement }, done as Done);
  readonly reservation: LocalMember["reservation"] = (id, done) => this.#take({ op: "reservation", id }, done as Done);
  readonly stock: LocalMember["stock"] = (sku, done, options) =>
    this.#take({ op: "stock", sku, strict: options?.strict === true }, done as Done);
  readonly record: LocalMember["record"] = (sku, location, done, options) =>
    this.#take({ op: "record", sku, location, strict: options?.strict === true }, done as Done);
  readonly availability: LocalMember["availability"] = (skus, locations, done) =>
    this.#take({ op: "availability", skus, locations }, done as Done);
  readonly hold: LocalMember["hold"] = (shard, ask, done) => this.#take({ op: "hold", shard, ask }, done as Done);
  readonly follow: LocalMember["follow"] = (shard, ask, done) => this.#take({ op: "follow", shard, ask }, done as Done);
  readonly claimMovement: LocalMember["claimMovement"] = (shard, ask, done) =>
    this.#take({ op: "claimMovement", shard, ask }, done as Done);
  readonly freeMovement: LocalMember["freeMovement"] = (shard, ask, done) =>
    this.#take({ op: "freeMovement", shard, ask }, done as Done);
}

export interface Place {
  readonly lane: string;
  readonly member: FakeMember;
  readonly router: Router;
  readonly book: LocationBook;
}

export class FakeCluster {
  readonly clock = new StepClock();
  readonly network = new MemoryNetwork((run) => this.clock.soon(run));
  readonly bucket = new MemoryBucket();
  /** The map as every router sees it. */
  readonly owners = new Map<number, string>();
  readonly #places = new Map<string, Place>();
  readonly #random = { uint32: () => 2 ** 31 };

  async add(lane: string, limits: Partial<RouterLimits> = {}): Promise<Place> {
    const member = new FakeMember(this.clock);
    const book = new LocationBook(this.bucket.view(), this.clock);
    await book.settled;
    const router = new Router({
      lane,
      shards: SHARDS,
      member,
      locations: book,
      ownerOf: (shard) => this.owners.get(shard),
      links: this.network.link(lane),
      clock: this.clock,
      random: this.#random,
      log: silentLog,
      limits,
    });
    const place = { lane, member, router, book };
    this.#places.set(lane, place);
    return place;
  }

  /** The map names `lane` for the shard, and it serves it, unless told otherwise. Routers are told of the change. */
  own(lane: string, shards: Iterable<number>, serves = true): void {
    for (const shard of shards) {
      this.owners.set(shard, lane);
      for (const place of this.#places.values()) place.member.served.delete(shard);
      if (serves) this.#places.get(lane)?.member.served.add(shard);
    }
    for (const place of this.#places.values()) place.router.ownersChanged();
  }

  disown(shard: number): void {
    this.owners.delete(shard);
    for (const place of this.#places.values()) place.member.served.delete(shard);
  }
}
