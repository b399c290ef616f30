/** A machine: a wall clock, disks that outlive its processes, and the processes that run on it now. */

import { SimDisk } from "./sim-disk.ts";
import type { SimProcess } from "./sim-process.ts";

export class SimMachine {
  readonly name: string;
  /** Against the wall clock of the world, ms. */
  wallOffsetMs = 0;
  readonly #disks = new Map<string, SimDisk>();
  readonly #processes = new Set<SimProcess>();

  constructor(name: string) {
    this.name = name;
  }

  /** The disk of one member, made empty when it does not exist. */
  disk(lane: string): SimDisk {
    const known = this.#disks.get(lane);
    if (known !== undefined) return known;
    const disk = new SimDisk();
    this.#disks.set(lane, disk);
    return disk;
  }

  /** The disk is gone, as with a machine that was replaced. */
  loseDisk(lane: string): void {
    this.#disks.delete(lane);
  }

  host(process: SimProcess): void {
    this.#processes.add(process);
    process.onDeath = () => void this.#processes.delete(process);
  }

  /** Every process dies, and what was not flushed is gone. */
  losePower(): void {
    this.kill();
    for (const disk of this.#disks.values()) disk.losePower();
  }

  kill(): void {
    for (const process of [...this.#processes]) process.kill();
  }
}
