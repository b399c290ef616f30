/**
 * The detectors: what is strange about a record's day, each as the probability that it would look at least so strange if nothing
 * were wrong.
 *
 * D1. Under its null hypothesis a detector's p-value is at most a with probability at most a, for every a: the tests are
 *     conservative where they are not exact.
 * D2. Whether a detector is asked must not depend on what it would find: give the figures of records that sold and of those that
 *     did not, or D1 is lost. One that cannot look says nothing (`undefined`), which is not the same as finding nothing.
 */

import {
  type Belief,
  type Demand,
  type Incidents,
  probabilityAtLeast,
  probabilityOfNone,
  type ReceiptErrors,
} from "../confidence/index.ts";
import { binomialLowerTail, demandTail, lossTail } from "./tails.ts";

export const ANOMALY_KINDS = [
  "impossible-sale",
  "phantom-stock",
  "shrinkage-drift",
  "asn-mismatch",
  "return-burst",
  "rfid-mismatch",
] as const;

export type AnomalyKind = (typeof ANOMALY_KINDS)[number];

/** Sales of a day beside what was believed to be there in the morning. */
export interface SalesFigures {
  readonly onHand: number;
  readonly belief: Belief;
  /** Units sold. */
  readonly sold: number;
  /** Units that came in, or back, in time to be sold. */
  readonly received: number;
}

/**
 * Null: what is there is distributed as believed. More cannot be sold than is there, so P(X >= sold - received) is never below
 * the upper tail at the true X, whose chance to be at most a is at most a.
 */
export function impossibleSale({ onHand, belief, sold, received }: SalesFigures): number {
  return sold > 0 ? probabilityAtLeast(belief, onHand, sold - received) : 1;
}

/** Time without a sale, none for a record that sold today. */
export interface QuietFigures {
  readonly onHand: number;
  /** Demand to be expected since the last sale. */
  readonly missed: Demand;
}

/** Null: there is something to sell, and demand is as expected. P(D = 0) since the last sale. */
export function phantomStock({ onHand, missed }: QuietFigures): number | undefined {
  return onHand > 0 ? probabilityOfNone(missed) : undefined;
}

/** What the counts of some weeks found missing. */
export interface ShrinkageFigures {
  /** Units that were missing, net of those found. */
  readonly missing: number;
  /** Losses to be expected of the category over the same days. */
  readonly expected: Incidents;
}

/** Null: losses are those of the category. Upper tail of the compound Poisson law. Finds, which it leaves out, only help the accused. */
export function shrinkageDrift({ missing, expected }: ShrinkageFigures): number | undefined {
  return expected.rate > 0 ? lossTail(expected, missing) : undefined;
}

/** A receipt beside its advance shipping notice. */
export interface AsnFigures {
  readonly announced: number;
  readonly received: number;
  /** How often the supplier's notices are wrong, and by how much. */
  readonly errors: ReceiptErrors;
}

/** Null: notices are wrong as often as they are, by a geometric number of units either way. */
export function asnMismatch({ announced, received, errors }: AsnFigures): number {
  const units = Math.abs(received - announced);
  if (units === 0) return 1;
  const more = errors.units > 1 ? 1 - 1 / errors.units : 0;
  return Math.min(1, Math.max(0, errors.probability)) * more ** (units - 1);
}

export interface ReturnFigures {
  readonly returned: number;
  /** Returns to be expected of the day, from what was sold before. */
  readonly expected: Demand;
}

/** Null: returns are as expected. Upper tail of the negative binomial, or Poisson, law. */
export function returnBurst({ returned, expected }: ReturnFigures): number | undefined {
  return expected.mean > 0 || returned > 0 ? demandTail(expected, returned) : undefined;
}

export interface ReadFigures {
  readonly onHand: number;
  /** Tags that were read, each once. */
  readonly seen: number;
  /** Probability that a tag which is there is read. */
  readonly readRate: number;
  /** Mean number of tags read that belong elsewhere. */
  readonly strayTags: number;
}

/**
 * Null: the record is right. Tags seen are binomial plus Poisson strays; the two tails are bounded by the binomial alone and the strays
 * alone, and the smaller one counts twice.
 */
export function rfidMismatch({ onHand, seen, readRate, strayTags }: ReadFigures): number {
  const there = Math.max(0, onHand);
  const tooFew = binomialLowerTail(there, Math.min(1 - 1e-9, Math.max(1e-9, readRate)), seen);
  const tooMany = demandTail({ mean: strayTags }, seen - there);
  return Math.min(1, 2 * Math.min(tooFew, tooMany));
}
