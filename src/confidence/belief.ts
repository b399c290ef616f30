/**
 * What is believed of the units physically there: a probability for each number of units, and what can be read from it.
 * How evidence changes it is in updates.ts.
 *
 * B1. A belief is immutable, its weights are finite, not negative and sum to 1 (to the rounding of 32 bits).
 * B2. It has at most {@link SUPPORT_MAX} weights; probability beyond them is folded onto the nearest one kept.
 * B3. No weight is on fewer than 0 units.
 * B4. A record that is certainly right has no belief at all: `undefined`, no memory.
 */

/** Probability of `low`, `low + 1`, ... units being there. */
export interface Spread {
  /** Units, 0 or more. */
  readonly low: number;
  /** 1 to {@link SUPPORT_MAX} probabilities. */
  readonly weights: Float32Array;
}

/** Undefined: what is there is what the record says. */
export type Belief = Spread | undefined;

/** How many numbers of units a belief tells apart; bounds its memory to 1 KiB and its update to a few microseconds. */
export const SUPPORT_MAX = 256;

/** The belief that there are surely `units`, as seen beside a record that says `onHand`. */
export function sureOf(units: number, onHand: number): Belief {
  const low = Math.max(0, units);
  return low === onHand ? undefined : { low, weights: Float32Array.of(1) };
}

/** A belief from probabilities in any scale, such as a prior; nothing usable in them: the record is believed. */
export function beliefOf(low: number, probabilities: readonly number[]): Belief {
  const kept = probabilities.slice(0, SUPPORT_MAX).map((value) => (Number.isFinite(value) && value > 0 ? value : 0));
  const rest = probabilities
    .slice(SUPPORT_MAX)
    .reduce((sum, value) => (Number.isFinite(value) && value > 0 ? sum + value : sum), 0);
  kept.push((kept.pop() ?? 0) + rest);
  const total = kept.reduce((sum, value) => sum + value, 0);
  if (!(total > 0 && Number.isFinite(total))) return undefined;
  return { low: Math.max(0, low), weights: Float32Array.from(kept, (value) => value / total) };
}

/** Probability that the record is right: exactly `onHand` units are there. 0 for a record below zero. */
export function confidence(belief: Belief, onHand: number): number {
  if (belief === undefined) return onHand >= 0 ? 1 : 0;
  return probabilityOf(belief, onHand);
}

/** Probability that at least `units` are there. O(support). */
export function probabilityAtLeast(belief: Belief, onHand: number, units: number): number {
  if (units <= 0) return 1;
  if (belief === undefined) return onHand >= units ? 1 : 0;
  const { low, weights } = belief;
  let sum = 0;
  for (let i = Math.max(0, units - low); i < weights.length; i++) sum += weights[i] as number;
  return units <= low ? 1 : Math.min(1, sum);
}

/** Largest number of units that are there with at least this probability (0 to 1); never more than the belief knows of. O(support). */
export function unitsWithProbability(belief: Belief, onHand: number, probability: number): number {
  if (belief === undefined) return Math.max(0, onHand);
  const { low, weights } = belief;
  let sum = 0;
  for (let i = weights.length - 1; i > 0; i--) {
    sum += weights[i] as number;
    if (sum >= probability && sum > 0) return low + i;
  }
  return low;
}

/** Mean of the units there. O(support). */
export function expectedUnits(belief: Belief, onHand: number): number {
  if (belief === undefined) return Math.max(0, onHand);
  return belief.low + meanOffset(belief.weights);
}

function meanOffset(weights: Float32Array): number {
  let sum = 0;
  let mass = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    mass += weight;
    sum += i * weight;
  }
  return sum / mass;
}

/** Variance of the units there, in units squared: what a safety stock has to cover beside demand. O(support). */
export function varianceOfUnits(belief: Belief): number {
  if (belief === undefined) return 0;
  const { weights } = belief;
  const mean = meanOffset(weights);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += (i - mean) ** 2 * (weights[i] as number);
  return sum;
}

/** Probability of phantom stock: the record says that something is there, and nothing is. */
export function phantomProbability(belief: Belief, onHand: number): number {
  return belief === undefined || onHand <= 0 ? 0 : probabilityOf(belief, 0);
}

/** Mean of the distance between what is there and what the record says, in units. O(support). */
export function expectedDiscrepancy(belief: Belief, onHand: number): number {
  if (belief === undefined) return Math.max(0, -onHand);
  const { low, weights } = belief;
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += Math.abs(low + i - onHand) * (weights[i] as number);
  return sum;
}

/** Mean of the units by which what is there falls short of `promised`. O(support). */
export function expectedShortfall(belief: Belief, onHand: number, promised: number): number {
  if (belief === undefined) return Math.max(0, promised - Math.max(0, onHand));
  const { low, weights } = belief;
  let sum = 0;
  for (let i = 0; i < Math.min(weights.length, promised - low); i++) sum += (promised - low - i) * (weights[i] as number);
  return sum;
}

/** Probability of exactly `units`. O(1). */
export function probabilityOf(belief: Spread, units: number): number {
  return Math.min(1, belief.weights[units - belief.low] ?? 0);
}
