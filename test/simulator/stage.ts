/** A member on a calm stage, for scenes that are told step by step instead of drawn from a seed. */

import type { LocationId, ReservationId, Sku } from "../../src/base/index.ts";
import type { Member, MemberLimits, ReserveResult, TransitResult } from "../../src/member/index.ts";
import type { Movement, StockRecord } from "../../src/stock/index.ts";
import { soloMember } from "../support/solo-member.ts";
import { LANE } from "./host.ts";
import { type SimPorts, SimWorld } from "./world/index.ts";

export const SKU = "sku" as Sku;
export const PLACE = "place" as LocationId;
const ANSWER_MS_MAX = 20_000;

export class Stage {
  readonly world = new SimWorld(1);
  readonly failures: string[] = [];
  ports: SimPorts;
  member: Member;
  #movements = 0;

  constructor(limits: Partial<MemberLimits> = {}) {
    [this.ports, this.member] = this.#boot(limits);
  }

  get now(): number {
    return this.world.scheduler.wallMs;
  }

  #boot(limits: Partial<MemberLimits>): [SimPorts, Member] {
    const ports = this.world.boot({
      info: () => undefined,
      warn: () => undefined,
      error: (fields, message) => this.failures.push(`${message} ${JSON.stringify(fields)}`),
    });
    return [ports, soloMember({ lane: LANE, shards: 4, limits, ports })];
  }

  /** Kills the process and boots the next; does not start it. */
  reboot(limits: Partial<MemberLimits> = {}): void {
    this.ports.process.kill();
    [this.ports, this.member] = this.#boot(limits);
  }

  async serve(): Promise<void> {
    await this.world.scheduler.settle(this.member.start(), "the member to serve", ANSWER_MS_MAX);
  }

  /** Serves with one location and `quantity` units of one SKU. */
  async open(quantity: number): Promise<void> {
    await this.serve();
    await this.answer((done) => this.member.locations.put({ id: PLACE, type: "store", name: "Place" }, done));
    await this.move({ type: "receipt", quantity });
  }

  async answer<R>(ask: (done: (result: R) => void) => void): Promise<R> {
    const heard: R[] = [];
    ask((result) => heard.push(result));
    await this.world.scheduler.runUntil(() => heard.length > 0, "an answer", ANSWER_MS_MAX);
    return heard[0] as R;
  }

  move(movement: Pick<Movement, "type" | "quantity"> & Partial<Movement>): Promise<{ readonly kind: string }> {
    const id = `movement-${++this.#movements}`;
    return this.answer((done) => this.member.move({ id, sku: SKU, location: PLACE, ...movement }, done));
  }

  reserve(quantity: number, ttlMs: number): Promise<ReserveResult> {
    return this.answer((done) =>
      this.member.reserve({ lines: [{ sku: SKU, location: PLACE, quantity }], mode: "all", ttlMs }, done),
    );
  }

  /** Reserves what must be there. */
  async hold(quantity: number, ttlMs: number): Promise<ReservationId> {
    const result = await this.reserve(quantity, ttlMs);
    if (result.kind !== "reserved") throw new Error(`nothing was reserved: ${JSON.stringify(result)}`);
    return result.reservation.id;
  }

  transit(id: ReservationId, transition: "confirm" | "release" | "extend" | "fulfill", ttlMs?: number): Promise<TransitResult> {
    return this.answer((done) => this.member.transit({ id, transition, ttlMs }, done));
  }

  async record(): Promise<StockRecord> {
    const result = await this.answer<{ kind: string; value?: StockRecord | undefined }>((done) =>
      this.member.record(SKU, PLACE, done),
    );
    return result.value as StockRecord;
  }
}
