/** The lanes of all members over one connection: the Lanes port. */

import type { LaneSeq } from "../base/index.ts";
import type { Journal, LaneFollow, Lanes } from "../ports/index.ts";
import { JetStreamFollow } from "./lane-follow.ts";
import { laneStreamName } from "./lane-name.ts";
import { type OpenLane, openLane } from "./open-lane.ts";

/** What holds for every lane; see {@link OpenLane}. */
export type OpenLanes = Omit<OpenLane, "stream">;

export function openLanes(options: OpenLanes): Lanes {
  const { connection } = options;
  return {
    open: (lane: string): Promise<Journal> => openLane({ ...options, stream: laneStreamName(lane) }),
    follow: (lane: string, from: LaneSeq): LaneFollow => new JetStreamFollow(connection, laneStreamName(lane), from),
  };
}
