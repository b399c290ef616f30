/**
 * The cluster for operators: who is there, who owns what, and changes of that. A change is answered once the shard map says so, before shards have moved:
 * `GET /v1/cluster` shows how far it is.
 */

import {
  type ClusterAdmin,
  ClusterViewSchema,
  clusterView,
  DrainSchema,
  DrainsViewSchema,
  knownShard,
  MembersCountSchema,
  MembersCountViewSchema,
  MoveShardSchema,
  PinViewSchema,
  type Problem,
  parseDrain,
  parseMembersCount,
  parseMove,
  problem,
} from "../../contract/index.ts";
import type { Answers } from "../answer.ts";
import type { RouteDocs } from "../openapi.ts";
import { paramOf, type Router, type RouteSpec } from "./routes.ts";

/** How long a change of the map is waited for, ms; it may be made all the same. */
const CHANGE_MS_MAX = 10_000;

type Handle = RouteSpec["handle"];
type Reply = Parameters<Handle>[1];

export function addClusterRoutes(router: Router): void {
  const { admin } = router.context;
  if (admin === undefined) return;
  for (const add of [statusRoute, moveRoute, unpinRoute, drainRoute, undrainRoute, membersRoute]) router.add(add(admin));
}

function statusRoute(admin: ClusterAdmin): RouteSpec {
  return {
    method: "GET",
    url: "/v1/cluster",
    scope: "admin",
    docs: STATUS_DOCS,
    handle: (_request, reply, answers, since) => {
      void clusterView(admin).then((view) => {
        if (view === undefined) answers.problem(reply, since, NOT_READ);
        else answers.view(reply, since, 200, view);
      });
    },
  };
}

function moveRoute(admin: ClusterAdmin): RouteSpec {
  return {
    method: "POST",
    url: "/v1/cluster/moves",
    scope: "admin",
    docs: MOVE_DOCS,
    handle: ({ body }, reply, answers, since) => {
      const status = admin.status();
      if (status === undefined) return answers.problem(reply, since, NOT_READ);
      const move = parseMove(body, status);
      if (!move.ok) return answers.problem(reply, since, move.problem);
      const { shard, lane } = move.value;
      whenChanged(admin.pin(shard, lane), reply, answers, since, () => ({ shard, to: lane }));
    },
  };
}

function unpinRoute(admin: ClusterAdmin): RouteSpec {
  return {
    method: "DELETE",
    url: "/v1/cluster/moves/:shard",
    scope: "admin",
    docs: UNPIN_DOCS,
    handle: (request, reply, answers, since) => {
      const status = admin.status();
      if (status === undefined) return answers.problem(reply, since, NOT_READ);
      const shard = knownShard(paramOf(request, "shard"), status);
      if (!shard.ok) return answers.problem(reply, since, shard.problem);
      whenChanged(admin.unpin(shard.value), reply, answers, since, () => ({ shard: shard.value }));
    },
  };
}

function drainRoute(admin: ClusterAdmin): RouteSpec {
  return {
    method: "POST",
    url: "/v1/cluster/drains",
    scope: "admin",
    docs: DRAIN_DOCS,
    handle: ({ body }, reply, answers, since) => {
      const node = parseDrain(body);
      if (!node.ok) return answers.problem(reply, since, node.problem);
      whenChanged(admin.drain(node.value), reply, answers, since, () => drainsOf(admin));
    },
  };
}

function undrainRoute(admin: ClusterAdmin): RouteSpec {
  return {
    method: "DELETE",
    url: "/v1/cluster/drains/:node",
    scope: "admin",
    docs: UNDRAIN_DOCS,
    handle: (request, reply, answers, since) => {
      whenChanged(admin.undrain(paramOf(request, "node")), reply, answers, since, () => drainsOf(admin));
    },
  };
}

