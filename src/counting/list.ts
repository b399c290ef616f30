/**
 * The list of records to count: the worthiest that fit into the labour there is, and some at random.
 *
 * L1. The labour of a list is within its budget.
 * L2. The random part is drawn first and from all records, without regard to worth: what its counts find is unbiased, and
 *     drift is learned from it alone.
 * L3. Same candidates, budget and chance: same list, in whatever order the candidates come.
 */

import type { Random } from "../ports/index.ts";
import { type CountCandidate, type CountPricing, countWorth, USUAL_PRICING } from "./value.ts";

export type PickCause = "risk" | "random";

export interface CountPick {
  readonly candidate: CountCandidate;
  readonly why: PickCause;
  /** Money a minute, also of those drawn at random. */
  readonly worth: number;
}

export interface CountBudget {
  /** Labour, 0 or more. */
  readonly minutes: number;
  /** Part of the labour that is spent at random, 0 to 1. */
  readonly randomShare: number;
  readonly pricing: CountPricing;
}

export const USUAL_BUDGET: Omit<CountBudget, "minutes"> = { randomShare: 0.05, pricing: USUAL_PRICING };

/** The records to count, worthiest first. O(n log n). */
export function countList(candidates: readonly CountCandidate[], budget: CountBudget, random: Random): readonly CountPick[] {
  const fitting = candidates
    .filter(({ minutes }) => minutes > 0 && minutes <= budget.minutes)
    .map((candidate): CountPick => ({ candidate, why: "risk", worth: countWorth(candidate, budget.pricing) }))
    .sort(byPlace);
  const drawn = draw(fitting, budget, random);
  const left = budget.minutes - minutesOf(drawn);
  const rest = fitting.filter((pick) => !drawn.has(pick)).sort(byWorth);
  return [...[...drawn].map((pick): CountPick => ({ ...pick, why: "random" })), ...greedy(rest, left)].sort(byWorth);
}

/**
 * Without replacement; the last one, which would be too much for the share, is taken as often as makes the share right on average,
 * unless it is too much for all the labour there is.
 */
function draw(picks: readonly CountPick[], { minutes, randomShare }: CountBudget, random: Random): Set<CountPick> {
  const pool = picks.slice();
  const drawn = new Set<CountPick>();
  let left = minutes * randomShare;
  let room = minutes;
  while (left > 0 && pool.length > 0) {
    const place = random.uint32() % pool.length;
    const pick = pool[place] as CountPick;
    pool[place] = pool.at(-1) as CountPick;
    pool.pop();
    const needed = pick.candidate.minutes;
    const isWanted = needed <= left || random.uint32() < (left / needed) * 2 ** 32;
    left -= needed;
    if (!isWanted || needed > room) continue;
    drawn.add(pick);
    room -= needed;
  }
  return drawn;
}

/** What does not fit any more is left out, and smaller ones after it are still taken. */
function greedy(sorted: readonly CountPick[], minutes: number): CountPick[] {
  let left = minutes;
  return sorted.filter(({ candidate }) => {
    if (candidate.minutes > left) return false;
    left -= candidate.minutes;
    return true;
  });
}

function minutesOf(picks: Iterable<CountPick>): number {
  let sum = 0;
  for (const { candidate } of picks) sum += candidate.minutes;
  return sum;
}

function byPlace(a: CountPick, b: CountPick): number {
  return compare(a.candidate.sku, b.candidate.sku) || compare(a.candidate.location, b.candidate.location);
}

function byWorth(a: CountPick, b: CountPick): number {
  return b.worth - a.worth || byPlace(a, b);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
