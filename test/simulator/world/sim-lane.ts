/** The log behind simulated journals: shared by every process, outliving all of them. Keeps what it trimmed, for the checks. */

import type { LaneSeq } from "../../../src/base/index.ts";
import { copyOf } from "./bytes.ts";

export class SimLane {
  readonly name: string;
  readonly #stamp: () => number;
  /** Every record ever stored, trimmed ones too; record n is at n - 1. */
  readonly #records: Uint8Array[] = [];
  readonly #stamps: number[] = [];
  readonly #listeners = new Set<() => void>();
  #first = 1;

  /** `stamp` gives a number that grows with everything committed anywhere in the world. */
  constructor(name = "lane", stamp: () => number = () => 0) {
    this.name = name;
    this.#stamp = stamp;
  }

  get first(): LaneSeq {
    return this.#first as LaneSeq;
  }

  get last(): LaneSeq {
    return this.#records.length as LaneSeq;
  }

  /** Stores a copy as the direct successor of `expectedLast`; undefined, and nothing stored, when that is not the last. */
  store(record: Uint8Array, expectedLast: LaneSeq): LaneSeq | undefined {
    if (this.last !== expectedLast) return undefined;
    this.#records.push(copyOf(record));
    this.#stamps.push(this.#stamp());
    for (const tell of [...this.#listeners]) tell();
    return this.last;
  }

  /** The record, unless it is trimmed or not there yet. */
  at(seq: LaneSeq): Uint8Array | undefined {
    return seq < this.#first ? undefined : this.#records[seq - 1];
  }

  /** When it was committed, in the order of the world. */
  stampOf(seq: LaneSeq): number {
    return this.#stamps[seq - 1] as number;
  }

  trimBefore(keepFrom: LaneSeq): void {
    this.#first = Math.max(this.#first, Math.min(keepFrom, this.last + 1));
  }

  /** Calls back after every record stored; the result ends it. */
  onStore(callback: () => void): () => void {
    this.#listeners.add(callback);
    return () => void this.#listeners.delete(callback);
  }

  /** All records from 1, whether trimmed or not: the truth that checks compare with. */
  everything(): readonly Uint8Array[] {
    return this.#records;
  }
}
