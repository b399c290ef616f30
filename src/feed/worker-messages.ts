/** Every message between the feed's worker thread and the thread that started it. */

import type { NatsOptions } from "../nats/index.ts";
import type { Retention } from "./streams.ts";

export interface WorkerOptions {
  readonly natsUrl: string;
  readonly nats?: Omit<NatsOptions, "url"> | undefined;
  readonly stream: string;
  readonly lane: string;
  readonly cluster: string;
  readonly eventsPerSecondMax: number;
  readonly retention: Retention;
  readonly settleMs: number;
}

export interface WorkerStats {
  /** Since this worker started. */
  readonly eventsPublished: number;
  readonly resyncs: number;
  readonly eventsLagSeconds: number;
  readonly availabilityLagSeconds: number;
  /** Newest record that is whole in STOCK_EVENTS; 0 before it is known. */
  readonly eventsRecord: number;
  /** Newest record that is in the availability bucket. */
  readonly availabilityRecord: number;
  /** Records up to here are in both outputs for good. */
  readonly settledRecord: number;
  /** CPU time of the worker thread's process share, microseconds since it started. */
  readonly cpuMicros: number;
}

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "stats"; readonly stats: WorkerStats }
  | { readonly kind: "log"; readonly level: "info" | "warn" | "error"; readonly fields: object; readonly message: string };

export type ToWorker = { readonly kind: "stop"; readonly drainMs: number };
