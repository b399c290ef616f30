/** The history checker: record what clients see, then ask whether one order of it explains everything. */
export { checkHistory, type HistoryReport, mustBeLinearizable } from "./check-history.ts";
export { type Line, pairOf } from "./line.ts";
export {
  type Answer,
  type Call,
  HistoryRecorder,
  type Levels,
  monotonicMs,
  type OpenCall,
  type RecordedCall,
  type Shortage,
} from "./recorder.ts";
export { SPLIT_DEFAULTS, type SplitOptions } from "./split.ts";
