/** The cluster as tables for a person. */

import type { ClusterView } from "./cluster-view.ts";
import { columns, paint, type Terminal } from "./terminal.ts";

type Member = ClusterView["members"][number];
type Shard = ClusterView["shards"][number];

/** Shards listed one by one when all are asked for; else only those that need a look. */
export function clusterText(view: ClusterView, allShards: boolean, terminal: Terminal): string {
  const { members, shards, draining, lead } = view;
  const odd = shards.filter((shard) => needsALook(shard));
  const shown = allShards ? shards : odd;
  const blocks = [summary(view, terminal)];
  if (!view.ready)
    blocks.push(paint(terminal, "yellow", `${view.member} does not hear the others now: what it says of them may be old\n`));
  blocks.push(columns([MEMBER_HEAD, ...members.map((member) => memberRow(member, draining, lead))]));
  const lags = members.flatMap((member) => lagRows(member));
  if (lags.length > 0) blocks.push(columns([LAG_HEAD, ...lags]));
  if (shown.length > 0) blocks.push(columns([SHARD_HEAD, ...shown.map(shardRow)]));
  return blocks.join("\n");
}

/** Not served, not where it should be, without a standby, or held somewhere by an operator. */
function needsALook({ state, owner, wanted, pinned }: Shard): boolean {
  return state !== "owned" || pinned || (wanted !== undefined && wanted !== owner);
}

function summary({ shards, members, revision }: ClusterView, terminal: Terminal): string {
  const owned = shards.filter(({ state }) => state === "owned").length;
  const alone = shards.filter(({ standbys }) => standbys.length === 0).length;
  const moving = shards.filter(({ wanted, owner }) => wanted !== undefined && wanted !== owner).length;
  const nodes = new Set(members.map(({ node }) => node)).size;
  const parts = [
    `${owned} of ${shards.length} shards served`,
    `${alone} without standby`,
    `${moving} to move`,
    `${members.length} members on ${nodes} nodes`,
    `map revision ${revision}`,
  ];
  return `${paint(terminal, owned === shards.length ? "green" : "red", parts.join(", "))}\n`;
}

const MEMBER_HEAD = ["member", "node", "state", "owned", "standby", "last record", "version", "http"];

function memberRow(member: Member, draining: readonly string[], lead: string | undefined): string[] {
  const { lane, node, suspected, state, owned, standby, last, version, httpUrl } = member;
  const notes = [...(draining.includes(node) ? ["draining"] : []), ...(node === lead ? ["feed lead"] : [])];
  const words = [suspected ? "suspected" : state, ...notes].join(", ");
  return [lane, node, words, String(owned), String(standby), last === undefined ? "?" : String(last), version, httpUrl];
}

const LAG_HEAD = ["lane", "followed by", "durable to", "records behind"];

function lagRows({ lane, followers }: Member): string[][] {
  return followers.map(({ member, durable, lag }) => [lane, member, String(durable), lag === undefined ? "?" : String(lag)]);
}

const SHARD_HEAD = ["shard", "state", "epoch", "owner", "wanted", "standbys"];

function shardRow({ shard, state, epoch, owner, wanted, pinned, standbys }: Shard): string[] {
  const place = `${wanted ?? "-"}${pinned ? " (pinned)" : ""}`;
  return [String(shard), state, String(epoch), owner === "" ? "-" : owner, place, standbys.join(" ") || "-"];
}
