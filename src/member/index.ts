/** One event loop: owns shards, commits their events in groups, recovers, takes checkpoints. */
export type {
  Grid,
  IdempotencyKey,
  InsufficientStock,
  KeyReused,
  MemberPhase,
  MovementResult,
  NotFound,
  Read,
  Reserve,
  ReserveResult,
  Shortage,
  Transit,
  TransitResult,
} from "./grid.ts";
