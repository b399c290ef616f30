/** Low, medium and high of what is available: which rule holds for a record, and when the record crosses it. Pure; who watches and tells is elsewhere. */
export { type Crossing, cross, lowestBelow, type Standing, standingOf } from "./crossing.ts";
export {
  THRESHOLD_LEVELS,
  type ThresholdLevel,
  type ThresholdRules,
  type Thresholds,
  thresholdsOf,
  thresholdsProblem,
} from "./thresholds.ts";
