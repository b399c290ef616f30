/** Names of lanes in JetStream. Part of what operators see and write permissions for. */

import { invariant } from "../base/index.ts";

const STREAM_PREFIX = "STOCKGRID_LANE_";
const SUBJECT_PREFIX = "stockgrid.lane.";
/** Limit of nats-server for a stream name. */
const STREAM_NAME_LENGTH_MAX = 255;
const NOT_PLAIN = /[^A-Za-z0-9-]/gu;

export interface LaneId {
  readonly cluster: string;
  readonly node: string;
  readonly member: string | number;
}

/**
 * Name of a lane, as records, event ids and logs have it: `<cluster>_<node>_<member>`. Every byte of a part that is not an
 * ASCII letter, digit or `-` becomes `=` and two hexadecimal digits, `_` and `=` too, so that different lanes never share a name.
 */
export function laneName(lane: LaneId): string {
  return [lane.cluster, lane.node, String(lane.member)].map(escapePart).join("_");
}

/** Stream of a lane: `STOCKGRID_LANE_<lane>`. */
export function laneStreamName(lane: string): string {
  const name = STREAM_PREFIX + lane;
  invariant(name.length <= STREAM_NAME_LENGTH_MAX, `lane name has more than ${STREAM_NAME_LENGTH_MAX} characters: ${name}`);
  return name;
}

/** What the streams of all lanes of a cluster have in common: the prefix of streams, and what the name of the lane behind it begins with. */
export function laneNaming(cluster: string): { readonly streamPrefix: string; readonly lanePrefix: string } {
  return { streamPrefix: STREAM_PREFIX, lanePrefix: `${escapePart(cluster)}_` };
}

/** The one subject of the stream: `stockgrid.lane.<lane>`. */
export function laneSubject(stream: string): string {
  return SUBJECT_PREFIX + (stream.startsWith(STREAM_PREFIX) ? stream.slice(STREAM_PREFIX.length) : stream);
}

function escapePart(part: string): string {
  return part.replace(NOT_PLAIN, (character) => {
    let escaped = "";
    for (const byte of Buffer.from(character)) escaped += `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    return escaped;
  });
}
