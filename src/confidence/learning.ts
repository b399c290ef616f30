/**
 * What counts teach about drift: how often units of a category come and go unseen, how many at a time, and how often a receipt
 * is wrong.
 *
 * A count compares what is there with the record after some days and receipts. The net difference is taken as lost, or as
 * found. The number of incidents behind it, and which of them were faulty receipts, is not seen; what is expected of both given
 * the units and the estimate so far is added (a step of online expectation maximisation, Cappe and Moulines 2009), so that
 * rates and sizes are learned together. The sums begin with a prior worth {@link PRIOR_DAYS} days, as a gamma prior does.
 *
 * Counts that were chosen for being suspicious teach too high a rate: feed those that were chosen at random.
 */

import { type Drift, type Incidents, moreOf } from "./drift.ts";
import type { ReceiptErrors } from "./updates.ts";

/** Sums over the counts of one category; plain numbers, to be stored anywhere. */
export interface DriftSums {
  readonly days: number;
  readonly receipts: number;
  readonly lostIncidents: number;
  readonly lostUnits: number;
  readonly foundIncidents: number;
  readonly foundUnits: number;
  /** Incidents of the two kinds above that were faulty receipts. */
  readonly faultyReceipts: number;
  /** Losses that took all there was; neither they nor their units are among the lost ones. */
  readonly sweeps: number;
}

export const PRIOR_DAYS = 1_000;
/** More than this and all sums are halved: a category may change, and first guesses of what cannot be seen wear off. */
export const DAYS_MAX = 365_000;
/** Incidents that one count may tell apart. */
const INCIDENTS_APART_MAX = 64;
/** Least mean size that is reckoned with, so that one unit an incident is never beyond doubt. */
const SIZE_MIN = 1.01;

/** Before any count: a loss of two units in two hundred days, finds a third of that, one receipt in a hundred wrong, a
 * sweep in 5,000 days. */
export const PRIOR_SUMS: DriftSums = {
  days: PRIOR_DAYS,
  receipts: 100,
  lostIncidents: PRIOR_DAYS / 200,
  lostUnits: PRIOR_DAYS / 100,
  foundIncidents: PRIOR_DAYS / 600,
  foundUnits: PRIOR_DAYS / 300,
  faultyReceipts: 1,
  sweeps: PRIOR_DAYS / 5_000,
};

/** Drift of one day, beside faulty receipts. */
export function driftFrom(sums: DriftSums): Drift {
  const half = sums.faultyReceipts / 2;
  const lost = incidentsFrom(sums.lostIncidents, sums.lostUnits, half, sums.days);
  const sweeps = sums.sweeps / sums.days;
  return {
    lost: { rate: lost.rate + sweeps, units: lost.units, sweep: sweeps / (lost.rate + sweeps) },
    found: incidentsFrom(sums.foundIncidents, sums.foundUnits, half, sums.days),
  };
}

function incidentsFrom(incidents: number, units: number, faultyReceipts: number, days: number): Incidents {
  return { rate: Math.max(0, incidents - faultyReceipts) / days, units: Math.max(1, units / incidents) };
}

/** How often a receipt is wrong, and by how many units either way. */
export function receiptErrorsFrom(sums: DriftSums): ReceiptErrors {
  const units = (sums.lostUnits + sums.foundUnits) / (sums.lostIncidents + sums.foundIncidents);
  return { probability: Math.min(1, sums.faultyReceipts / sums.receipts), units: Math.max(1, units) };
}

/** What a count found. */
export interface Counted {
  /** Units more than the record said; negative: fewer. */
  readonly difference: number;
  /**
   * Since the record was last known to be right, above 0: those on which there was something to lose. A shelf that stood empty
   * lost nothing; counting its days would make loss look rarer than it is.
   */
  readonly days: number;
  /** Receipts since then. */
  readonly receipts: number;
  /** Nothing was there any more. */
  readonly empty: boolean;
}

/** The sums after a count. One without time, or that is no number, teaches nothing. */
export function learnFromCount(sums: DriftSums, counted: Counted): DriftSums {
  const { difference, days, receipts } = counted;
  if (!(days > 0 && receipts >= 0) || !Number.isFinite(difference + days + receipts)) return sums;
  return sums.days > DAYS_MAX ? added(halved(sums), counted) : added(sums, counted);
}

function halved(sums: DriftSums): DriftSums {
  return {
    days: sums.days / 2,
    receipts: sums.receipts / 2,
    lostIncidents: sums.lostIncidents / 2,
    lostUnits: sums.lostUnits / 2,
    foundIncidents: sums.foundIncidents / 2,
    foundUnits: sums.foundUnits / 2,
    faultyReceipts: sums.faultyReceipts / 2,
    sweeps: sums.sweeps / 2,
  };
}

function added(sums: DriftSums, counted: Counted): DriftSums {
  const { difference, days, receipts } = counted;
  const drift = driftFrom(sums);
  const { rate, units: size, sweep = 0 } = difference < 0 ? drift.lost : drift.found;
  const unseen = rate * (1 - sweep) * days;
  const faulty = (receiptErrorsFrom(sums).probability / 2) * receipts;
  const units = Math.abs(difference);
  const incidents = expectedIncidents(units, { rate: unseen + faulty, units: size });
  const swept =
    difference < 0 && counted.empty ? sweptShare(units, { rate: unseen + faulty, units: size }, rate * sweep * days) : 0;
  const ordinary = (1 - swept) * incidents;
  const next = {
    ...sums,
    days: sums.days + days,
    receipts: sums.receipts + receipts,
    faultyReceipts: sums.faultyReceipts + (ordinary > 0 ? (ordinary * faulty) / (unseen + faulty) : 0),
    sweeps: sums.sweeps + swept,
  };
  if (difference >= 0) {
    return { ...next, foundIncidents: sums.foundIncidents + ordinary, foundUnits: sums.foundUnits + units };
  }
  return { ...next, lostIncidents: sums.lostIncidents + ordinary, lostUnits: sums.lostUnits + (1 - swept) * units };
}

/** Probability that a shelf which lacks all its `units` was swept rather than emptied by an ordinary incident of that size or more. */
function sweptShare(units: number, { rate, units: size }: Incidents, sweeps: number): number {
  const ordinary = rate * moreOf({ rate, units: size }) ** (units - 1);
  return sweeps > 0 ? sweeps / (sweeps + ordinary) : 0;
}

/** Mean of n given the units: P(n) is proportional to rate^n / n! times the chance that n geometric sizes sum to `units`. */
export function expectedIncidents(units: number, { rate, units: size }: Incidents): number {
  if (units <= 1) return Math.max(0, units);
  const more = moreOf({ rate, units: Math.max(SIZE_MIN, size) });
  const odds = (rate * (1 - more)) / more;
  let weight = 1;
  let sum = 0;
  let total = 0;
  for (let n = 1; n <= Math.min(units, INCIDENTS_APART_MAX); n++) {
    sum += n * weight;
    total += weight;
    weight *= (odds / (n + 1)) * ((units - n) / n);
  }
  return sum / total;
}
