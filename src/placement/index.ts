/** Who should own which shard, who may, and the loop that makes the one the other. */
export { BEAT_MS, BEATS_TO_FORGET, BEATS_TO_SUSPECT, Beats, type BeatsOptions } from "./beats.ts";
export { Keeper, type KeeperCounts, type KeeperOptions, LEAVE_MS } from "./keeper.ts";
export {
  addStandby,
  claim,
  drain,
  firstMap,
  type NewClaim,
  pin,
  type Restore,
  removeStandby,
  restoredMap,
  SHARDS_MAX,
  undrain,
  unpin,
} from "./map-changes.ts";
export { decodeShardMap, encodeShardMap, MAP_FORMAT } from "./map-codec.ts";
export { decodeMember, encodeMember } from "./member-codec.ts";
export type { MemberInfo, MemberState } from "./membership.ts";
export { type Owner, Owners } from "./owners.ts";
export { type Candidate, LOAD_BOUND, type Placement, type PlaceOptions, place } from "./place.ts";
export type { Adoption, Holding, Released, ShardHost, ShardSource, Tenure } from "./shard-host.ts";
export { MAP_KEY, type ShardClaim, type ShardMap } from "./shard-map.ts";
export type { ClusterStatus, MemberStatus, ShardStatus } from "./status.ts";
