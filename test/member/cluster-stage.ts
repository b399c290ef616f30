/** Several members of a calm simulated cluster, moved about by hand: what the keeper would do, step by step. */

import type { LaneSeq, LocationId, ReservationId, ShardId, ShardOrigin, Sku } from "../../src/base/index.ts";
import { hash32, shardOfHash } from "../../src/base/index.ts";
import { type ImageChunk, Member, type MemberLimits, type Peers, type Read, type ReserveResult } from "../../src/member/index.ts";
import type { ShardSource } from "../../src/placement/index.ts";
import type { Movement, StockRecord } from "../../src/stock/index.ts";
import { type ClusterPorts, SimCluster } from "../simulator/world/index.ts";

export const SHARDS = 4;
export const SKU = "sku" as Sku;
export const SHARD: ShardId = shardOfHash(hash32(SKU), SHARDS);
export const PLACE = "place" as LocationId;
const MS_MAX = 20_000;

/** The n-th id of a movement; its registry is the shard of the SKU, so that one owner is enough. */
export function movementId(n: number): string {
  for (let i = 0; ; i++) if (shardOfHash(hash32(`movement-${n}-${i}`), SHARDS) === SHARD) return `movement-${n}-${i}`;
}

export interface Actor {
  readonly lane: string;
  readonly machine: string;
  ports: ClusterPorts;
  member: Member;
}

export class ClusterStage {
  readonly world = new SimCluster(1);
  readonly actors = new Map<string, Actor>();
  readonly errors: string[] = [];
  #movements = 0;

  /** Boots the member of a lane on the machine of the same name, and waits until it has its lane. */
  async boot(lane: string, limits: Partial<MemberLimits> = {}, peers?: Peers): Promise<Actor> {
    const ports = this.world.boot(lane, lane, {
      info: () => undefined,
      warn: () => undefined,
      error: (fields, message) => this.errors.push(`${lane}: ${message} ${JSON.stringify(fields)}`),
    });
    const member = new Member({ lane, shards: SHARDS, limits, ports, images: this.#images(), ...(peers && { peers }) });
    const actor: Actor = { lane, machine: lane, ports, member };
    this.actors.set(lane, actor);
    await this.settle(member.start(), `${lane} to take its lane`);
    await this.answer((done) => member.locations.put({ id: PLACE, type: "store", name: "Place" }, done));
    return actor;
  }

  settle<T>(promise: Promise<T>, what: string): Promise<T> {
    return this.world.scheduler.settle(promise, what, MS_MAX);
  }

  until(met: () => boolean, what: string): Promise<void> {
    return this.world.scheduler.runUntil(met, what, MS_MAX);
  }

  async answer<R>(ask: (done: (result: R) => void) => void): Promise<R> {
    const heard: R[] = [];
    ask((result) => heard.push(result));
    await this.until(() => heard.length > 0, "an answer");
    return heard[0] as R;
  }

  /** The member adopts the shard as if its claim had been won; resolves to where others find it. */
  async adopt({ member, lane }: Actor, epoch: number, origin: ShardOrigin, shard = SHARD): Promise<ShardSource> {
    const tenure = member.host.tenure();
    if (tenure === undefined) throw new Error(`${lane} has no tenure`);
    await this.settle(member.host.adopt(tenure.writer, [{ shard, epoch, origin }]), `${lane} to adopt`);
    return { owner: lane, epoch, origin, at: tenure.position };
  }

  standBy({ member, lane }: Actor, source: ShardSource): Promise<void> {
    return this.settle(member.host.standBy(SHARD, source), `${lane} to stand by`);
  }

  /** Seals the lane of a lost owner and brings the survivor up to there. */
  async sealed(survivor: Actor, owner: string, writer: number): Promise<ShardOrigin> {
    const seq = await this.settle(survivor.member.host.seal(owner, writer), `the seal of ${owner}`);
    await this.settle(survivor.member.host.reached({ lane: owner, seq }), `${survivor.lane} to reach the seal`);
    return { kind: "place", lane: owner, seq };
  }

  async receive({ member }: Actor, quantity: number, given: Partial<Movement> = {}): Promise<string> {
    const id = given.id ?? this.nextMovementId();
    const movement: Movement = { id, type: "receipt", sku: SKU, location: PLACE, quantity, ...given };
    return (await this.answer<{ kind: string }>((done) => member.move(movement, done))).kind;
  }

  /** One whose registry is the shard too, so that nobody else has to be asked. */
  nextMovementId(): string {
    for (;;) {
      const id = `movement-${++this.#movements}`;
      if (shardOfHash(hash32(id), SHARDS) === SHARD) return id;
    }
  }

  reserve({ member }: Actor, quantity: number, ttlMs = 60_000, key?: string): Promise<ReserveResult> {
    const idempotency = key === undefined ? undefined : { key, fingerprint: key };
    const lines = [{ sku: SKU, location: PLACE, quantity }];
    return this.answer((done) => member.reserve({ lines, mode: "all", ttlMs, idempotency }, done));
  }

  async hold(actor: Actor, quantity: number, ttlMs?: number): Promise<ReservationId> {
    const result = await this.reserve(actor, quantity, ttlMs);
    if (result.kind !== "reserved") throw new Error(`nothing was reserved: ${JSON.stringify(result)}`);
    return result.reservation.id;
  }

  async record({ member }: Actor, strict = false): Promise<StockRecord | string> {
    const result = await this.answer<Read<StockRecord | undefined>>((done) => member.record(SKU, PLACE, done, { strict }));
    return result.kind === "read" ? (result.value as StockRecord) : result.code;
  }

  position(actor: Actor): LaneSeq {
    return actor.member.host.tenure()?.position as LaneSeq;
  }

  #images(): { fetch: never; fetchRestored: never } {
    const fetch = async (owner: string, shard: ShardId, cursor: never): Promise<ImageChunk> => {
      const member = this.actors.get(owner)?.member;
      const result = await new Promise<Read<ImageChunk>>((done) => member?.image(shard, cursor, done));
      if (result.kind === "fault") throw new Error(result.detail);
      return result.value;
    };
    return { fetch: fetch as never, fetchRestored: (() => Promise.reject(new Error("nothing was restored"))) as never };
  }
}
