/** What the world does to the calls of a member: latencies and faults, each at a rate of its own. Calm means none of them. */

import type { SimRandom } from "./sim-random.ts";

/**
 * - `stored`: the record arrives, and so does the answer.
 * - `lost`: the record never arrives; the outcome is unknown.
 * - `answer-lost`: the record is stored; the outcome is unknown.
 * - `late`: the outcome is unknown, and the record arrives after that was reported.
 * - `duplicated`: the record arrives twice; the answer to the first comes back.
 */
export type AppendFate = "stored" | "lost" | "answer-lost" | "late" | "duplicated";

/** Probabilities 0 to 1, and latencies in ms. */
export interface WeatherRates {
  readonly appendLost: number;
  readonly appendAnswerLost: number;
  readonly appendLate: number;
  readonly appendDuplicated: number;
  /** A bounds, read, replay or trim that rejects. */
  readonly journalAskFails: number;
  /** A checkpoint that is not written and says so. */
  readonly checkpointFails: number;
  /** Longest usual latency of the journal. */
  readonly journalLatencyMsMax: number;
  /** How often an append takes up to `slowMsMax` instead. */
  readonly slow: number;
  readonly slowMsMax: number;
  readonly checkpointLatencyMsMax: number;
  /** When an append without an answer is given up. */
  readonly appendTimeoutMs: number;
}

export const CALM: WeatherRates = {
  appendLost: 0,
  appendAnswerLost: 0,
  appendLate: 0,
  appendDuplicated: 0,
  journalAskFails: 0,
  checkpointFails: 0,
  journalLatencyMsMax: 2,
  slow: 0,
  slowMsMax: 0,
  checkpointLatencyMsMax: 5,
  appendTimeoutMs: 1_000,
};

export class Weather {
  /** Replaced to change the weather; what is on its way keeps its fate. */
  rates: WeatherRates;
  readonly #random: SimRandom;

  constructor(random: SimRandom, rates: WeatherRates = CALM) {
    this.#random = random;
    this.rates = rates;
  }

  appendFate(): AppendFate {
    const { rates } = this;
    if (this.#random.chance(rates.appendLost)) return "lost";
    if (this.#random.chance(rates.appendAnswerLost)) return "answer-lost";
    if (this.#random.chance(rates.appendLate)) return "late";
    if (this.#random.chance(rates.appendDuplicated)) return "duplicated";
    return "stored";
  }

  journalLatencyMs(): number {
    const slow = this.#random.chance(this.rates.slow);
    return this.#random.between(0, slow ? this.rates.slowMsMax : this.rates.journalLatencyMsMax);
  }

  checkpointLatencyMs(): number {
    return this.#random.between(0, this.rates.checkpointLatencyMsMax);
  }

  journalAskFails(): boolean {
    return this.#random.chance(this.rates.journalAskFails);
  }

  /** The sequence at which a replay breaks off, or undefined when it does not. */
  replayBreaksAt(from: number, to: number): number | undefined {
    return from <= to && this.journalAskFails() ? this.#random.between(from, to) : undefined;
  }

  /** Records of a replay that arrive together. */
  replayChunk(): number {
    return this.#random.pick([1, 10, 100]);
  }

  checkpointFails(): boolean {
    return this.#random.chance(this.rates.checkpointFails);
  }
}
