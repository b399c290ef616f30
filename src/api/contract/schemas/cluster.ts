/** Bodies about the cluster: who is in it, who owns which shard, and what an operator wants changed. */

import Type, { type Static } from "typebox";
import { CLOSED } from "./common.ts";

/** Members a node may have, as its settings bound them. */
export const NODE_MEMBERS_MAX = 64;
const SHARD_MAX = 65_535;
const NAME_LENGTH_MAX = 255;

const LaneSchema = Type.String({ description: "Lane of a member: `<cluster>_<node>_<number>`", examples: ["default_node-1_0"] });
const NodeSchema = Type.String({ description: "Node", examples: ["node-1"] });
const ShardSchema = Type.Integer({ minimum: 0, maximum: SHARD_MAX, description: "Number of the shard, from 0" });
const SequenceSchema = Type.Integer({ minimum: 0, description: "Sequence in a lane" });

const FOLLOWER_EXAMPLE = { member: "default_node-2_0", durable: 4_180, lag: 12 };
const MEMBER_EXAMPLE = {
  lane: "default_node-1_0",
  node: "node-1",
  state: "serving",
  suspected: false,
  version: "0.2.0",
  httpUrl: "http://10.0.0.1:8080",
  writer: 3,
  owned: 86,
  standby: 85,
  last: 4_192,
  followers: [FOLLOWER_EXAMPLE],
};
const SHARD_EXAMPLE = {
  shard: 7,
  owner: "default_node-1_0",
  epoch: 4,
  standbys: ["default_node-2_0"],
  state: "owned",
  wanted: "default_node-1_0",
  pinned: false,
};

const FollowerSchema = Type.Object(
  {
    member: LaneSchema,
    durable: Type.Integer({ minimum: 0, description: "Last record of the lane in this member's newest checkpoint" }),
    lag: Type.Optional(
      Type.Integer({ minimum: 0, description: "Records between that and the end of the lane; absent when the end is not known" }),
    ),
  },
  { examples: [FOLLOWER_EXAMPLE] },
);

const ClusterMemberSchema = Type.Object(
  {
    lane: LaneSchema,
    node: NodeSchema,
    state: Type.Enum(["joining", "serving", "leaving"]),
    suspected: Type.Boolean({ description: "It looks dead to the member that answers" }),
    version: Type.String({ description: "Of the program" }),
    httpUrl: Type.String({ description: "Where it listens, as it sees it" }),
    writer: Type.Integer({ minimum: 0, description: "Writer epoch of its lane" }),
    owned: Type.Integer({ minimum: 0, description: "Shards it owns" }),
    standby: Type.Integer({ minimum: 0, description: "Shards it stands by for" }),
    last: Type.Optional(SequenceSchema),
    followers: Type.Array(FollowerSchema, { description: "Members that follow its lane" }),
  },
  { title: "Cluster member", examples: [MEMBER_EXAMPLE] },
);

const ClusterShardSchema = Type.Object(
  {
    shard: ShardSchema,
    owner: Type.String({ description: "Lane of its owner; empty while nobody has claimed it" }),
    epoch: Type.Integer({ minimum: 0, description: "Grows by one with each claim" }),
    standbys: Type.Array(LaneSchema, { description: "Members that follow it and have caught up, best first" }),
    state: Type.Enum(["free", "waiting", "owned"], {
      description: "`free`: nobody has claimed it; `waiting`: its owner is away; `owned`: its owner is there",
    }),
    wanted: Type.Optional(LaneSchema),
    pinned: Type.Boolean({ description: "An operator wants it where it is wanted" }),
  },
  { title: "Cluster shard", examples: [SHARD_EXAMPLE] },
);

export const ClusterViewSchema = Type.Object(
  {
    node: NodeSchema,
    member: LaneSchema,
    revision: Type.Integer({ minimum: 0, description: "Of the shard map; grows with each change" }),
    ready: Type.Boolean({ description: "The member that answers hears the others: what it says of them can be believed" }),
    lead: Type.Optional(NodeSchema),
    draining: Type.Array(NodeSchema, { description: "Nodes that are to own nothing" }),
    members: Type.Array(ClusterMemberSchema),
    shards: Type.Array(ClusterShardSchema),
  },
  {
    title: "Cluster",
    examples: [
      {
        node: "node-1",
        member: "default_node-1_0",
        revision: 91,
        ready: true,
        lead: "node-1",
        draining: [],
        members: [MEMBER_EXAMPLE],
        shards: [SHARD_EXAMPLE],
      },
    ],
  },
);

export const MoveShardSchema = Type.Object(
  {
    shard: ShardSchema,
    to: Type.String({
      minLength: 1,
      maxLength: NAME_LENGTH_MAX,
      description: "Lane of a member, or a node: then the member of it with the fewest shards",
      examples: ["node-2"],
    }),
  },
  { ...CLOSED, examples: [{ shard: 7, to: "node-2" }] },
);

export const DrainSchema = Type.Object(
  { node: Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX, description: "Node", examples: ["node-2"] }) },
  { ...CLOSED, examples: [{ node: "node-2" }] },
);

export const MembersCountSchema = Type.Object(
  { count: Type.Integer({ minimum: 1, maximum: NODE_MEMBERS_MAX, description: "Member threads of the node", examples: [3] }) },
  { ...CLOSED, examples: [{ count: 3 }] },
);

export const PinViewSchema = Type.Object(
  { shard: ShardSchema, to: Type.Optional(LaneSchema) },
  { title: "Pin", examples: [{ shard: 7, to: "default_node-2_0" }] },
);

export const DrainsViewSchema = Type.Object(
  { draining: Type.Array(NodeSchema) },
  { title: "Drains", examples: [{ draining: ["node-2"] }] },
);

export const MembersCountViewSchema = Type.Object(
  { node: NodeSchema, count: Type.Integer({ minimum: 1, description: "Members that the node is to have" }) },
  { title: "Members of a node", examples: [{ node: "node-1", count: 3 }] },
);

export type ClusterView = Static<typeof ClusterViewSchema>;
export type MoveShard = Static<typeof MoveShardSchema>;
