/** The faults of a cluster run, at the rates of its plan, until it is calm. */

import type { Trace } from "../trace.ts";
import { NATS, type SimCluster, SimRandom } from "../world/index.ts";
import type { ClusterHost, Slot } from "./cluster-host.ts";
import type { ClusterPlan } from "./cluster-plan.ts";

const FAULT_STREAM = 4;
const CALLS_UNTIL_DEATH_MAX = 12;
const WAYS = ["out", "in", "both"] as const;

export class Faults {
  readonly #plan: ClusterPlan;
  readonly #world: SimCluster;
  readonly #host: ClusterHost;
  readonly #trace: Trace;
  readonly #random: SimRandom;
  #calm = false;

  constructor(plan: ClusterPlan, world: SimCluster, host: ClusterHost, trace: Trace) {
    this.#plan = plan;
    this.#world = world;
    this.#host = host;
    this.#trace = trace;
    this.#random = new SimRandom(plan.seed, FAULT_STREAM);
  }

  start(): void {
    const { killMs, machineKillMs, restartMs, leaveMs, joinMs, pauseMs, partitionMs, jumpMs, skewMsMax } = this.#plan;
    for (const machine of this.#world.machines.values()) machine.wallOffsetMs = this.#random.between(-skewMsMax, skewMsMax);
    this.#every(killMs, () => this.#kill());
    this.#every(machineKillMs, () => this.#killMachines());
    this.#every(restartMs, () => this.#withOneRunning((slot) => this.#host.stop(slot, "restart")));
    this.#every(leaveMs, () => this.#withOneRunning((slot) => this.#host.stop(slot, "leave")));
    this.#every(joinMs, () => this.#join());
    this.#every(pauseMs, () => this.#pause());
    this.#every(partitionMs, () => this.#partition());
    this.#every(jumpMs, () => this.#jump());
  }

  /** Nothing new happens, every way is healed and every process runs on. */
  end(): void {
    this.#calm = true;
    this.#world.network.healAll();
    for (const slot of this.#host.slots) slot.running?.process.resume();
  }

  #every(meanMs: number, act: () => void): void {
    if (meanMs === 0) return;
    this.#world.scheduler.schedule(this.#random.between(1, 2 * meanMs), () => {
      if (this.#calm) return;
      act();
      this.#every(meanMs, act);
    });
  }

  #awayMs(): number {
    return this.#random.between(10, this.#plan.awayMsMax);
  }

  #withOneRunning(act: (slot: Slot) => void): void {
    const running = this.#host.slots.filter((slot) => slot.running !== undefined);
    if (running.length > 0) act(this.#random.pick(running));
  }

  /** Any set of members, often one, at once or in the middle of a call. */
  #kill(): void {
    const share = this.#random.pick([0, 0, 0.5, 1]);
    this.#withOneRunning((slot) => this.#killSoon(slot));
    for (const slot of this.#host.slots) if (this.#random.chance(share)) this.#killSoon(slot);
  }

  #killSoon({ running }: Slot): void {
    if (this.#random.chance(0.5)) running?.process.kill();
    else running?.process.killAtCall(this.#random.between(1, CALLS_UNTIL_DEATH_MAX));
  }

  #killMachines(): void {
    const share = this.#random.pick([0, 0, 0.5, 1]);
    const machines = [...this.#world.machines.values()];
    const first = this.#random.pick(machines);
    for (const machine of machines) {
      if (machine !== first && !this.#random.chance(share)) continue;
      const losesPower = this.#random.chance(this.#plan.powerLoss);
      this.#trace.note(`machine ${machine.name} ${losesPower ? "loses its power" : "is killed"}`);
      if (losesPower) machine.losePower();
      else machine.kill();
    }
  }

  #join(): void {
    const away = this.#host.slots.filter((slot) => slot.absent);
    if (away.length > 0) this.#host.join(this.#random.pick(away));
  }

  #pause(): void {
    this.#withOneRunning(({ running, lane }) => {
      const ms = this.#awayMs();
      this.#trace.note(`${lane} is paused for ${ms} ms`);
      running?.process.pause();
      this.#world.scheduler.schedule(ms, () => running?.process.resume());
    });
  }

  #partition(): void {
    const ends = [...this.#world.machines.keys(), NATS];
    const one = this.#random.pick([...this.#world.machines.keys()]);
    const other = this.#random.pick(ends.filter((end) => end !== one));
    const way = this.#random.pick(WAYS);
    const ms = this.#awayMs();
    this.#trace.note(`${one} is cut off from ${other} (${way}) for ${ms} ms`);
    const { network, scheduler } = this.#world;
    if (way !== "in") network.cut(one, other);
    if (way !== "out") network.cut(other, one);
    scheduler.schedule(ms, () => {
      network.heal(one, other);
      network.heal(other, one);
    });
  }

  #jump(): void {
    const machine = this.#random.pick([...this.#world.machines.values()]);
    const byMs = this.#random.between(-this.#plan.jumpMsMax, this.#plan.jumpMsMax);
    machine.wallOffsetMs += byMs;
    this.#trace.note(`the wall clock of ${machine.name} jumps by ${byMs} ms`);
  }
}
