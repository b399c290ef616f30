/**
 * What it is worth to count a record, in money a minute of labour.
 *
 * The first two terms are what a wrong record costs while nobody knows: sales that an empty shelf loses until the freeze is found,
 * and units whose whereabouts are unknown. The third is promises that may be broken, the last makes every record's turn come.
 */

import type { LocationId, Sku } from "../base/index.ts";
import { type Belief, expectedDiscrepancy, expectedShortfall, phantomProbability } from "../confidence/index.ts";

/** A record that may be counted. Money is in one currency, whatever it is. */
export interface CountCandidate {
  readonly sku: Sku;
  readonly location: LocationId;
  readonly onHand: number;
  readonly belief: Belief;
  /** Units wanted a day while there are any. */
  readonly demandPerDay: number;
  /** Money a unit sold earns. */
  readonly margin: number;
  readonly unitCost: number;
  /** Days for which phantom stock would stay unnoticed, were it not for this count. */
  readonly daysFrozen: number;
  /** Units promised to customers from this record. */
  readonly promised: number;
  /** Since the last count, or since the record began. */
  readonly daysSinceCount: number;
  /** Labour of the count, above 0. */
  readonly minutes: number;
}

export interface CountPricing {
  /** What an unknown unit costs, as a share of its unit cost. */
  readonly discrepancyShare: number;
  /** Money that a promised unit costs which is not there: the trouble, not the unit. */
  readonly brokenPromise: number;
  /** Money that each day since the last count is worth. */
  readonly perDayUncounted: number;
}

export const USUAL_PRICING: CountPricing = { discrepancyShare: 0.2, brokenPromise: 10, perDayUncounted: 0.001 };

/** Money, 0 or more. */
export function countValue(candidate: CountCandidate, pricing: CountPricing): number {
  const { belief, onHand } = candidate;
  const frozen = phantomProbability(belief, onHand) * candidate.demandPerDay * candidate.margin * candidate.daysFrozen;
  const discrepancy = expectedDiscrepancy(belief, onHand) * candidate.unitCost * pricing.discrepancyShare;
  const orders = expectedShortfall(belief, onHand, candidate.promised) * pricing.brokenPromise;
  return frozen + discrepancy + orders + candidate.daysSinceCount * pricing.perDayUncounted;
}

/** Money a minute. */
export function countWorth(candidate: CountCandidate, pricing: CountPricing): number {
  return countValue(candidate, pricing) / candidate.minutes;
}
