/**
 * The worktop on which one belief at a time is changed, in doubles and without allocation. Updates lay a belief out, work on
 * it and take the result up as a new immutable belief; nothing stays on the worktop between two updates.
 *
 * `cells[first]` is the probability of `low` units, in any scale; there is room on both sides to grow by SUPPORT_MAX each.
 */

import { type Belief, SUPPORT_MAX, sureOf } from "./belief.ts";
import { type Incidents, moreOf, rateOf, sweepOf } from "./drift.ts";

/** Probability that may be folded inwards at either end of a belief in one update. */
export const TAIL = 1e-9;
/** Share of a belief that may be folded down to keep that nothing is there. */
const EXCESS_MAX = 0.1;
/** Incidents in one interval that are told apart; the rest is counted as that many. */
const INCIDENTS_APART_MAX = 64;
const CELLS = 3 * SUPPORT_MAX;

export class Worktop {
  readonly cells = new Float64Array(CELLS);
  readonly #spare = new Float64Array(CELLS);
  first = 0;
  /** Behind the last cell in use. */
  end = 0;
  low = 0;

  lay(belief: Belief, onHand: number): void {
    this.first = SUPPORT_MAX;
    if (belief === undefined) {
      this.low = Math.max(0, onHand);
      this.end = this.first + 1;
      this.cells[this.first] = 1;
      return;
    }
    const { low, weights } = belief;
    this.low = low;
    this.end = this.first + weights.length;
    for (let i = 0; i < weights.length; i++) this.cells[this.first + i] = weights[i] as number;
  }

  /** `low` units or more, the surplus geometric: it goes on with probability `more` at each unit. */
  layGeometric(low: number, more: number): void {
    this.low = low;
    this.first = SUPPORT_MAX;
    this.end = this.first;
    let weight = 1;
    while (weight > TAIL && this.end < this.first + SUPPORT_MAX) {
      this.cells[this.end++] = weight;
      weight *= more;
    }
  }

  /** The belief beside a record that says `onHand`. Undefined also when no probability is left. */
  take(onHand: number): Belief {
    const mass = this.mass();
    if (!(mass > 0)) return undefined;
    this.#fold(mass * TAIL);
    const length = this.end - this.first;
    if (length === 1) return sureOf(this.low, onHand);
    const weights = new Float32Array(length);
    const { cells, first } = this;
    for (let i = 0; i < length; i++) weights[i] = (cells[first + i] as number) / mass;
    return { low: this.low, weights };
  }

  /** Folds what is next to nothing and makes room on both sides again; between the steps of one update. */
  settle(): void {
    this.#fold(this.mass() * TAIL);
    this.cells.copyWithin(SUPPORT_MAX, this.first, this.end);
    this.end += SUPPORT_MAX - this.first;
    this.first = SUPPORT_MAX;
  }

  mass(): number {
    return this.#massFrom(this.first);
  }

