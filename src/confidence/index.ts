/** How far a stock record is to be believed: the probability of each number of units being there. */
export {
  type Belief,
  beliefOf,
  confidence,
  expectedDiscrepancy,
  expectedShortfall,
  expectedUnits,
  phantomProbability,
  probabilityAtLeast,
  probabilityOf,
  type Spread,
  SUPPORT_MAX,
  sureOf,
  unitsWithProbability,
  varianceOfUnits,
} from "./belief.ts";
export { type BeliefState, decodeBelief, encodeBelief } from "./compact.ts";
export { type Demand, demandOver, probabilityOfNone, stopRatio } from "./demand.ts";
export { type Drift, driftOver, type Incidents, NO_DRIFT, NO_INCIDENTS, plainLoss } from "./drift.ts";
export { type Counted, type DriftSums, driftFrom, learnFromCount, PRIOR_SUMS, receiptErrorsFrom } from "./learning.ts";
export {
  afterCount,
  afterInterval,
  afterQuiet,
  afterRead,
  afterRebooking,
  afterReceipt,
  afterTaken,
  type Course,
  type ReceiptErrors,
} from "./updates.ts";
