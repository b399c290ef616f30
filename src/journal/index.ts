/** The journal port on NATS JetStream: one stream is one lane. */
export { laneEnds, laneStarts } from "./lane-ends.ts";
export { endLives, listLanes } from "./lane-list.ts";
export { laneName, laneNaming, laneStreamName, laneSubject } from "./lane-name.ts";
export { UnsuitableLane } from "./lane-stream.ts";
export { type OpenLane, openLane } from "./open-lane.ts";
export { type OpenLanes, openLanes } from "./open-lanes.ts";
