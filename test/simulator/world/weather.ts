/** What the world does to the calls of a member: latencies and faults, each at a rate of its own. Calm means none of them. */

import type { SimRandom } from "./sim-random.ts";

/**
 * - `stored`: the record arrives, and so does the answer.
 * - `lost`: the record never arrives; the outcome is unknown.
 * - `answer-lost`: the record is stored; the outcome is unknown.
 * - `late`: the outcome is unknown, and the record arrives after that was reported, as does everything sent behind it.
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

  /** How often something sent while its way is cut is lost instead of arriving once it is healed. */
  readonly cutLoses: number;
  /** A follow of a lane that breaks off, at each delivery. */
  readonly followBreaks: number;
  /** A put, overwrite or delete of a bucket that never arrives; one that is stored and its answer lost; one stored after that was reported. */
  readonly bucketLost: number;
  readonly bucketAnswerLost: number;
  readonly bucketLate: number;
  /** A get that rejects. */
  readonly bucketAskFails: number;
  /** A watch that loses its connection, at each delivery, and how long it stays away at most. */
  readonly watchBreaks: number;
  readonly watchAwayMsMax: number;
  /** How often a watch leaves out values in between. */
  readonly watchCoalesces: number;
  /** A message between members that never arrives. */
  readonly linkLost: number;
  readonly linkLatencyMsMax: number;
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
  cutLoses: 0.5,
  followBreaks: 0,
  bucketLost: 0,
  bucketAnswerLost: 0,
  bucketLate: 0,
  bucketAskFails: 0,
  watchBreaks: 0,
  watchAwayMsMax: 0,
  watchCoalesces: 0,
  linkLost: 0,
  linkLatencyMsMax: 1,
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

  waitsForHealing(): boolean {
    return !this.#random.chance(this.rates.cutLoses);
  }

  followBreaks(): boolean {
    return this.#random.chance(this.rates.followBreaks);
  }

  bucketFate(): AppendFate {
    const { rates } = this;
    if (this.#random.chance(rates.bucketLost)) return "lost";
    if (this.#random.chance(rates.bucketAnswerLost)) return "answer-lost";
    return this.#random.chance(rates.bucketLate) ? "late" : "stored";
  }

  bucketAskFails(): boolean {
    return this.#random.chance(this.rates.bucketAskFails);
  }

  /** How long a watch is away, ms, or undefined when it is not. */
  watchAwayMs(): number | undefined {
    return this.#random.chance(this.rates.watchBreaks) ? this.#random.between(1, this.rates.watchAwayMsMax) : undefined;
  }

  watchCoalesces(): boolean {
    return this.#random.chance(this.rates.watchCoalesces);
  }

  linkLoses(): boolean {
    return this.#random.chance(this.rates.linkLost);
  }

  linkLatencyMs(): number {
    return this.#random.between(0, this.rates.linkLatencyMsMax);
  }

  checkpointFails(): boolean {
    return this.#random.chance(this.rates.checkpointFails);
  }
}
