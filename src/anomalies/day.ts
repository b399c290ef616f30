/**
 * A location's day: all detectors over the figures of its records, and of what they find that which is reported.
 *
 * A1. Tests of one location and day are one family, whatever their kind: a location with much noise does not drown another.
 * A2. Same figures in any order: same anomalies, in the same order.
 */

import type { LocationId, Sku } from "../base/index.ts";
import {
  type AnomalyKind,
  type AsnFigures,
  asnMismatch,
  impossibleSale,
  phantomStock,
  type QuietFigures,
  type ReadFigures,
  type ReturnFigures,
  returnBurst,
  rfidMismatch,
  type SalesFigures,
  type ShrinkageFigures,
  shrinkageDrift,
} from "./detectors.ts";
import { adjustedPValues } from "./false-discovery.ts";

/** What a day says of one record; what did not happen is absent. */
export interface DayFigures {
  readonly sku: Sku;
  readonly location: LocationId;
  readonly sales?: SalesFigures | undefined;
  readonly quiet?: QuietFigures | undefined;
  readonly shrinkage?: ShrinkageFigures | undefined;
  readonly notices?: readonly AsnFigures[] | undefined;
  readonly returns?: ReturnFigures | undefined;
  readonly read?: ReadFigures | undefined;
}

/** One test that was made. */
export interface Finding {
  readonly kind: AnomalyKind;
  readonly sku: Sku;
  readonly location: LocationId;
  readonly pValue: number;
  /** Units that were seen, and units to be expected were nothing wrong. */
  readonly observed: number;
  readonly expected: number;
}

export interface Anomaly extends Finding {
  /** Lowest false discovery rate at which it would be reported. */
  readonly qValue: number;
}

/** Share of reported anomalies that may be false alarms, unless told otherwise. */
export const USUAL_FALSE_SHARE = 0.05;

/** The tests that a record's day allows. */
export function findingsOf(figures: DayFigures): readonly Finding[] {
  const { sku, location, sales, quiet, shrinkage, notices = [], returns, read } = figures;
  const findings: Finding[] = [];
  const add = (kind: AnomalyKind, pValue: number | undefined, observed: number, expected: number): void => {
    if (pValue !== undefined) findings.push({ kind, sku, location, pValue, observed, expected });
  };
  if (sales !== undefined) add("impossible-sale", impossibleSale(sales), sales.sold, sales.onHand + sales.received);
  if (quiet !== undefined) add("phantom-stock", phantomStock(quiet), 0, quiet.missed.mean);
  if (shrinkage !== undefined) {
    const { missing, expected } = shrinkage;
    add("shrinkage-drift", shrinkageDrift(shrinkage), missing, expected.rate * expected.units);
  }
  for (const notice of notices) add("asn-mismatch", asnMismatch(notice), notice.received, notice.announced);
  if (returns !== undefined) add("return-burst", returnBurst(returns), returns.returned, returns.expected.mean);
  if (read !== undefined) add("rfid-mismatch", rfidMismatch(read), read.seen, read.onHand * read.readRate + read.strayTags);
  return findings;
}

/** The anomalies of a day with at most `falseShare` (0 to 1) false alarms expected among those of each location; likeliest first. */
export function anomaliesOf(day: Iterable<DayFigures>, falseShare: number = USUAL_FALSE_SHARE): readonly Anomaly[] {
  const families = new Map<LocationId, Finding[]>();
  for (const figures of day) {
    const family = families.get(figures.location) ?? [];
    if (family.length === 0) families.set(figures.location, family);
    family.push(...findingsOf(figures));
  }
  return [...families.values()].flatMap((family) => reported(family, falseShare)).sort(byLikelihood);
}

function reported(family: readonly Finding[], falseShare: number): Anomaly[] {
  const qValues = adjustedPValues(family.map(({ pValue }) => pValue));
  return family.flatMap((finding, i) => {
    const qValue = qValues[i] as number;
    return qValue <= falseShare ? [{ ...finding, qValue }] : [];
  });
}

function byLikelihood(a: Anomaly, b: Anomaly): number {
  return (
    a.qValue - b.qValue ||
    a.pValue - b.pValue ||
    compare(nameOf(a), nameOf(b)) ||
    a.observed - b.observed ||
    a.expected - b.expected
  );
}

function nameOf({ location, sku, kind }: Finding): string {
  return `${location}\u0000${sku}\u0000${kind}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
