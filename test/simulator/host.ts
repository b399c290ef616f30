/** The processes of a run: boots members, kills them, stops them cleanly, boots the next, and lets a rival contend for the lane. */

import type { LaneSeq } from "../../src/base/index.ts";
import { CorruptData } from "../../src/base/index.ts";
import { checksumOf, decodeJournalRecord, encodeJournalRecord } from "../../src/codec/index.ts";
import { type Grid, type Member, type MemberLimits, withLocations } from "../../src/member/index.ts";
import type { Log } from "../../src/ports/index.ts";
import { soloMember } from "../support/solo-member.ts";
import type { Plan } from "./plan.ts";
import type { Trace } from "./trace.ts";
import { Violation } from "./violation.ts";
import { SimDisk, type SimProcess, SimRandom, type SimWorld } from "./world/index.ts";

export const LANE = "lane-sim";
const HOST_STREAM = 4;
const RESTART_MS_MAX = 300;
const NEVER_TRIM = 1_000_000;
const RIVAL_LIFE_MS_MAX = 800;

/** One running process with its member. */
export interface Running {
  readonly name: string;
  readonly process: SimProcess;
  /** What clients speak to. */
  readonly member: Grid;
  readonly core: Member;
}

export class Host {
  readonly #plan: Plan;
  readonly #world: SimWorld;
  readonly #trace: Trace;
  readonly #random: SimRandom;
  readonly #onDeath: (dead: Running) => void;
  readonly #trimFloor: () => LaneSeq;
  #main: Running | undefined;
  #rival: Running | undefined;
  #boots = 0;
  #calm = false;
  /** The first thing that must never happen. */
  failure: Error | undefined;

  constructor(plan: Plan, world: SimWorld, trace: Trace, onDeath: (dead: Running) => void, trimFloor: () => LaneSeq) {
    this.#plan = plan;
    this.#world = world;
    this.#trace = trace;
    this.#random = new SimRandom(plan.seed, HOST_STREAM);
    this.#onDeath = onDeath;
    this.#trimFloor = trimFloor;
  }

  /** The member that answers on behalf of the grid; undefined while there is none. */
  get main(): Running | undefined {
    return this.#main;
  }

  get calm(): boolean {
    return this.#calm;
  }

  /** The process a client happens to reach. */
  reach(random: SimRandom): Running | undefined {
    return this.#rival !== undefined && random.chance(0.3) ? this.#rival : this.#main;
  }

  start(): void {
    this.bootMain();
    const { killMs, stopMs, jumpMs, foreignWriterMs, rivalMs } = this.#plan;
    this.#every(killMs, () => this.#kill());
    this.#every(stopMs, () => this.#stopCleanly());
    this.#every(jumpMs, () => this.#jump());
    this.#every(foreignWriterMs, () => this.#writeAsForeigner());
    this.#every(rivalMs, () => this.#bootRival());
  }

  /** Ends all disturbances; a main process is kept alive from here on. */
  calmDown(): void {
    this.#calm = true;
    this.#rival?.process.kill();
  }

  bootMain(): void {
    if (this.#main !== undefined) return;
    this.#main = this.#boot("node", this.#world.disk, this.#trimFloor);
  }

  /** A clean stop; resolves when the process is gone. A new one is booted soon. */
  async stopMain(): Promise<void> {
    const running = this.#main;
    if (running === undefined) return;
    this.#trace.note(`${running.name} is told to stop`);
    await running.core.stop();
    running.process.kill();
  }

  #boot(role: string, disk: SimDisk, trimFloor: () => LaneSeq): Running {
    const name = `${role}-${++this.#boots}`;
    const { process, ...ports } = this.#world.boot(this.#logOf(name), disk);
    const member = soloMember({
      lane: LANE,
      shards: this.#plan.shards,
      limits: this.#limits(),
      ports,
      trimFloor,
      observer: { failed: (error) => this.#fail(error) },
    });
    const running: Running = { name, process, member: withLocations(member, member.locations), core: member };
    process.onDeath = () => this.#buried(running);
    this.#trace.note(`${name} boots`);
    member.start().then(
      () => this.#trace.note(`${name} serves`),
      (error: unknown) => this.#notStarted(running, error),
    );
    return running;
  }

  /** With a rival about, nothing is trimmed: it would find the lane cut off. Followers of several disks are another story. */
  #limits(): Partial<MemberLimits> {
    return this.#plan.rivalMs > 0 ? { ...this.#plan.limits, trimMargin: NEVER_TRIM } : this.#plan.limits;
  }

