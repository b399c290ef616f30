/**
 * Thresholds of what is available: low, medium and high, set for the tenant, a location, or a SKU.
 *
 * TH1. The rule nearest to the record holds as a whole: that of its SKU before that of its location before that of the tenant. A level that it does not have is
 *      not watched, whatever a farther rule says.
 */

import { type LocationId, QUANTITY_MAX, type Sku } from "../base/index.ts";

/** From the lowest up. */
export const THRESHOLD_LEVELS = ["low", "medium", "high"] as const;
export type ThresholdLevel = (typeof THRESHOLD_LEVELS)[number];

/** Units of `available`, 0 to 2^31 - 1, not falling from `low` to `high`; a level that is absent is not watched. */
export interface Thresholds {
  readonly low?: number | undefined;
  readonly medium?: number | undefined;
  readonly high?: number | undefined;
  /** Units above a threshold that `available` has to exceed before it counts as above again. Absent: a tenth of the threshold, at least 1. */
  readonly hysteresis?: number | undefined;
}

export interface ThresholdRules {
  readonly tenant?: Thresholds | undefined;
  readonly locations: ReadonlyMap<LocationId, Thresholds>;
  readonly skus: ReadonlyMap<Sku, Thresholds>;
}

/** The rule that holds for the record; undefined when there is none. O(1). */
export function thresholdsOf(
  { tenant, locations, skus }: ThresholdRules,
  sku: Sku,
  location: LocationId,
): Thresholds | undefined {
  return skus.get(sku) ?? locations.get(location) ?? tenant;
}

/** What is wrong with a rule that was sent in, with the field and the way out; undefined when nothing is. */
export function thresholdsProblem(rule: Thresholds): { readonly field: string; readonly message: string } | undefined {
  let lower = 0;
  for (const field of [...THRESHOLD_LEVELS, "hysteresis"] as const) {
    const value = rule[field];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < 0 || value > QUANTITY_MAX) {
      return { field, message: `is ${value}; must be a whole number from 0 to ${QUANTITY_MAX}` };
    }
    if (field === "hysteresis") continue;
    if (value < lower) return { field, message: `is ${value}; must not be below a lower level, which is ${lower}` };
    lower = value;
  }
  return undefined;
}
