/**
 * What the grid knows of the world of the study: booked receipts, booked sales and counts, and nothing else. Drift is learned per
 * category from counts drawn at random, demand per record from its own sales.
 */

import {
  afterCount,
  afterInterval,
  afterReceipt,
  type Belief,
  type Demand,
  type Drift,
  type DriftSums,
  driftFrom,
  learnFromCount,
  PRIOR_SUMS,
  phantomProbability,
  probabilityAtLeast,
  type ReceiptErrors,
  receiptErrorsFrom,
} from "../../../src/confidence/index.ts";
import type { Item } from "./world.ts";

/** Weight that a day keeps of the demand seen before it: half of it after two months. */
const MEMORY = 0.5 ** (1 / 60);
/** Days that the usual demand of a category weighs in that of a record. */
const PRIOR_DAYS = 7;
/** Excess variance before any was seen: a negative binomial size of 2. */
const PRIOR_EXCESS = { over: 50, squares: 100 };

interface Known {
  belief: Belief;
  countedOn: number;
  receipts: number;
  /** Days since the last count on which there was something to lose, as far as believed. */
  daysExposed: number;
  sold: number;
  /** Days on which there was something to sell, up to the last sale or count. */
  daysThere: number;
  /** Days without a sale since then on which the record said there was. */
  quietDays: number;
}

interface CategoryKnown {
  sums: DriftSums;
  drift: Drift;
  errors: ReceiptErrors;
  sold: number;
  daysThere: number;
  /** Sums of (sold - mean)^2 - mean and of mean^2: their quotient is the reciprocal of the size. */
  excess: number;
  squares: number;
}

export class Believer {
  readonly #known: readonly Known[];
  readonly #categories: readonly CategoryKnown[];

  constructor(items: readonly Item[], categories: number) {
    this.#known = items.map(() => ({
      belief: undefined,
      countedOn: 0,
      receipts: 0,
      daysExposed: 0,
      sold: 0,
      daysThere: 0,
      quietDays: 0,
    }));
    this.#categories = Array.from({ length: categories }, () => ({
      sums: PRIOR_SUMS,
      drift: driftFrom(PRIOR_SUMS),
      errors: receiptErrorsFrom(PRIOR_SUMS),
      sold: 0.5 * PRIOR_DAYS,
      daysThere: PRIOR_DAYS,
      excess: PRIOR_EXCESS.over,
      squares: PRIOR_EXCESS.squares,
    }));
  }

  beliefOf(item: Item): Belief {
    return this.#of(item).belief;
  }

  countedOn(item: Item): number {
    return this.#of(item).countedOn;
  }

  /** Demand of a day if something is there, which makes the quiet days since the last sale a part of it. */
  demandOf(item: Item): Demand {
    const { squares, excess } = this.#categoryOf(item);
    const size = Math.min(50, Math.max(0.1, squares / Math.max(1e-9, excess)));
    return { mean: this.#meanOver(item, this.#of(item).quietDays), size };
  }

  /** Demand of a day if nothing is there: the quiet days say nothing of it. */
  demandUnserved(item: Item): number {
    return this.#meanOver(item, 0);
  }

  #meanOver(item: Item, quietDays: number): number {
    const { sold, daysThere } = this.#of(item);
    const category = this.#categoryOf(item);
    return (sold + (PRIOR_DAYS * category.sold) / category.daysThere) / (daysThere + quietDays + PRIOR_DAYS);
  }

  /** The day as the books have it; `item.onHand` is that of the evening. */
  seeDay(item: Item): void {
    const known = this.#of(item);
    const category = this.#categoryOf(item);
    const demand = this.demandOf(item);
    const { bookedReceipt, bookedSales } = item;
    const morning = item.onHand - bookedReceipt + bookedSales;
    if (bookedReceipt > 0) known.belief = afterReceipt(known.belief, morning, bookedReceipt, category.errors);
    if (bookedReceipt > 0) known.receipts++;
    known.belief = afterInterval(known.belief, item.onHand + bookedSales, bookedSales, { demand, drift: category.drift });
    known.daysExposed += probabilityAtLeast(known.belief, item.onHand, 1);
    this.#learnDemand(item, demand.mean);
  }

  #learnDemand(item: Item, mean: number): void {
    const known = this.#of(item);
    const category = this.#categoryOf(item);
    const there = item.bookedSales > 0 ? 1 : item.onHand > 0 ? 1 - phantomProbability(known.belief, item.onHand) : 0;
    known.sold = known.sold * MEMORY + item.bookedSales;
    known.daysThere *= MEMORY;
    if (item.bookedSales > 0) settle(known, known.quietDays + 1);
    else if (item.onHand > 0) known.quietDays++;
    category.sold += item.bookedSales;
    category.daysThere += there;
    if (there < 0.9) return;
    category.excess += (item.bookedSales - mean) ** 2 - mean;
    category.squares += mean ** 2;
  }

  /** A count found `counted` where the record said `expected`. */
  seeCount(item: Item, counted: number, expected: number, day: number, isRandom: boolean): void {
    const known = this.#of(item);
    const category = this.#categoryOf(item);
    if (isRandom) {
      category.sums = learnFromCount(category.sums, {
        difference: counted - expected,
        days: known.daysExposed,
        receipts: known.receipts,
        empty: counted === 0,
      });
      category.errors = receiptErrorsFrom(category.sums);
      category.drift = driftFrom(category.sums);
    }
    settle(known, counted > 0 ? known.quietDays : 0);
    known.belief = afterCount(counted);
    known.countedOn = day;
    known.receipts = 0;
    known.daysExposed = 0;
  }

  /** What a shop without a model looks at: sales that were to be expected since the last one. */
  salesMissed(item: Item): number {
    return item.onHand > 0 ? this.#of(item).quietDays * this.demandUnserved(item) : 0;
  }

  #of(item: Item): Known {
    return this.#known[item.index] as Known;
  }

  #categoryOf(item: Item): CategoryKnown {
    return this.#categories[item.category] as CategoryKnown;
  }
}

/** The quiet days are over and it is known on how many of them there was something to sell. */
function settle(known: Known, daysThere: number): void {
  known.daysThere += daysThere;
  known.quietDays = 0;
}