  #notStarted(running: Running, error: unknown): void {
    this.#trace.note(`${running.name} does not start: ${String(error)}`);
    if (error instanceof CorruptData || !(error instanceof Error)) this.#fail(error);
    else if (error.name === "InvariantBroken") this.#fail(error);
    running.process.kill();
  }

  #fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Violation(String(error));
  }

  #buried(running: Running): void {
    this.#trace.note(`${running.name} is dead`);
    if (this.#rival === running) this.#rival = undefined;
    if (this.#main === running) {
      this.#main = undefined;
      this.#world.scheduler.schedule(this.#random.between(0, RESTART_MS_MAX), () => this.bootMain());
    }
    this.#onDeath(running);
  }

  #every(meanMs: number, act: () => void): void {
    if (meanMs === 0) return;
    this.#world.scheduler.schedule(this.#random.between(1, 2 * meanMs), () => {
      if (this.#calm) return;
      act();
      this.#every(meanMs, act);
    });
  }

  #kill(): void {
    const losesPower = this.#random.chance(this.#plan.powerLoss);
    const calls = this.#random.between(1, 12);
    if (losesPower) {
      this.#trace.note("the power is lost");
      this.#main?.process.kill();
      this.#world.disk.losePower();
    } else if (this.#random.chance(0.5)) this.#main?.process.kill();
    else this.#main?.process.killAtCall(calls);
  }

  #stopCleanly(): void {
    const running = this.#main;
    if (running === undefined) return;
    this.stopMain().catch((error: unknown) => this.#fail(error));
  }

  #jump(): void {
    const byMs = this.#random.between(-this.#plan.jumpMsMax, this.#plan.jumpMsMax);
    this.#world.scheduler.jumpWall(byMs);
    this.#trace.note(`the wall clock jumps by ${byMs} ms`);
  }

  /** Somebody announces himself as the lane's writer and is never heard of again. */
  #writeAsForeigner(): void {
    const { lane, scheduler } = this.#world;
    const newest = lane.at(lane.last);
    if (newest === undefined) return;
    const { epoch } = decodeJournalRecord(newest, "newest record");
    const at = scheduler.wallMs;
    lane.store(encodeJournalRecord({ lane: LANE, epoch: epoch + 1, previous: checksumOf(newest), at, entries: [] }), lane.last);
    this.#trace.note(`a foreign writer takes record ${lane.last}`);
  }

  /** A second process on the same lane with an empty disk of its own, which never trims. */
  #bootRival(): void {
    if (this.#rival !== undefined || this.#world.lane.first > 1) return;
    const rival = this.#boot("rival", new SimDisk(), () => 0 as LaneSeq);
    this.#rival = rival;
    this.#world.scheduler.schedule(this.#random.between(10, RIVAL_LIFE_MS_MAX), () => rival.process.kill());
  }

  /** A log in which broken invariants do not go unnoticed. */
  #logOf(name: string): Log {
    const note = (fields: object, message: string): void => this.#trace.note(`${name}: ${message} ${JSON.stringify(fields)}`);
    return {
      info: () => undefined,
      warn: note,
      error: (fields, message) => {
        note(fields, message);
        if (message === "broken invariant") this.#fail(new Violation(`${name}: ${message}: ${JSON.stringify(fields)}`));
      },
    };
  }
}
