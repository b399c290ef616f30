/**
 * How evidence changes what is believed: sales and the time without them, receipts, units taken, counts, reads of tags, drift.
 *
 * Sales, loss and counts are those of DeHoratius, Mersereau and Schrage (2008), "Retail inventory management when records are
 * inaccurate"; finds and faulty receipts are ours. Every update is given the record's `onHand` as it was before the event and
 * returns the belief beside the record after it.
 *
 * U1. No input makes a belief invalid: what is no number counts as zero, what is out of bounds as the bound.
 * U2. Evidence that the belief holds impossible is a surprise, not a failure: the world did it. What it proves is kept, what
 *     is there beyond that is unknown again.
 * U3. An update looks at its arguments alone, so that all who see the same events believe the same.
 */

import { type Belief, SUPPORT_MAX, sureOf } from "./belief.ts";
import { type Demand, demandOver, stopRatio } from "./demand.ts";
import { type Drift, driftOver, moreOf } from "./drift.ts";
import { Worktop } from "./worktop.ts";

/** What went on in an interval: how much was wanted and how much came or went unseen. */
export interface Course {
  readonly demand: Demand;
  readonly drift: Drift;
}

/** Share of faulty receipts, and mean units by which those are wrong, either way. */
export interface ReceiptErrors {
  readonly probability: number;
  readonly units: number;
}

/** Mean units that are there beyond what a surprise proves, when finds say nothing else. */
export const SURPRISE_UNITS = 2;
/** Longest interval that one step covers, in days; longer ones are cut, since empty shelves sell nothing on the days that follow. */
export const STEP_DAYS = 1;
/** Most steps of one interval; a longer one has longer steps. */
export const STEPS_MAX = 16;

const worktop = new Worktop();

/**
 * An interval in which `sold` units were sold and then drift went on. For x units there before:
 * p'(x - sold) is p(x) P(D = sold) for x > sold, p(x) P(D >= sold) for x = sold, and nothing for fewer.
 */
export function afterInterval(belief: Belief, onHand: number, sold: number, { demand, drift }: Course): Belief {
  worktop.lay(belief, onHand);
  sell(sold, demand, drift);
  worktop.lose(drift.lost);
  worktop.find(drift.found);
  return worktop.take(onHand - sold);
}

function sell(sold: number, demand: Demand, drift: Drift): void {
  if (isImpossible(sold)) return surprise(sold, drift);
  worktop.dropBelow(sold);
  if (worktop.low === sold && worktop.end - worktop.first > 1) {
    const ratio = stopRatio(demand, sold);
    for (let i = worktop.first + 1; i < worktop.end; i++) worktop.cells[i] = (worktop.cells[i] as number) * ratio;
  }
  worktop.low -= sold;
}

function isImpossible(units: number): boolean {
  for (let i = Math.max(worktop.first, worktop.first + units - worktop.low); i < worktop.end; i++) {
    if ((worktop.cells[i] as number) > 0) return false;
  }
  return true;
}

/** At least `taken` were there. A find is geometric, which forgets how much of it was used up already. */
function surprise(taken: number, drift: Drift): void {
  const units = drift.found.rate > 0 ? drift.found.units : SURPRISE_UNITS;
  worktop.layGeometric(taken, moreOf({ rate: 1, units }));
  worktop.low -= taken;
}

/** `days` without a sale, 0 or more; `course` is that of one day. */
export function afterQuiet(belief: Belief, onHand: number, days: number, course: Course): Belief {
  if (!(days > 0)) return belief;
  const steps = Math.min(STEPS_MAX, Math.ceil(days / STEP_DAYS));
  const demand = demandOver(course.demand, days / steps);
  const drift = driftOver(course.drift, days / steps);
  worktop.lay(belief, onHand);
  for (let step = 0; step < steps; step++) {
    sell(0, demand, drift);
    worktop.lose(drift.lost);
    worktop.find(drift.found);
    worktop.settle();
  }
  return worktop.take(onHand);
}

/** Units that came in and were booked as `units`: a receipt, a return, a transfer. */
export function afterReceipt(belief: Belief, onHand: number, units: number, errors?: ReceiptErrors): Belief {
  const faulty = errors !== undefined && errors.probability > 0 && units > 0;
  if (belief === undefined && onHand >= 0 && !faulty) return undefined;
  worktop.lay(belief, onHand);
  worktop.low += units;
  if (faulty) worktop.err(errors.probability, errors.units);
  return worktop.take(onHand + units);
}

/** Units that were seen to leave without demand having its say: damage, a transfer out, a pick. */
export function afterTaken(belief: Belief, onHand: number, units: number, drift: Drift): Belief {
  if (belief === undefined && onHand >= units) return undefined;
  worktop.lay(belief, onHand);
  if (isImpossible(units)) surprise(units, drift);
  else {
    worktop.dropBelow(units);
    worktop.low -= units;
  }
  return worktop.take(onHand - units);
}

/** A count: all belief is on what was counted, which the record now says too, or `onHand` when later movements lie on top. */
export function afterCount(counted: number, onHand: number = counted): Belief {
  return sureOf(counted, onHand);
}

/** The books were changed and the shelf was not: the record says `onHandAfter` from now on. */
export function afterRebooking(belief: Belief, onHand: number, onHandAfter: number): Belief {
  worktop.lay(belief, onHand);
  return worktop.take(onHandAfter);
}

/**
 * A read of tags that found `seen` units, each of those there with probability `readRate` (0 to 1, about .94 to .99):
 * p'(x) is p(x) C(x, seen) readRate^seen (1 - readRate)^(x - seen). Fewer units than were seen are impossible.
 */
export function afterRead(belief: Belief, onHand: number, seen: number, readRate: number): Belief {
  const missed = Math.min(0.999_999, Math.max(0.000_001, 1 - (Number.isFinite(readRate) ? readRate : 0)));
  worktop.lay(belief, onHand);
  if (isImpossible(seen)) {
    worktop.layGeometric(seen, 0);
    worktop.end = worktop.first + SUPPORT_MAX;
    worktop.cells.fill(1, worktop.first, worktop.end);
  }
  worktop.dropBelow(seen);
  weighBinomially(seen, missed);
  return worktop.take(onHand);
}

/** In logarithms, since the likelihood of one number of units beside that of another may leave the range of a double. */
function weighBinomially(seen: number, missed: number): void {
  const { cells, first, end, low } = worktop;
  let likelihood = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = first; i < end; i++) {
    const units = low + i - first;
    if (i > first) likelihood += Math.log((units / (units - seen)) * missed);
    cells[i] = Math.log(cells[i] as number) + likelihood;
    highest = Math.max(highest, cells[i] as number);
  }
  for (let i = first; i < end; i++) cells[i] = Math.exp((cells[i] as number) - highest);
}
