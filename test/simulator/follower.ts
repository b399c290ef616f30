/**
 * A follower of the committed log, as the event feed is one: reads from its cursor, hands out what it finds, remembers how
 * far it came. It may die between the two, and then compares what it handed out last before it goes on.
 */

import type { LaneSeq } from "../../src/base/index.ts";
import { decodeJournalRecord } from "../../src/codec/index.ts";
import { mustHold } from "./violation.ts";
import type { SimLane, SimRandom } from "./world/index.ts";

/** Records read at most at once. */
const READ_MAX = 20;

export class Follower {
  readonly #lane: SimLane;
  readonly #random: SimRandom;
  readonly #versions = new Map<string, number>();
  #cursor = 0;
  #handedOut = 0;
  events = 0;

  constructor(lane: SimLane, random: SimRandom) {
    this.#lane = lane;
    this.#random = random;
  }

  /** The lane must be kept from the record after this one. */
  get cursor(): LaneSeq {
    return this.#cursor as LaneSeq;
  }

  /** Follows for a while; the lane may be trimmed and written between two turns. */
  turn(): void {
    const to = Math.min(this.#lane.last, this.#cursor + this.#random.between(0, READ_MAX));
    for (let seq = this.#cursor + 1; seq <= to; seq++) this.#handOut(seq);
    if (!this.#random.chance(0.2)) this.#cursor = to;
  }

  catchUp(): void {
    while (this.#cursor < this.#lane.last) this.turn();
  }

  #handOut(seq: number): void {
    const bytes = this.#lane.at(seq as LaneSeq);
    mustHold(bytes !== undefined, `the feed needs record ${seq}, which was trimmed`);
    if (seq <= this.#handedOut) return;
    for (const entry of decodeJournalRecord(bytes, `record ${seq}`).entries) {
      if (entry.entry !== "stock") continue;
      const { sku, location, version } = entry.event;
      const name = `${sku} at ${location}`;
      const before = this.#versions.get(name) ?? 0;
      mustHold(version === before + 1, `the feed sees version ${version} of ${name} after ${before}`);
      this.#versions.set(name, version);
      this.events++;
    }
    this.#handedOut = seq;
  }
}
