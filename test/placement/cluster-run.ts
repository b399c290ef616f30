/** Several keepers over fake hosts in one seeded world of faults: the run that a seed stands for. */

import type { ShardId } from "../../src/base/index.ts";
import { Keeper } from "../../src/placement/index.ts";
import { Scheduler, SimRandom } from "../simulator/world/index.ts";
import { silentLog } from "../support/silent-log.ts";
import { type Disk, emptyDisk, FakeHost } from "./fake-host.ts";
import { Lanes, Violation } from "./lanes.ts";
import { Bucket, Proc, SimKeyValue, type Weather } from "./sim-kv.ts";

const CALM: Weather = { delayMsMax: 5, lost: 0, unanswered: 0, late: 0 };

export interface Seat {
  readonly lane: string;
  readonly node: string;
  disk: Disk;
  /** The life that is on its way out. */
  leaving?: Seat["life"];
  life: { readonly proc: Proc; readonly host: FakeHost; readonly keeper: Keeper } | undefined;
}

export class ClusterRun {
  readonly scheduler = new Scheduler();
  readonly random: SimRandom;
  readonly lanes = new Lanes();
  readonly state = new Bucket();
  readonly members = new Bucket();
  readonly weather: Weather = { ...CALM };
  readonly seats: Seat[] = [];
  readonly shards: number;
  violation: Error | undefined;
  readonly trace: string[] = [];

  constructor(seed: number, nodes: number, membersPerNode: number, shards: number) {
    this.random = new SimRandom(seed);
    this.shards = shards;
    this.state.check = (_, value) => this.guard(() => this.lanes.checkMap(value));
    for (let node = 0; node < nodes; node++) {
      for (let member = 0; member < membersPerNode; member++) {
        this.seats.push({ lane: `c_n${node}_${member}`, node: `n${node}`, disk: emptyDisk(), life: undefined });
      }
    }
  }

  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.violation ??= error as Error;
      throw error;
    }
  }

  note(what: string): void {
    this.trace.push(`${this.scheduler.elapsedMs} ${what}`);
  }

  start(seat: Seat): void {
    this.note(`start ${seat.lane}`);
    const { random, lanes, weather } = this;
    const proc = new Proc(this.scheduler, random.between(-1e7, 1e7));
    const peers = (lane: string): FakeHost | undefined => this.seats.find((other) => other.lane === lane)?.life?.host;
    const host = new FakeHost(seat.lane, proc, lanes, random, seat.disk, peers);
    host.onViolation = (error) => {
      this.violation ??= error;
    };
    const log = {
      ...silentLog,
      warn: (fields: object) => {
        const { error } = fields as { error?: unknown };
        if (error instanceof Violation) this.violation ??= error;
      },
    };
    const keeper = new Keeper({
      host,
      state: new SimKeyValue(this.state, proc, random, weather),
      members: new SimKeyValue(this.members, proc, random, weather),
      clock: proc,
      log,
      node: seat.node,
      version: "1",
      httpUrl: "http://127.0.0.1:1",
      shards: this.shards,
      onFatal: (error) => {
        this.violation ??= error;
      },
    });
    seat.life = { proc, host, keeper };
    keeper.start();
  }

  kill(seat: Seat): void {
    this.note(`kill ${seat.lane}`);
    seat.life?.proc.kill();
    seat.life = undefined;
  }

  async runFor(ms: number): Promise<void> {
    await this.scheduler.runFor(ms);
    if (this.violation !== undefined) throw this.violation;
  }

  async runUntil(settled: () => boolean, what: () => string, limitMs: number): Promise<void> {
    const end = this.scheduler.elapsedMs + limitMs;
    while (!settled()) {
      if (this.scheduler.elapsedMs >= end) throw new Error(`waited ${limitMs} ms in vain for ${what()}`);
      await this.runFor(50);
    }
  }

  get lives(): NonNullable<Seat["life"]>[] {
    return this.seats.flatMap(({ life }) => life ?? []);
  }

  unserved(): number[] {
    const shards = [...new Array(this.shards).keys()];
    return shards.filter((shard) => {
      const owner = this.lanes.map?.claims[shard]?.owner;
      return this.seats.find(({ lane }) => lane === owner)?.life?.host.serves(shard as ShardId) !== true;
    });
  }

  /** Shards that are not where they should be, or have not their standbys, with what is wrong. */
  unsettled(): string[] {
    const [life] = this.lives;
    const status = life?.keeper.status();
    if (status === undefined || this.lanes.map === undefined) return ["no map"];
    const wrong = status.shards.filter(
      ({ owner, wanted, standbys }) => owner !== wanted || standbys.length !== this.standbysWanted(),
    );
    const absent = this.lives.filter(({ keeper }) => {
      const members = keeper.status()?.members.filter(({ state, suspected }) => state === "serving" && !suspected) ?? [];
      return members.length < this.lives.length;
    });
    if (absent.length > 0) return absent.map(({ host }) => `${host.lane} does not see everybody serve`);
    const missing = this.unserved().map((shard) => `shard ${shard} is not served`);
    return [...missing, ...wrong.map((shard) => JSON.stringify(shard))];
  }

  standbysWanted(): number {
    const draining = new Set(this.lanes.map?.draining);
    return new Set(this.seats.filter(({ life, node }) => life !== undefined && !draining.has(node)).map(({ node }) => node))
      .size > 1
      ? 1
      : 0;
  }

  /** One thing that goes wrong, or is wanted by somebody. */
  mischief(): void {
    const seat = this.random.pick(this.seats);
    const { life } = seat;
    if (life === undefined) {
      if (this.random.chance(0.6)) this.start(seat);
      return;
    }
    switch (this.random.below(10)) {
      case 0:
      case 1:
        this.kill(seat);
        break;
      case 2:
      case 3:
        this.note(`pause ${seat.lane}`);
        life.proc.pause();
        this.scheduler.schedule(this.random.between(100, 8_000), () => life.proc.resume());
        break;
      case 4:
        this.note(`cut ${seat.lane}`);
        life.proc.isCut = true;
        this.scheduler.schedule(this.random.between(100, 8_000), () => {
          life.proc.isCut = false;
        });
        break;
      case 5:
        this.leave(seat);
        break;
      case 6:
        this.note(`drain ${seat.node}`);
        life.keeper.drain(seat.node).catch(() => undefined);
        break;
      case 7:
        life.keeper.undrain(this.random.pick(this.seats).node).catch(() => undefined);
        break;
      case 8:
        life.keeper.pin(this.random.below(this.shards) as ShardId, this.random.pick(this.seats).lane).catch(() => undefined);
        break;
      default:
        this.changeWeather();
    }
  }

  leave(seat: Seat): void {
    const { life } = seat;
    this.note(`leave ${seat.lane}`);
    seat.leaving = life;
    life?.keeper.leave(this.random.between(1_000, 20_000)).then(
      () => {
        if (seat.life === life) this.kill(seat);
      },
      () => undefined,
    );
  }

  changeWeather(): void {
    const isBad = this.random.chance(0.5);
    const next = isBad ? { delayMsMax: this.random.between(1, 300), lost: 0.1, unanswered: 0.1, late: 0.1 } : CALM;
    this.note(`weather ${JSON.stringify(next)}`);
    Object.assign(this.weather, next);
  }

  /** Everybody is back and nothing goes wrong any more. */
  heal(): void {
    this.note("heal");
    Object.assign(this.weather, CALM);
    for (const seat of this.seats) {
      if (seat.life !== undefined && seat.leaving === seat.life) this.kill(seat);
      if (seat.life !== undefined) {
        seat.life.proc.isCut = false;
        seat.life.proc.resume();
        continue;
      }
      this.start(seat);
    }
    for (const { keeper } of this.lives.slice(0, 1)) {
      for (const { node } of this.seats) keeper.undrain(node).catch(() => undefined);
    }
  }
}