function membersRoute(admin: ClusterAdmin): RouteSpec {
  return {
    method: "PUT",
    url: "/v1/cluster/nodes/:node/members",
    scope: "admin",
    docs: MEMBERS_DOCS,
    handle: (request, reply, answers, since) => {
      const count = parseMembersCount(request.body);
      if (!count.ok) return answers.problem(reply, since, count.problem);
      const node = paramOf(request, "node");
      if (node !== admin.node) return answers.problem(reply, since, otherNode(admin, node));
      whenChanged(admin.resize(count.value), reply, answers, since, () => ({ node, count: count.value }), 202);
    },
  };
}

function otherNode(admin: ClusterAdmin, node: string): Problem {
  const there = admin.status()?.members.find((member) => member.node === node);
  if (there === undefined) return problem("not-found", `there is no node ${node}; this is ${admin.node}`);
  return problem("conflict", `this is node ${admin.node}; ask ${node} itself, at ${there.httpUrl}`);
}

const drainsOf = (admin: ClusterAdmin): object => ({ draining: admin.status()?.draining ?? [] });

function whenChanged(
  change: Promise<void>,
  reply: Reply,
  answers: Answers,
  since: number,
  view: () => object,
  status = 200,
): void {
  const timer = setTimeout(() => answer(() => answers.problem(reply, since, UNKNOWN)), CHANGE_MS_MAX);
  let isAnswered = false;
  const answer = (send: () => void): void => {
    clearTimeout(timer);
    if (!isAnswered) send();
    isAnswered = true;
  };
  change.then(
    () => answer(() => answers.view(reply, since, status, view())),
    (error: Error) => answer(() => answers.problem(reply, since, problem("conflict", error.message))),
  );
}

const NOT_READ = problem("not-ready", "the shard map was not read yet", { retryAfterSeconds: 1 });
const UNKNOWN = problem(
  "outcome-unknown",
  "the shard map did not change in time; the change may still come; asking again is safe",
  {
    retryAfterSeconds: 1,
  },
);

const TAG = "Cluster";

const STATUS_DOCS: RouteDocs = {
  id: "getCluster",
  tag: TAG,
  summary: "Look at members, shards, lanes and standbys",
  description: "As the member that answers sees it.",
  answers: { 200: { description: "The cluster", schema: ClusterViewSchema } },
  problems: [],
};

const MOVE_DOCS: RouteDocs = {
  id: "moveShard",
  tag: TAG,
  summary: "Move a shard, and keep it there",
  description: "Answered once the shard map says so; the move follows by itself, with a pause of milliseconds for the shard.",
  body: MoveShardSchema,
  answers: { 200: { description: "Pinned", schema: PinViewSchema } },
  problems: ["invalid-request", "conflict"],
};

const UNPIN_DOCS: RouteDocs = {
  id: "unpinShard",
  tag: TAG,
  summary: "Let a shard go where it belongs",
  answers: { 200: { description: "Not pinned any more, or never was", schema: PinViewSchema } },
  problems: ["invalid-request"],
};

const DRAIN_DOCS: RouteDocs = {
  id: "drainNode",
  tag: TAG,
  summary: "Let a node own nothing, until it is undrained",
  description:
    "Answered once the shard map says so; its shards move away one after another. The node goes on answering requests.",
  body: DrainSchema,
  answers: { 200: { description: "Nodes that drain", schema: DrainsViewSchema } },
  problems: ["invalid-request"],
};

const UNDRAIN_DOCS: RouteDocs = {
  id: "undrainNode",
  tag: TAG,
  summary: "Let a node own shards again",
  answers: { 200: { description: "Nodes that still drain", schema: DrainsViewSchema } },
  problems: [],
};

const MEMBERS_DOCS: RouteDocs = {
  id: "setMembers",
  tag: TAG,
  summary: "Change the number of member threads of the node that is asked",
  description:
    "Members that are added take their share of the shards; members beyond the count give theirs away and end. Until the next start, which goes by `STOCKGRID_MEMBERS`.",
  body: MembersCountSchema,
  answers: { 202: { description: "Begun; `GET /v1/cluster` shows the members", schema: MembersCountViewSchema } },
  problems: ["invalid-request", "not-found", "conflict"],
};
