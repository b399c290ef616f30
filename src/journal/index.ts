/** The journal port on NATS JetStream: one stream is one lane. */
export { laneName, laneNaming, laneStreamName, laneSubject } from "./lane-name.ts";
export { UnsuitableLane } from "./lane-stream.ts";
export { type OpenLane, openLane } from "./open-lane.ts";
