/** The client library, `stockgrid/client`: typed calls over HTTP or NATS, retries under one key, the feed. See docs/client.md. */
export type { AvailabilityWatchOptions, WatchedAvailability } from "./availability-watch.ts";
export type * from "./bodies.ts";
export { type ConnectOptions, connectStockGrid, type NatsOptions } from "./connect.ts";
export type { EventOptions, Gap } from "./event-feed.ts";
export { type FaultCode, StockGridFault } from "./fault.ts";
export type { EventChange, EventData, FeedEvent, StockEvent } from "./feed-event.ts";
export type { EventFilter } from "./feed-names.ts";
export type {
  CallOptions,
  CommandOptions,
  ItemAnswer,
  KeyedReserve,
  LocationsPage,
  MovementResult,
  StockGridClient,
  TransitionOptions,
} from "./grid-client.ts";
export type { HttpOptions } from "./http-transport.ts";
export type { NatsEncoding } from "./nats-form.ts";
export type {
  Answer,
  FieldError,
  Problem,
  ProblemOf,
  ProblemSlug,
  RefusalReason,
  Refused,
  Shortage,
} from "./problem.ts";
export type { ShardMap } from "./shard-map.ts";
