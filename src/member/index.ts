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
  ReadOptions,
  Reserve,
  ReserveResult,
  ShardGrid,
  Shortage,
  Transit,
  TransitResult,
} from "./grid.ts";
export { firstSku } from "./idempotency.ts";
export type { ImageChunk, ImageCursor, ImageRow, ImageSource } from "./image.ts";
export { ImageFold } from "./image-fold.ts";
export { Member, type MemberGauges } from "./member.ts";
export { DEFAULT_LIMITS, type MemberLimits, type MemberObserver, type MemberOptions, type MemberPorts } from "./options.ts";
export type {
  FollowAnswer,
  FollowAsk,
  HoldAnswer,
  HoldAsk,
  MovementClaimAnswer,
  MovementClaimAsk,
  Peers,
} from "./peers.ts";
export { type PlacedRow, reshardRow, strongerMovement } from "./reshard-rows.ts";
export { shardOfEntry } from "./shard-of-entry.ts";
export type { MemberStats } from "./stats.ts";
export { type LocationShelf, withLocations } from "./with-locations.ts";
