/** Every message between the feed's worker thread and the thread that started it. */

import type { NatsOptions } from "../nats/index.ts";
import type { LaneNaming } from "./lane-directory.ts";
import type { Retention } from "./streams.ts";

export interface WorkerOptions {
  readonly nats: NatsOptions;
  readonly cluster: string;
  readonly lanes: LaneNaming;
  /** Whether it publishes from the start. */
  readonly lead: boolean;
  readonly eventsPerSecondMax: number;
  readonly retention: Retention;
  readonly replicas: number;
  readonly settleMs: number;
}

/** Sequence of a record, by lane. */
export type LanePositions = ReadonlyMap<string, number>;

export interface WorkerStats {
  /** Since this worker started. */
  readonly eventsPublished: number;
  readonly resyncs: number;
  readonly eventsLagSeconds: number;
  readonly availabilityLagSeconds: number;
  /** Newest records that are whole in STOCK_EVENTS; none before they are known, and while another node leads. */
  readonly eventsPositions: LanePositions;
  /** Newest records that are in the availability bucket. */
  readonly availabilityPositions: LanePositions;
  /** Records up to here are in both outputs for good, whoever published them. */
  readonly settled: LanePositions;
  /** CPU time of the worker thread's process share, microseconds since it started. */
  readonly cpuMicros: number;
}

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "stats"; readonly stats: WorkerStats }
  | { readonly kind: "log"; readonly level: "info" | "warn" | "error"; readonly fields: object; readonly message: string };

export type ToWorker =
  | { readonly kind: "lead"; readonly lead: boolean }
  /** There may be a new lane. */
  | { readonly kind: "look" }
  | { readonly kind: "stop"; readonly drainMs: number };
