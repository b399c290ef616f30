/**
 * The world of the study: shops whose demand, theft and mistakes are not those of the model that has to see through them.
 *
 * Against what the model assumes (steady negative binomial demand, independent geometric incidents of a steady rate):
 * - demand has a weekly season, drifts over the months, and each SKU is lumpy in its own way;
 * - theft comes as single units and as raids, which hit many records of a category on one day and take a share of the shelf;
 * - boxes are put in the wrong place and are found weeks later, together or not at all;
 * - receipts are wrong by up to half a pack, sales are booked on a neighbour, counts are wrong now and then;
 * - replenishment goes by the record, so that phantom stock keeps itself alive.
 */

import type { SeededRandom } from "../../support/seeded-random.ts";

export interface WorldOptions {
  readonly records: number;
  readonly categories: number;
  /** Multiplies all theft, misplacement and mistakes. */
  readonly trouble: number;
}

interface Delivery {
  readonly day: number;
  readonly booked: number;
  readonly actual: number;
}

interface Misplaced {
  readonly backOn: number;
  readonly units: number;
}

/** One record and the truth behind it. */
export interface Item {
  readonly index: number;
  readonly category: number;
  readonly price: number;
  /** Units a day, before season and trend. */
  readonly rate: number;
  /** Negative binomial size of a day. */
  readonly size: number;
  readonly pack: number;
  readonly reorderAt: number;
  readonly orderUpTo: number;
  trend: number;
  physical: number;
  onHand: number;
  deliveries: Delivery[];
  misplaced: Misplaced[];
  /** What happened to the record today, as the books have it. */
  bookedReceipt: number;
  bookedSales: number;
}

interface Category {
  readonly weekday: readonly number[];
  readonly theftPerDay: number;
  readonly raidsPerDay: number;
  readonly misplacedPerDay: number;
}

const RECEIPT_WRONG = 0.03;
const BOOKED_ON_NEIGHBOUR = 0.004;
const COUNT_WRONG = 0.02;
const RAID_REACH = 0.05;

export class World {
  readonly items: readonly Item[];
  readonly #categories: readonly Category[];
  readonly #random: SeededRandom;
  readonly #trouble: number;
  day = 0;

  constructor({ records, categories, trouble }: WorldOptions, random: SeededRandom) {
    this.#random = random;
    this.#trouble = trouble;
    this.#categories = Array.from({ length: categories }, () => this.#category());
    this.items = Array.from({ length: records }, (_, index) => this.#item(index, random.below(categories)));
  }

  #category(): Category {
    const random = this.#random;
    const peak = 0.2 + 0.8 * random.unit();
    const weekday = [1, 0.8, 0.8, 0.9, 1 + peak / 2, 1 + peak, 1.1].map((factor) => factor * (0.9 + 0.2 * random.unit()));
    const mean = weekday.reduce((sum, factor) => sum + factor, 0) / weekday.length;
    const wild = (median: number): number => median * Math.exp(0.7 * random.normal()) * this.#trouble;
    return {
      weekday: weekday.map((factor) => factor / mean),
      theftPerDay: wild(0.004),
      raidsPerDay: wild(0.02),
      misplacedPerDay: wild(0.001),
    };
  }

