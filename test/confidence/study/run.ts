/** One run of the study: a seeded world, counts at random to learn from, and judgement days on which a list is made and judged. */

import type { LocationId, Sku } from "../../../src/base/index.ts";
import { type Belief, confidence, phantomProbability } from "../../../src/confidence/index.ts";
import { type CountCandidate, countList, USUAL_BUDGET } from "../../../src/counting/index.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { Believer } from "./believer.ts";
import { calibrationError, type Forecast, lift, shareOf, skill } from "./judge.ts";
import { type Item, isPhantom, isWrong, World, type WorldOptions } from "./world.ts";

export interface StudyOptions extends WorldOptions {
  readonly seed: number;
  readonly judgedOn: readonly number[];
  /** Share of the records that is counted at random each day. */
  readonly countedAtRandom: number;
}

export interface StudyResult {
  readonly phantomShare: number;
  readonly wrongShare: number;
  /** Of the count list as it is, with its random part, beside all records. */
  readonly phantomLift: number;
  readonly wrongLift: number;
  /** Units by which records are wrong, found by the list beside what as many random counts find. */
  readonly unitsLift: number;
  /** Were the list made by the probability of phantom stock alone. */
  readonly phantomLiftByProbability: number;
  /** Were it made by the sales missed since the last one, without a belief. */
  readonly phantomLiftByMissedSales: number;
  readonly phantomError: number;
  readonly confidenceError: number;
  readonly phantomSkill: number;
  readonly confidenceSkill: number;
  /** Mean weights that a record's belief has: 4 bytes each. */
  readonly weights: number;
  readonly phantomForecasts: readonly Forecast[];
  readonly confidenceForecasts: readonly Forecast[];
}

const LIST_SHARE = 0.05;
const MARGIN = 0.3;
const CYCLE_DAYS = 60;

export const USUAL_STUDY: Omit<StudyOptions, "seed"> = {
  records: 3_000,
  categories: 12,
  trouble: 0.5,
  judgedOn: [120, 150, 180, 210, 240],
  countedAtRandom: 0.01,
};

export function study(options: StudyOptions): StudyResult {
  const random = new SeededRandom(options.seed);
  const world = new World(options, random);
  const believer = new Believer(world.items, options.categories);
  const days: Judgement[] = [];
  while (world.day < (options.judgedOn.at(-1) ?? 0)) {
    world.nextDay();
    for (const item of world.items) believer.seeDay(item);
    for (const item of world.items) if (random.chance(options.countedAtRandom)) countOne(world, believer, item);
    if (options.judgedOn.includes(world.day)) days.push(judge(world, believer, random));
  }
  return summary(days);
}

function countOne(world: World, believer: Believer, item: Item): void {
  const expected = item.onHand;
  believer.seeCount(item, world.count(item), expected, world.day, true);
}

interface Judgement {
  readonly items: readonly Item[];
  readonly lifts: {
    readonly phantom: number;
    readonly wrong: number;
    readonly units: number;
    readonly byProbability: number;
    readonly byMissedSales: number;
  };
  readonly phantomShare: number;
  readonly wrongShare: number;
  readonly phantoms: readonly Forecast[];
  readonly rights: readonly Forecast[];
  readonly weights: number;
}

function judge(world: World, believer: Believer, random: SeededRandom): Judgement {
  const { items } = world;
  const size = Math.round(items.length * LIST_SHARE);
  const candidates = items.map((item) => candidateOf(item, believer, world.day));
  const picks = countList(candidates, { ...USUAL_BUDGET, minutes: size }, random);
  const listed = picks.map(({ candidate }) => items[Number(candidate.sku)] as Item);
  const phantomOf = (item: Item): number => phantomProbability(believer.beliefOf(item), item.onHand);
  const best = (rank: (item: Item) => number): readonly Item[] => items.toSorted((a, b) => rank(b) - rank(a)).slice(0, size);
  const promising = items.filter(({ onHand }) => onHand > 0);
  return {
    items,
    lifts: {
      phantom: lift(listed, items, isPhantom),
      wrong: lift(listed, items, isWrong),
      units: unitsWrong(listed) / unitsWrong(items),
      byProbability: lift(best(phantomOf), items, isPhantom),
      byMissedSales: lift(
        best((item) => believer.salesMissed(item)),
        items,
        isPhantom,
      ),
    },
    phantomShare: shareOf(items, isPhantom),
    wrongShare: shareOf(items, isWrong),
    phantoms: promising.map((item) => ({ probability: phantomOf(item), happened: isPhantom(item) })),
    rights: items.map((item) => ({ probability: confidence(believer.beliefOf(item), item.onHand), happened: !isWrong(item) })),
    weights: items.reduce((sum, item) => sum + weightsOf(believer.beliefOf(item)), 0) / items.length,
  };
}

function candidateOf(item: Item, believer: Believer, day: number): CountCandidate {
  return {
    sku: String(item.index) as Sku,
    location: "store" as LocationId,
    onHand: item.onHand,
    belief: believer.beliefOf(item),
    demandPerDay: believer.demandUnserved(item),
    margin: item.price * MARGIN,
    unitCost: item.price * (1 - MARGIN),
    daysFrozen: CYCLE_DAYS,
    promised: 0,
    daysSinceCount: day - believer.countedOn(item),
    minutes: 1,
  };
}

function unitsWrong(items: readonly Item[]): number {
  return items.reduce((sum, { onHand, physical }) => sum + Math.abs(onHand - physical), 0) / items.length;
}

function weightsOf(belief: Belief): number {
  return belief === undefined ? 0 : belief.weights.length;
}

function summary(days: readonly Judgement[]): StudyResult {
  const mean = (value: (day: Judgement) => number): number => days.reduce((sum, day) => sum + value(day), 0) / days.length;
  const phantomForecasts = days.flatMap(({ phantoms }) => phantoms);
  const confidenceForecasts = days.flatMap(({ rights }) => rights);
  return {
    phantomShare: mean((day) => day.phantomShare),
    wrongShare: mean((day) => day.wrongShare),
    phantomLift: mean((day) => day.lifts.phantom),
    wrongLift: mean((day) => day.lifts.wrong),
    unitsLift: mean((day) => day.lifts.units),
    phantomLiftByProbability: mean((day) => day.lifts.byProbability),
    phantomLiftByMissedSales: mean((day) => day.lifts.byMissedSales),
    phantomError: calibrationError(phantomForecasts),
    confidenceError: calibrationError(confidenceForecasts),
    phantomSkill: skill(phantomForecasts),
    confidenceSkill: skill(confidenceForecasts),
    weights: mean((day) => day.weights),
    phantomForecasts,
    confidenceForecasts,
  };
}
