/** When the requests of an open loop are due: evenly spaced, after an optional linear ramp from zero. */

export interface Schedule {
  /** Requests a second after the ramp, more than 0. */
  readonly perSecond: number;
  /** Length of the ramp, 0 for none. */
  readonly rampSeconds: number;
}

const MS_PER_SECOND = 1000;

/** Milliseconds after the start at which request `index` (from 0) is due. */
export function dueMs(schedule: Schedule, index: number): number {
  const { perSecond, rampSeconds } = schedule;
  const inRamp = (perSecond * rampSeconds) / 2;
  const seconds = index < inRamp ? Math.sqrt((2 * rampSeconds * index) / perSecond) : rampSeconds + (index - inRamp) / perSecond;
  return seconds * MS_PER_SECOND;
}
