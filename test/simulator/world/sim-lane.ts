/** The log behind simulated journals: shared by every process, outliving all of them. Keeps what it trimmed, for the checks. */

import type { LaneSeq } from "../../../src/base/index.ts";
import { copyOf } from "./bytes.ts";

export class SimLane {
  /** Every record ever stored, trimmed ones too; record n is at n - 1. */
  readonly #records: Uint8Array[] = [];
  #first = 1;

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
    return this.last;
  }

  /** The record, unless it is trimmed or not there yet. */
  at(seq: LaneSeq): Uint8Array | undefined {
    return seq < this.#first ? undefined : this.#records[seq - 1];
  }

  trimBefore(keepFrom: LaneSeq): void {
    this.#first = Math.max(this.#first, Math.min(keepFrom, this.last + 1));
  }

  /** All records from 1, whether trimmed or not: the truth that checks compare with. */
  everything(): readonly Uint8Array[] {
    return this.#records;
  }
}
