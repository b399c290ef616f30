/**
 * Beliefs in this process, one event loop, no I/O: updates of a population of records that have been believed in for a year,
 * among them certain ones. Then the bytes: how much memory a record's belief takes, and coding it.
 */

import { loadavg } from "node:os";
import type { EpochMs } from "../src/base/index.ts";
import {
  afterCount,
  afterInterval,
  afterQuiet,
  afterRead,
  afterReceipt,
  type Belief,
  type Course,
  decodeBelief,
  encodeBelief,
  phantomProbability,
  SUPPORT_MAX,
} from "../src/confidence/index.ts";
import { SeededRandom } from "../test/support/seeded-random.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { formatSpread, type Spread, spreadOf } from "./lib/statistics.ts";

export interface ConfidenceResult {
  /** A day of a record: half of them without a sale, one in twenty with a receipt, one in a hundred with a count or a read. */
  readonly mixed: Spread;
  /** A day without a sale of a record that holds `SUPPORT_MAX - 1` units: the dearest there is. */
  readonly widest: Spread;
  /** Encoding and decoding one belief. */
  readonly coded: Spread;
  readonly weightsMean: number;
  readonly weightsMax: number;
  readonly uncertainShare: number;
  /** Processes that wanted a core in the minute before the run: beyond the cores there are, others slowed it down. */
  readonly loadBefore: number;
}

const RECORDS = 20_000;
const REACH = 200_000;
const WARM_DAYS = 30;
const US_PER_SECOND = 1_000_000;
const AT = 1_700_000_000_000 as EpochMs;

export const section: Section<ConfidenceResult> = { name: "confidence", title: "Confidence updates in process", run, verdicts };

interface Shelf {
  onHand: number;
  belief: Belief;
  readonly orderUpTo: number;
  readonly course: Course;
}

async function run({ quick, log }: BenchRun): Promise<ConfidenceResult> {
  const loadBefore = loadavg()[0] ?? Number.NaN;
  const rounds = quick ? 3 : 9;
  const random = new SeededRandom(1);
  const shelves = Array.from({ length: RECORDS }, () => shelfOf(random));
  for (let day = 0; day < WARM_DAYS; day++) dayOf(shelves, random);
  const mixed = spreadOf(Array.from({ length: rounds }, () => perSecond(RECORDS, () => dayOf(shelves, random))));
  log(`   mixed updates: ${formatSpread(mixed)}/s`);
  const wide = widestOf();
  const widest = spreadOf(Array.from({ length: rounds }, () => perSecond(RECORDS, () => repeat(RECORDS, () => quiet(wide)))));
  const beliefs = shelves.flatMap(({ belief }) => (belief === undefined ? [] : [belief]));
  const code = (): void => {
    for (const belief of beliefs) decodeBelief(encodeBelief({ belief, at: AT }), "bench");
  };
  const coded = spreadOf(Array.from({ length: rounds }, () => perSecond(beliefs.length, code)));
  const weights = beliefs.map((belief) => belief.weights.length);
  const result = {
    mixed,
    widest,
    coded,
    weightsMean: weights.reduce((sum, length) => sum + length, 0) / beliefs.length,
    weightsMax: Math.max(...weights),
    uncertainShare: beliefs.length / RECORDS,
    loadBefore,
  };
  log(`   ${JSON.stringify(result)}`);
  return result;
}

function shelfOf(random: SeededRandom): Shelf {
  const mean = Math.min(8, 0.4 * Math.exp(1.1 * random.normal()));
  const orderUpTo = Math.ceil(mean * 15 + 4);
  const drift = { lost: { rate: 0.006, units: 2, sweep: 0.05 }, found: { rate: 0.001, units: 1.5 } };
  return { onHand: orderUpTo, belief: undefined, orderUpTo, course: { demand: { mean, size: 1 + random.unit() }, drift } };
}

/** One update of each record, two for those that receive. */
function dayOf(shelves: readonly Shelf[], random: SeededRandom): void {
  for (const shelf of shelves) {
    const { course } = shelf;
    const chance = random.unit();
    if (chance < 0.005) {
      shelf.belief = afterCount(shelf.onHand);
    } else if (chance < 0.01) {
      shelf.belief = afterRead(shelf.belief, shelf.onHand, Math.max(0, shelf.onHand - 1), 0.97);
    } else {
      const sold = chance < 0.5 ? 0 : Math.min(shelf.onHand, 1 + random.below(3));
      shelf.belief = afterInterval(shelf.belief, shelf.onHand, sold, course);
      shelf.onHand -= sold;
    }
    if (shelf.onHand * 3 > shelf.orderUpTo) continue;
    shelf.belief = afterReceipt(shelf.belief, shelf.onHand, shelf.orderUpTo - shelf.onHand, { probability: 0.01, units: 2 });
    shelf.onHand = shelf.orderUpTo;
  }
}

function widestOf(): Shelf {
  const drift = { lost: { rate: 0.02, units: 60, sweep: 0.05 }, found: { rate: 0.01, units: 2 } };
  const shelf: Shelf = { onHand: SUPPORT_MAX - 1, belief: undefined, orderUpTo: 0, course: { demand: { mean: 0.01 }, drift } };
  repeat(30, () => quiet(shelf));
  return shelf;
}

function quiet(shelf: Shelf): void {
  const next = afterQuiet(shelf.belief, shelf.onHand, 1, shelf.course);
  if (phantomProbability(next, shelf.onHand) < 1) shelf.belief = next;
}

function repeat(times: number, work: () => void): void {
  for (let i = 0; i < times; i++) work();
}

/** By the CPU time of this thread, so that what others do on the machine counts as little as can be. */
function perSecond(updates: number, work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (updates * US_PER_SECOND) / (user + system);
}

function verdicts({ mixed, widest, coded, weightsMean }: ConfidenceResult): Verdict[] {
  const rate = (spread: Spread): string => `${formatSpread(spread)}/s`;
  return [
    {
      what: "confidence updates, mixed, one core",
      reach: "200,000/s",
      measured: rate(mixed),
      reached: mixed.median >= REACH,
    },
    { what: `the same of a belief ${SUPPORT_MAX} wide`, reach: "-", measured: rate(widest), reached: undefined },
    {
      what: `a belief encoded and decoded, ${weightsMean.toFixed(0)} weights`,
      reach: "-",
      measured: rate(coded),
      reached: undefined,
    },
  ];
}

await runWhenMain(section, import.meta.main);