/** `mischiefMs` of virtual time with faults, then calm until every shard is served and in its place. */
export async function runSeed(seed: number, mischiefMs = 40_000): Promise<ClusterRun> {
  const shape = new SimRandom(seed, 1);
  const run = new ClusterRun(seed, shape.between(1, 4), shape.between(1, 2), shape.between(1, 12));
  try {
    for (const seat of run.seats) if (shape.chance(0.8)) run.start(seat);
    while (run.scheduler.elapsedMs < mischiefMs) {
      await run.runFor(run.random.between(10, 3_000));
      run.mischief();
    }
    run.heal();
    await run.runUntil(
      () => run.unserved().length === 0,
      () => `shards ${run.unserved()} to be served`,
      60_000,
    );
    await comesToRest(run, 120_000);
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}\n${run.trace.slice(-40).join("\n")}`, { cause: error });
  }
  return run;
}

/** Until all is in its place and the map has not changed for three seconds. */
async function comesToRest(run: ClusterRun, limitMs: number): Promise<void> {
  let quietSince = run.scheduler.elapsedMs;
  let seen: number | undefined;
  const isQuiet = (): boolean => {
    const revision = run.state.entries.get("map")?.revision;
    for (const node of run.lanes.map?.draining ?? []) run.lives[0]?.keeper.undrain(node).catch(() => undefined);
    if (revision !== seen || run.unsettled().length > 0) quietSince = run.scheduler.elapsedMs;
    seen = revision;
    return run.scheduler.elapsedMs - quietSince >= 3_000;
  };
  await run.runUntil(isQuiet, () => `the map to come to rest at revision ${seen}: ${run.unsettled().join("; ")}`, limitMs);
}
