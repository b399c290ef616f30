/**
 * When a record crosses its thresholds. Down: `available` is at a threshold or below. Up again: it is above the threshold by more than the hysteresis, so that
 * a record that goes back and forth around a threshold is told once.
 *
 * TH2. The crossings of one level are down and up in turn, and between a crossing up and one down `available` fell by more than the hysteresis.
 * TH3. Crossings of one change come in the order in which they are passed: from high to low when it falls, from low to high when it rises.
 * TH4. Who is below one level is below every higher one.
 */

import { THRESHOLD_LEVELS, type ThresholdLevel, type Thresholds } from "./thresholds.ts";

/** The levels that the record is below, one bit each from `low` up: small, since there is one for each watched record. */
export type Standing = number;

export interface Crossing {
  readonly level: ThresholdLevel;
  readonly direction: "down" | "up";
  /** Units, as set. */
  readonly threshold: number;
  readonly available: number;
}

const TENTHS = 10;

/** Where a record stands that was not watched before: nothing is crossed. */
export function standingOf(available: number, thresholds: Thresholds): Standing {
  return cross(0, available, thresholds).standing;
}

/** Where it stands now, and what it crossed. Also after a change of the rule: a level that is not watched any more is left without a word. */
export function cross(
  before: Standing,
  available: number,
  thresholds: Thresholds,
): { readonly standing: Standing; readonly crossings: readonly Crossing[] } {
  let standing = 0;
  const crossings: Crossing[] = [];
  THRESHOLD_LEVELS.forEach((level, index) => {
    const threshold = thresholds[level];
    if (threshold === undefined) return;
    const bit = 1 << index;
    const wasBelow = (before & bit) !== 0;
    const isBelow = available <= threshold + (wasBelow ? hysteresisAt(threshold, thresholds) : 0);
    if (isBelow) standing |= bit;
    if (isBelow !== wasBelow) crossings.push({ level, direction: isBelow ? "down" : "up", threshold, available });
  });
  // Falling passes the highest first. A change of the rule may send one level up and another down: those up come first.
  const up = crossings.filter(({ direction }) => direction === "up");
  const down = crossings.filter(({ direction }) => direction === "down").reverse();
  return { standing, crossings: [...up, ...down] };
}

/** Lowest level that the record is below; undefined above all. */
export function lowestBelow(standing: Standing): ThresholdLevel | undefined {
  return THRESHOLD_LEVELS.find((_, index) => (standing & (1 << index)) !== 0);
}

function hysteresisAt(threshold: number, { hysteresis }: Thresholds): number {
  return hysteresis ?? Math.max(1, Math.ceil(threshold / TENTHS));
}
