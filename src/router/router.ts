/**
 * The grid as a front end of any member sees it: a command goes to the owner of its shard, wherever that is. And the other side of it: what peers ask
 * of the shards of this member.
 *
 * P1. A command for a shard that the own member serves is a plain call of it.
 * P2. No caller sees `not-owner`: a shard that moves is waited for, see calls.ts.
 * P3. A peer's command is given to the own member or answered `not-owner`; it is never passed on.
 */

import type { Fault, LocationId, ReservationId, ShardId, Sku } from "../base/index.ts";
import type { LocationBook, NewLocation, PutLocation } from "../locations/index.ts";
import {
  type FollowAnswer,
  type FollowAsk,
  firstSku,
  type Grid,
  type HoldAnswer,
  type HoldAsk,
  type MovementClaimAnswer,
  type MovementClaimAsk,
  type MovementResult,
  type Peers,
  type Read,
  type ReadOptions,
  type Reserve,
  type ReserveResult,
  type Transit,
  type TransitResult,
} from "../member/index.ts";
import type { Clock, Links, Log, Random } from "../ports/index.ts";
import { type Reservation, skuHashOfReservationId } from "../reservation/index.ts";
import type { Location } from "../shard/index.ts";
import type { Movement, StockRecord } from "../stock/index.ts";
import { type CallPorts, Calls, DEFAULT_ROUTER_LIMITS, type RouterLimits, type RouterObserver } from "./calls.ts";
import { type Answer, type Command, type LocalMember, shardOf, shardOfSku } from "./command.ts";
import { Desk, fault, notOwner } from "./desk.ts";
import { Gather } from "./gather.ts";
import { decodeMessage, encodeAnswer } from "./wire.ts";

export interface RouterOptions {
  /** The own one. */
  readonly lane: string;
  /** Shards of the cluster. */
  readonly shards: number;
  readonly member: LocalMember;
  readonly locations: LocationBook;
  /** Lane of the member that may serve the shard, undefined while nobody may. Call `ownersChanged` when it would answer differently. */
  readonly ownerOf: (shard: ShardId) => string | undefined;
  /** A channel of its own, see splitLinks. The router takes its receiver. */
  readonly links: Links;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits?: Partial<RouterLimits>;
  readonly observer?: RouterObserver;
}

/** Done callbacks of one operation take the answers of that operation alone; which those are is the owner's member's to know. */
type AnyDone = (answer: Answer) => void;

export class Router implements Grid, Peers {
  readonly #member: LocalMember;
  readonly #shards: number;
  readonly #book: LocationBook;
  readonly #options: RouterOptions;
  readonly #desk: Desk;
  readonly #calls: Calls;