  #item(index: number, category: number): Item {
    const random = this.#random;
    const rate = Math.min(8, 0.4 * Math.exp(1.1 * random.normal()));
    const pack = [1, 3, 6, 12][random.below(4)] as number;
    const reorderAt = Math.ceil(rate * 5 + 1);
    const orderUpTo = Math.ceil(reorderAt + Math.max(pack, rate * 10));
    const physical = reorderAt + random.below(orderUpTo - reorderAt + 1);
    return {
      index,
      category,
      price: 12 * Math.exp(0.8 * random.normal()),
      rate,
      size: 0.5 + 2.5 * random.unit(),
      pack,
      reorderAt,
      orderUpTo,
      trend: 1,
      physical,
      onHand: physical,
      deliveries: [],
      misplaced: [],
      bookedReceipt: 0,
      bookedSales: 0,
    };
  }

  nextDay(): void {
    this.day++;
    for (const item of this.items) {
      item.bookedReceipt = 0;
      item.bookedSales = 0;
    }
    const raided = this.#categories.map(({ raidsPerDay }) => this.#random.chance(raidsPerDay));
    for (const item of this.items) {
      this.#receive(item);
      this.#trouble > 0 && this.#lose(item, raided[item.category] as boolean);
      this.#sell(item);
    }
    for (const item of this.items) this.#order(item);
  }

  #receive(item: Item): void {
    const due = item.deliveries.filter(({ day }) => day <= this.day);
    if (due.length === 0) return;
    item.deliveries = item.deliveries.filter(({ day }) => day > this.day);
    for (const { booked, actual } of due) {
      item.bookedReceipt += booked;
      item.onHand += booked;
      item.physical += actual;
    }
  }

  #lose(item: Item, raided: boolean): void {
    const random = this.#random;
    const category = this.#categories[item.category] as Category;
    const back = item.misplaced.filter(({ backOn }) => backOn <= this.day);
    if (back.length > 0) {
      item.misplaced = item.misplaced.filter(({ backOn }) => backOn > this.day);
      for (const { units } of back) item.physical += units;
    }
    if (item.physical > 0 && random.chance(category.theftPerDay)) item.physical--;
    if (raided && item.physical > 0 && random.chance(RAID_REACH)) {
      item.physical -= random.binomial(item.physical, 0.3 + 0.7 * random.unit());
    }
    if (item.physical > 0 && random.chance(category.misplacedPerDay)) {
      const units = 1 + random.below(item.physical);
      item.physical -= units;
      if (random.chance(0.7)) item.misplaced.push({ backOn: this.day + 1 + Math.ceil(random.exponential(40)), units });
    }
  }

  #sell(item: Item): void {
    const random = this.#random;
    item.trend = Math.min(3, Math.max(0.3, item.trend * Math.exp(0.015 * random.normal())));
    const season = (this.#categories[item.category] as Category).weekday[this.day % 7] as number;
    const wanted = random.negativeBinomial(item.rate * item.trend * season, item.size);
    const sold = Math.min(wanted, item.physical);
    item.physical -= sold;
    for (let i = 0; i < sold; i++) {
      const booked = random.chance(BOOKED_ON_NEIGHBOUR * this.#trouble) ? this.#neighbour(item) : item;
      booked.bookedSales++;
      booked.onHand--;
    }
  }

  #neighbour(item: Item): Item {
    const near = this.items
      .slice(Math.max(0, item.index - 40), item.index + 40)
      .filter((other) => other.category === item.category);
    return near[this.#random.below(near.length)] as Item;
  }

  #order(item: Item): void {
    const random = this.#random;
    const coming = item.deliveries.reduce((sum, { booked }) => sum + booked, 0);
    if (item.onHand + coming > item.reorderAt) return;
    const booked = Math.ceil((item.orderUpTo - item.onHand - coming) / item.pack) * item.pack;
    const wrong = random.chance(RECEIPT_WRONG * this.#trouble);
    const by = wrong ? (1 + random.below(Math.ceil(item.pack / 2))) * (random.chance(0.7) ? -1 : 1) : 0;
    item.deliveries.push({ day: this.day + 2 + random.below(4), booked, actual: Math.max(0, booked + by) });
  }

  /** Units that a count of the record finds, which the record then says. */
  count(item: Item): number {
    const wrong = this.#random.chance(COUNT_WRONG * this.#trouble) ? (this.#random.chance(0.5) ? 1 : -1) : 0;
    const counted = Math.max(0, item.physical + wrong);
    item.onHand = counted;
    return counted;
  }
}

export function isPhantom({ onHand, physical }: Item): boolean {
  return onHand > 0 && physical === 0;
}

export function isWrong({ onHand, physical }: Item): boolean {
  return onHand !== physical;
}
