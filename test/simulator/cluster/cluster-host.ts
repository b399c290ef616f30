/** The members of a cluster run: boots them on their machines, buries them, boots the next, lets them leave and join. */

import { CorruptData } from "../../../src/base/index.ts";
import type { Log } from "../../../src/ports/index.ts";
import type { Reached } from "../client.ts";
import type { Trace } from "../trace.ts";
import { Violation } from "../violation.ts";
import { type SimCluster, SimRandom } from "../world/index.ts";
import type { ClusterPlan } from "./cluster-plan.ts";
import type { Program, SimNode } from "./sim-node.ts";

const HOST_STREAM = 6;
/** What a supervisor waits for a stop before it kills, ms. */
const STOP_MS_MAX = 20_000;
/** Share of members that come back to an empty disk after they had left. */
const DISK_REPLACED = 0.3;

export interface Running extends Reached {
  readonly node: SimNode;
}

/** A member's place: its lane, its machine, and the process that runs it now. */
export interface Slot {
  readonly lane: string;
  readonly machine: string;
  running: Running | undefined;
  /** It has not joined yet, or has left. */
  absent: boolean;
  /** It was here before, and left. */
  left: boolean;
  stopping: boolean;
  boots: number;
}

export class ClusterHost {
  readonly #plan: ClusterPlan;
  readonly #world: SimCluster;
  readonly #program: Program;
  readonly #trace: Trace;
  readonly #onDeath: (dead: Running) => void;
  readonly #ownsNothing: (lane: string) => boolean;
  readonly #random: SimRandom;
  readonly slots: readonly Slot[];
  #calm = false;
  /** The first thing that must never happen. */
  failure: unknown;

  constructor(
    { plan, world, program, trace }: { plan: ClusterPlan; world: SimCluster; program: Program; trace: Trace },
    onDeath: (dead: Running) => void,
    ownsNothing: (lane: string) => boolean,
  ) {
    this.#plan = plan;
    this.#world = world;
    this.#program = program;
    this.#trace = trace;
    this.#onDeath = onDeath;
    this.#ownsNothing = ownsNothing;
    this.#random = new SimRandom(plan.seed, HOST_STREAM);
    this.slots = Array.from({ length: plan.members }, (_, index) => {
      const machine = `m${(index % plan.machines) + 1}`;
      world.machine(machine);
      return {
        lane: `sim_${machine}_${index + 1}`,
        machine,
        running: undefined,
        absent: true,
        left: false,
        stopping: false,
        boots: 0,
      };
    });
  }

  start(): void {
    for (const slot of this.slots.slice(0, this.#plan.founders)) this.join(slot);
  }

  /** The process a client happens to reach. */
  reach(random: SimRandom): Running | undefined {
    const running = this.running();
    return running.length === 0 ? undefined : random.pick(running);
  }

  running(): Running[] {
    return this.slots.flatMap(({ running }) => running ?? []);
  }

  join(slot: Slot): void {
    slot.absent = false;
    this.#boot(slot);
  }

  /** Told to stop; comes back soon, or not, unless it is the last one. */
  stop(slot: Slot, what: "restart" | "leave"): void {
    const { running } = slot;
    if (running === undefined || slot.stopping) return;
    const leaves = what === "leave" && this.slots.filter((each) => !each.absent).length > 1;
    this.#trace.note(`${running.name} is told to ${leaves ? "leave" : "restart"}`);
    slot.stopping = true;
    const end = (left: boolean): void => {
      if (slot.running !== running) return;
      slot.absent = left && !this.#calm;
      slot.left = left;
      running.process.kill();
    };
    running.node.stop().then(
      () => end(leaves),
      (error: unknown) => this.fail(error),
    );
    this.#world.scheduler.schedule(STOP_MS_MAX, () => end(false));
  }

  /** From here on nobody stays away. */
  calmDown(): void {
    this.#calm = true;
    for (const slot of this.slots) if (slot.absent) this.join(slot);
  }

  /** A machine that does not come back. */
  lose(machine: string): void {
    for (const slot of this.slots) if (slot.machine === machine) slot.absent = true;
    this.#world.machine(machine).losePower();
  }

  fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Violation(String(error));
  }

  #boot(slot: Slot): void {
    if (slot.running !== undefined || slot.absent) return;
    if (slot.left) this.#replaceDisk(slot);
    const name = `${slot.lane}#${++slot.boots}`;
    const ports = this.#world.boot(slot.machine, slot.lane, this.#logOf(name));
    const { limits, shards } = this.#plan;
    const failed = (error: unknown): void => this.fail(error);
    const node = this.#program.nodeOf({ lane: slot.lane, node: slot.machine, shards, limits, ports, failed });
    const running: Running = { name, process: ports.process, member: node.grid, node };
    slot.running = running;
    slot.stopping = false;
    ports.process.onDeath = () => this.#buried(slot, running);
    this.#trace.note(`${name} boots`);
    node.start().then(
      () => this.#trace.note(`${name} takes part`),
      (error: unknown) => this.#notStarted(running, error),
    );
  }

  /** It left with nothing of its own, and its machine may have been replaced meanwhile. */
  #replaceDisk(slot: Slot): void {
    slot.left = false;
    if (!this.#random.chance(DISK_REPLACED) || !this.#ownsNothing(slot.lane)) return;
    this.#trace.note(`${slot.lane} comes back to an empty disk`);
    this.#world.machine(slot.machine).loseDisk(slot.lane);
  }

  #notStarted(running: Running, error: unknown): void {
    this.#trace.note(`${running.name} does not start: ${String(error)}`);
    const broken = !(error instanceof Error) || error instanceof CorruptData || error.name === "InvariantBroken";
    if (broken) this.fail(error);
    running.process.kill();
  }

  #buried(slot: Slot, running: Running): void {
    this.#trace.note(`${running.name} is dead`);
    slot.running = undefined;
    slot.stopping = false;
    const awayMs = this.#calm ? 0 : this.#random.between(0, this.#plan.awayMsMax);
    if (!slot.absent) this.#world.scheduler.schedule(awayMs, () => this.#boot(slot));
    this.#onDeath(running);
  }

  /** A log in which broken invariants do not go unnoticed. */
  #logOf(name: string): Log {
    const note = (fields: object, message: string): void =>
      this.#trace.note(`${name}: ${message} ${JSON.stringify(fields, plain)}`);
    return {
      info: note,
      warn: note,
      error: (fields, message) => {
        note(fields, message);
        if (message === "broken invariant") this.fail(new Violation(`${name}: ${message}: ${JSON.stringify(fields)}`));
      },
    };
  }
}

/** An error says nothing in JSON by itself. */
function plain(_key: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}