  constructor(options: RouterOptions) {
    const { member, locations, shards, links } = options;
    this.#options = options;
    this.#member = member;
    this.#shards = shards;
    this.#book = locations;
    this.#desk = new Desk(member, locations, shards);
    const ports: CallPorts = { ...options, desk: this.#desk };
    this.#calls = new Calls(ports, { ...DEFAULT_ROUTER_LIMITS, ...options.limits });
    links.receive((from, message) => this.#onMessage(from, message));
  }

  /** Calls under way that are not plain calls of the own member. */
  get pending(): number {
    return this.#calls.pending;
  }

  /** Times a call was tried again, since the start. */
  get retries(): number {
    return this.#calls.retries;
  }

  ownersChanged(): void {
    this.#calls.ownersChanged();
  }

  /** A member that was found dead, or left. */
  peerGone(lane: string): void {
    this.#calls.peerGone(lane);
  }

  reserve(command: Reserve, done: (result: ReserveResult) => void): void {
    if (this.#member.serves(this.#shardOfSku(firstSku(command.lines)))) return this.#member.reserve(command, done);
    this.#calls.start({ op: "reserve", reserve: command }, done as AnyDone);
  }

  transit(command: Transit, done: (result: TransitResult) => void): void {
    if (skuHashOfReservationId(command.id) === undefined) {
      const unknown: TransitResult = { kind: "not-found", detail: `reservation ${command.id} is not known; check the id` };
      return this.#options.clock.soon(() => done(unknown));
    }
    const asked: Command = { op: "transit", transit: command };
    if (this.#member.serves(shardOf(asked, this.#shards))) return this.#member.transit(command, done);
    this.#calls.start(asked, done as AnyDone);
  }

  move(movement: Movement, done: (result: MovementResult) => void): void {
    if (this.#member.serves(this.#shardOfSku(movement.sku)) && this.#desk.knowsPlaces(movement)) {
      // It may stand in line there until the shard has moved.
      return this.#member.move(movement, (result) => {
        if (result.kind === "fault" && result.code === "not-owner") this.#calls.start({ op: "move", movement }, done as AnyDone);
        else done(result);
      });
    }
    this.#calls.start({ op: "move", movement }, done as AnyDone);
  }

  putLocation(location: NewLocation, done: (result: PutLocation) => void): void {
    // The promise never rejects; what `done` throws is the caller's own.
    void this.#book.put(location).then(done);
  }

  reservation(id: ReservationId, done: (result: Read<Reservation | undefined>) => void): void {
    if (skuHashOfReservationId(id) === undefined) {
      return this.#options.clock.soon(() => done({ kind: "read", value: undefined }));
    }
    const asked: Command = { op: "reservation", id };
    if (this.#member.serves(shardOf(asked, this.#shards))) return this.#member.reservation(id, done);
    this.#calls.start(asked, done as AnyDone);
  }

  stock(sku: Sku, done: (result: Read<readonly StockRecord[]>) => void, options?: ReadOptions): void {
    if (this.#member.serves(this.#shardOfSku(sku))) return this.#member.stock(sku, done, options);
    this.#calls.start({ op: "stock", sku, strict: options?.strict === true }, done as AnyDone);
  }

  record(sku: Sku, location: LocationId, done: (result: Read<StockRecord | undefined>) => void, options?: ReadOptions): void {
    if (this.#member.serves(this.#shardOfSku(sku))) return this.#member.record(sku, location, done, options);
    this.#calls.start({ op: "record", sku, location, strict: options?.strict === true }, done as AnyDone);
  }

  availability(
    skus: readonly Sku[],
    locations: readonly LocationId[] | undefined,
    done: (result: Read<readonly StockRecord[]>) => void,
  ): void {
    if (skus.every((sku) => this.#member.serves(this.#shardOfSku(sku)))) return this.#member.availability(skus, locations, done);
    const holderOf = (shard: ShardId): string | undefined =>
      this.#member.serves(shard) ? this.#options.lane : this.#options.ownerOf(shard);
    new Gather({ calls: this.#calls, shards: this.#shards, holderOf }, skus, locations, done).start();
  }

  location(id: LocationId, done: (result: Read<Location | undefined>) => void): void {
    this.#book.look(id).then(
      (value) => done({ kind: "read", value }),
      (error: unknown) => done(fault("not-ready", `locations cannot be looked up: ${String(error)}`)),
    );
  }

  locations(after: string | undefined, limit: number, done: (result: Read<readonly Location[]>) => void): void {
    this.#options.clock.soon(() => {
      if (this.#book.isSettled) done({ kind: "read", value: this.#book.list(after, limit) });
      else done(fault("not-ready", "locations are being read; retry shortly"));
    });
  }

  hold(shard: ShardId, ask: HoldAsk, done: (answer: HoldAnswer | Fault) => void): void {
    if (this.#member.serves(shard)) return this.#member.hold(shard, ask, done);
    this.#calls.start({ op: "hold", shard, ask }, done as AnyDone);
  }

  follow(shard: ShardId, ask: FollowAsk, done: (answer: FollowAnswer | Fault) => void): void {
    if (this.#member.serves(shard)) return this.#member.follow(shard, ask, done);
    this.#calls.start({ op: "follow", shard, ask }, done as AnyDone);
  }

  claimMovement(shard: ShardId, ask: MovementClaimAsk, done: (answer: MovementClaimAnswer | Fault) => void): void {
    if (this.#member.serves(shard)) return this.#member.claimMovement(shard, ask, done);
    this.#calls.start({ op: "claimMovement", shard, ask }, done as AnyDone);
  }

  freeMovement(shard: ShardId, ask: MovementClaimAsk, done: (answer: FollowAnswer | Fault) => void): void {
    if (this.#member.serves(shard)) return this.#member.freeMovement(shard, ask, done);
    this.#calls.start({ op: "freeMovement", shard, ask }, done as AnyDone);
  }

  #shardOfSku(sku: Sku): ShardId {
    return shardOfSku(sku, this.#shards);
  }

  #onMessage(from: string, bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    if (message === undefined)
      this.#options.log.warn({ from, bytes: bytes.length }, "a message of another version is passed over");
    else if (message.kind === "answer") this.#calls.onAnswer(from, message.id, message.answer);
    else this.#onAsk(from, message.id, message.command);
  }

  #onAsk(from: string, id: number, command: Command): void {
    if (this.#desk.serves(command)) this.#desk.run(command, (answer) => this.#reply(from, id, answer));
    else this.#reply(from, id, notOwner());
  }

  #reply(to: string, id: number, answer: Answer): void {
    const { links } = this.#options;
    const bytes = encodeAnswer(id, answer);
    if (bytes.length <= links.messageBytesMax) return links.send(to, bytes);
    links.send(
      to,
      encodeAnswer(id, fault("too-many-requests", `the answer has ${bytes.length} bytes; ask for fewer SKUs or locations`)),
    );
  }
}
