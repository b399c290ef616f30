/**
 * Tail probabilities, in doubles and without libraries: sums of the terms of a distribution away from its mode, which fall at
 * least geometrically, so that small tails keep their relative precision. Where a sum is cut, what is left is bounded from above:
 * a tail is never told smaller than it is, but for rounding.
 */

import type { Demand, Incidents } from "../confidence/index.ts";

const TERMS_MAX = 200_000;
const NEGLIGIBLE = 1e-14;
/** Below this a tail that was found as a difference from 1 is only rounding. */
const DIFFERENCE_MIN = 1e-13;

/** P(N >= n) of a negative binomial, or of a Poisson distribution when it has no size. O(distance from the mode, at most). */
export function demandTail({ mean, size }: Demand, n: number): number {
  if (n <= 0) return 1;
  if (!(mean > 0)) return 0;
  const law = size === undefined || size === Number.POSITIVE_INFINITY ? poisson(mean) : negativeBinomial(mean, size);
  if (n > mean) return Math.min(1, Math.exp(law.logTerm(n)) * sumUp(n, law));
  return oneMinus(Math.exp(law.logTerm(n - 1)) * sumDown(n - 1, law));
}

/** P(K <= k) of `trials` that each succeed with probability `success`, between 0 and 1. */
export function binomialLowerTail(trials: number, success: number, k: number): number {
  if (k >= trials) return 1;
  if (k < 0) return 0;
  const odds = success / (1 - success);
  const law: Law = {
    logTerm: (j) =>
      logGamma(trials + 1) -
      logGamma(j + 1) -
      logGamma(trials - j + 1) +
      j * Math.log(success) +
      (trials - j) * Math.log1p(-success),
    ratio: (j) => ((trials - j) / (j + 1)) * odds,
    ratioMax: 0,
  };
  if (k < trials * success) return Math.min(1, Math.exp(law.logTerm(k)) * sumDown(k, law));
  return oneMinus(Math.exp(law.logTerm(k + 1)) * sumUp(k + 1, law));
}

/**
 * P(at least `units` are lost) when incidents arrive by a Poisson law and each takes a geometric number of units: the recursion of
 * the Polya-Aeppli distribution (Johnson, Kemp, Kotz 2005, 9.7). 1, which accuses nobody, for more than 700 expected incidents.
 */
export function lossTail({ rate, units: size }: Incidents, units: number): number {
  if (units <= 0) return 1;
  const more = size > 1 ? 1 - 1 / size : 0;
  let before = 0;
  let term = Math.exp(-Math.max(0, rate));
  if (term === 0) return 1;
  let sum = term;
  for (let n = 1; n < Math.min(units, TERMS_MAX); n++) {
    const next = ((rate * (1 - more) + 2 * more * (n - 1)) * term - more ** 2 * (n - 2) * before) / n;
    before = term;
    term = Math.max(0, next);
    sum += term;
  }
  return rate > 0 ? oneMinus(sum) : 0;
}

/** A distribution on 0, 1, ... whose terms follow from one another. */
interface Law {
  logTerm(n: number): number;
  /** P(n + 1) / P(n). */
  ratio(n: number): number;
  /** What no ratio beyond the mode exceeds, or 0 when ratios only fall. */
  readonly ratioMax: number;
}

function poisson(mean: number): Law {
  const logMean = Math.log(mean);
  return { logTerm: (n) => n * logMean - mean - logGamma(n + 1), ratio: (n) => mean / (n + 1), ratioMax: 0 };
}

function negativeBinomial(mean: number, size: number): Law {
  const odds = mean / (size + mean);
  return {
    logTerm: (n) => logGamma(n + size) - logGamma(size) - logGamma(n + 1) - size * Math.log1p(mean / size) + n * Math.log(odds),
    ratio: (n) => ((n + size) / (n + 1)) * odds,
    ratioMax: odds,
  };
}

/** Sum of the terms from `n` up, in units of that of `n`. */
function sumUp(n: number, { ratio, ratioMax }: Law): number {
  let term = 1;
  let sum = 1;
  for (let j = n; j < n + TERMS_MAX; j++) {
    term *= ratio(j);
    sum += term;
    if (term < sum * NEGLIGIBLE) break;
  }
  const bound = Math.max(ratioMax, ratio(n + TERMS_MAX));
  return bound < 1 ? sum + (term * bound) / (1 - bound) : Number.POSITIVE_INFINITY;
}

/** Sum of the terms from `n` down, in units of that of `n`. */
function sumDown(n: number, { ratio }: Law): number {
  let term = 1;
  let sum = 1;
  for (let j = n; j > 0 && term > sum * NEGLIGIBLE; j--) {
    term /= ratio(j - 1);
    sum += term;
  }
  return sum;
}

function oneMinus(sum: number): number {
  return Math.min(1, Math.max(DIFFERENCE_MIN, 1 - sum));
}

const STIRLING_MIN = 16;

/** ln of the gamma function for x above 0: Stirling's series, after a shift to where four of its terms suffice for 14 digits. */
export function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  while (y < STIRLING_MIN) shift += Math.log(y++);
  const inverse = 1 / y;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