  #massFrom(cell: number): number {
    const { cells, end } = this;
    let sum = 0;
    for (let i = cell; i < end; i++) sum += cells[i] as number;
    return sum;
  }

  /** Drops what is below `units`: so many were certainly there. */
  dropBelow(units: number): void {
    if (units <= this.low) return;
    this.first = Math.min(this.end, this.first + units - this.low);
    this.low = units;
  }

  /** Incidents that take units: each leaves at least none. */
  lose(incidents: Incidents): void {
    const rate = rateOf(incidents);
    if (rate === 0) return;
    const more = moreOf(incidents);
    const sweep = sweepOf(incidents);
    this.#growDown(sweep > 0 ? SUPPORT_MAX : reach(rate, more));
    this.#mix(rate, (cells) => this.#oneDown(cells, more, sweep));
  }

  /** Incidents that bring units back. */
  find(incidents: Incidents): void {
    const rate = rateOf(incidents);
    if (rate === 0) return;
    const more = moreOf(incidents);
    this.#growUp(reach(rate, more));
    this.#mix(rate, (cells) => this.#oneUp(cells, more));
  }

  /** With this probability one incident, as likely one that takes as one that brings. */
  err(probability: number, units: number): void {
    const half = Math.min(1, Math.max(0, probability)) / 2;
    if (!(half > 0)) return;
    const more = moreOf({ rate: 1, units });
    const distance = reach(half, more);
    this.#growDown(distance);
    this.#growUp(distance);
    this.#copyTo(this.#spare);
    this.#scale(1 - 2 * half);
    const before = this.#spare.slice(this.first, this.end);
    this.#oneDown(this.#spare, more, 0);
    this.#add(this.#spare, half);
    this.#spare.set(before, this.first);
    this.#oneUp(this.#spare, more);
    this.#add(this.#spare, half);
  }

  #growDown(units: number): void {
    const room = Math.min(this.low, this.first, units);
    for (let i = 0; i < room; i++) this.cells[--this.first] = 0;
    this.low -= room;
  }

  #growUp(units: number): void {
    for (let left = Math.min(CELLS - this.end, units); left > 0; left--) this.cells[this.end++] = 0;
  }

  /** Sum over n of P(n incidents) times what n incidents make of the cells; the rest of the sum is put on the last n. */
  #mix(rate: number, incident: (cells: Float64Array) => void): void {
    this.#copyTo(this.#spare);
    let weight = Math.exp(-rate);
    let left = 1 - weight;
    this.#scale(weight);
    for (let n = 1; left > 0; n++) {
      incident(this.#spare);
      weight *= rate / n;
      const isLast = n === INCIDENTS_APART_MAX || (n > rate && left - weight < TAIL);
      this.#add(this.#spare, isLast ? left : weight);
      if (isLast) return;
      left -= weight;
    }
  }

  #oneDown(cells: Float64Array, more: number, sweep: number): void {
    const kept = (1 - sweep) * (1 - more);
    let above = 0;
    let swept = 0;
    for (let i = this.end - 1; i > this.first; i--) {
      const here = cells[i] as number;
      cells[i] = kept * above;
      above = here + more * above;
      swept += here;
    }
    cells[this.first] = (cells[this.first] as number) + (1 - sweep) * above + sweep * swept;
  }

  #oneUp(cells: Float64Array, more: number): void {
    let below = 0;
    for (let i = this.first; i < this.end - 1; i++) {
      const here = cells[i] as number;
      cells[i] = (1 - more) * below;
      below = here + more * below;
    }
    cells[this.end - 1] = (cells[this.end - 1] as number) + below;
  }

  #copyTo(target: Float64Array): void {
    const { cells, first, end } = this;
    for (let i = first; i < end; i++) target[i] = cells[i] as number;
  }

  #scale(factor: number): void {
    const { cells, first, end } = this;
    for (let i = first; i < end; i++) cells[i] = (cells[i] as number) * factor;
  }

  #add(source: Float64Array, factor: number): void {
    const { cells, first, end } = this;
    for (let i = first; i < end; i++) cells[i] = (cells[i] as number) + (source[i] as number) * factor;
  }

  /**
   * Folds ends that hold next to nothing, then the lighter end until the support is within its bound. "Nothing is there" is kept when
   * it costs no more than a little at the other end: it decides more than whether there are 255 or 257.
   */
  #fold(tail: number): void {
    while (this.end - this.first > 1 && (this.cells[this.first] as number) <= tail) this.#foldLow();
    while (this.end - this.first > 1 && (this.cells[this.end - 1] as number) <= tail) this.#foldHigh();
    if (this.end - this.first <= SUPPORT_MAX) return;
    const keepEmpty = this.low === 0 && this.#massFrom(this.first + SUPPORT_MAX) <= EXCESS_MAX * this.mass();
    while (this.end - this.first > SUPPORT_MAX) {
      if (!keepEmpty && (this.cells[this.first] as number) < (this.cells[this.end - 1] as number)) this.#foldLow();
      else this.#foldHigh();
    }
  }

  #foldLow(): void {
    const weight = this.cells[this.first++] as number;
    this.low++;
    this.cells[this.first] = (this.cells[this.first] as number) + weight;
  }

  #foldHigh(): void {
    const weight = this.cells[--this.end] as number;
    this.cells[this.end - 1] = (this.cells[this.end - 1] as number) + weight;
  }
}

/** Units beyond which one interval moves next to no probability, at most SUPPORT_MAX. */
function reach(rate: number, more: number): number {
  const several = 4 + 3 * rate;
  const units = more === 0 ? several : several / (1 - more) + Math.log(TAIL / rate) / Math.log(more);
  return Math.min(SUPPORT_MAX, Math.ceil(Math.max(1, units)));
}
