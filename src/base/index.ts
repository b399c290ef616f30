/** Small pure helpers that everything else may use. */
export { InvariantBroken, invariant } from "./assert.ts";
export { CorruptData, type Fault, type FaultCode } from "./fault.ts";
export { firstAfter } from "./first-after.ts";
export { hash32, shardOfHash } from "./hash.ts";
export {
  type EpochMs,
  ID_CODE_POINTS_MAX,
  idProblem,
  type LaneSeq,
  type LocationId,
  type ReservationId,
  type ShardId,
  type Sku,
} from "./ids.ts";
export { keyToken } from "./key-token.ts";
export type { LanePlace, ShardOrigin } from "./origin.ts";
export { TimerHeap } from "./timer-heap.ts";
export { LEVEL_MAX, QUANTITY_MAX } from "./units.ts";
