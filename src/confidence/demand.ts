/**
 * Demand over an interval, and the one number of it that a belief needs: how likely sales stopped because the shelf was empty.
 *
 * Negative binomial with a mean and a size, the Poisson distribution as its limit for a size without bound. As a gamma
 * process it may be cut into intervals of any length: mean and size grow with time.
 */

export interface Demand {
  /** Expected units wanted in the interval, 0 or more; more than {@link DEMAND_MEAN_MAX} is read as that. */
  readonly mean: number;
  /**
   * Size of the negative binomial over the interval, above 0: the variance is `mean + mean * mean / size`. Absent: Poisson. Less than
   * {@link DEMAND_SIZE_MIN} is read as that.
   */
  readonly size?: number | undefined;
}

/** Beyond this, one interval without a sale leaves no doubt in a double. */
export const DEMAND_MEAN_MAX = 500;
export const DEMAND_SIZE_MIN = 0.01;
const TERMS_MAX = 4_096;
/** A term this small beside its sum changes nothing. */
const NEGLIGIBLE = 1e-12;

/** The demand of an interval of `days` when `demand` is that of a day. */
export function demandOver(demand: Demand, days: number): Demand {
  return { mean: demand.mean * days, size: demand.size === undefined ? undefined : demand.size * days };
}

/** Probability that nobody wants any, 0 to 1. */
export function probabilityOfNone({ mean, size }: Demand): number {
  const m = boundedMean(mean);
  if (size === undefined || size === Number.POSITIVE_INFINITY) return Math.exp(-m);
  const k = boundedSize(size);
  return Math.exp(-k * Math.log1p(m / k));
}

/**
 * P(D = sold) / P(D >= sold), 0 to 1: the weight of "more was there than was sold" beside "the last unit was sold".
 *
 * The reciprocal is the sum over j of P(sold + j) / P(sold), whose terms follow from one another by the recurrence of the
 * distribution, so that neither factorials nor tails are needed. O(1) for nothing sold.
 */
export function stopRatio(demand: Demand, sold: number): number {
  if (sold === 0) return probabilityOfNone(demand);
  const m = boundedMean(demand.mean);
  const poisson = demand.size === undefined || demand.size === Number.POSITIVE_INFINITY;
  const k = poisson ? 0 : boundedSize(demand.size as number);
  const odds = m / (k + m);
  let term = 1;
  let sum = 1;
  for (let j = sold; j < sold + TERMS_MAX; j++) {
    term *= poisson ? m / (j + 1) : ((k + j) / (j + 1)) * odds;
    sum += term;
    if (term < sum * NEGLIGIBLE || sum === Number.POSITIVE_INFINITY) break;
  }
  return 1 / sum;
}

function boundedMean(mean: number): number {
  return mean > 0 ? Math.min(mean, DEMAND_MEAN_MAX) : 0;
}

function boundedSize(size: number): number {
  return Number.isNaN(size) ? DEMAND_SIZE_MIN : Math.max(DEMAND_SIZE_MIN, size);
}
