/** The feed: the committed log told to the outside as events and as last values, and read back for one listener. */
export { openEventTail } from "./event-tail.ts";
export {
  EVENTS_PER_SECOND_MAX_DEFAULT,
  type Feed,
  type FeedOptions,
  type FeedStats,
  SETTLE_MS_DEFAULT,
  startFeed,
} from "./feed.ts";
export type { LaneNaming } from "./lane-directory.ts";
export { AVAILABILITY_BUCKET, EVENTS_STREAM, type Retention } from "./streams.ts";
export { availabilityKey, eventSubject } from "./tokens.ts";
