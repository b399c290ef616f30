/** Who should own which shard, who may, and the loop that makes the one the other. */
export type { MemberInfo, MemberState } from "./membership.ts";
export type { Adoption, Holding, Released, ShardHost, ShardSource, Tenure } from "./shard-host.ts";
export { MAP_KEY, type ShardClaim, type ShardMap } from "./shard-map.ts";
