/** Which records to count with the labour there is, and the life of a count. */
export { type Discrepancy, discrepancyOf, type ReasonSum, sumByReason } from "./discrepancy.ts";
export { type CountBudget, type CountPick, countList, type PickCause, USUAL_BUDGET } from "./list.ts";
export {
  believedResult,
  type CountResult,
  type CountTask,
  createTask,
  DISCREPANCY_REASONS,
  type DiscrepancyReason,
  decideTask,
  differenceOf,
  evolveTask,
  isLarge,
  RESULTS_MAX,
  type RecountRule,
  type TaskCommand,
  type TaskEvent,
  type TaskRejection,
  type TaskStatus,
  USUAL_RECOUNT,
} from "./task.ts";
export { type CountCandidate, type CountPricing, countValue, countWorth, USUAL_PRICING } from "./value.ts";
