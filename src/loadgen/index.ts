/** Load generation: closed and open loops over a target, latency counted from when a request was due, and the report. */
export {
  callGrid,
  clearStock,
  type GridClient,
  loadStock,
  releaseAll,
  type StockLevels,
  stockOfLoad,
} from "./grid-client.ts";
export type { HttpAnswer } from "./http-answer.ts";
export { HttpTarget, type HttpTargetOptions } from "./http-target.ts";
export { LatencyRecorder, type LatencySummary } from "./latency.ts";
export { pathUnder, type ReservationLoad, reservationBody, reservationRequests, skuOf } from "./reservation-load.ts";
export { type LoadOptions, type Pace, runLoad } from "./run-load.ts";
export { dueMs, type Schedule } from "./schedule.ts";
export { type RunResult, type SecondSample, Tally } from "./tally.ts";
export { OUTCOMES, type Outcome, outcomeOf, type Target } from "./target.ts";
export { formatCount, formatMs, formatResult, formatSecond } from "./text-report.ts";
