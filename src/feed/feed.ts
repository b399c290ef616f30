/**
 * Starts the feed's worker thread, keeps it running, and shows what it reports.
 *
 * The followers run apart from the member's event loop, so the feed costs a checkout nothing but what the kernel shares out.
 */

import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { LaneSeq } from "../base/index.ts";
import type { NatsOptions } from "../nats/index.ts";
import type { Log } from "../ports/index.ts";
import type { Retention } from "./streams.ts";
import type { FromWorker, ToWorker, WorkerOptions, WorkerStats } from "./worker-messages.ts";

export interface FeedOptions {
  readonly natsUrl: string;
  /** Who to be there, and how the connection is kept private; default nobody in particular, and as the server demands. */
  readonly nats?: Omit<NatsOptions, "url"> | undefined;
  /** Name of the lane's stream. It must exist. */
  readonly stream: string;
  /** The lane's short name, part of every event id: must never change for a lane. */
  readonly lane: string;
  readonly cluster: string;
  readonly log: Log;
  /** Long-term maximum of events published per second, above 0; default 25,000. */
  readonly eventsPerSecondMax?: number | undefined;
  readonly retention?: Retention | undefined;
  /** How long the server may take to sync what it persists asynchronously; default 5 minutes. */
  readonly settleMs?: number | undefined;
}

export interface FeedStats {
  readonly eventsPublished: number;
  /** Age of the oldest committed record not yet in STOCK_EVENTS; 0 when caught up. */
  readonly eventsLagSeconds: number;
  readonly availabilityLagSeconds: number;
  /** Times the follower of events started again from the tail after a failure. */
  readonly resyncs: number;
  readonly workerRestarts: number;
  /** Newest record that is whole in STOCK_EVENTS, and in the bucket; 0 before it is known. */
  readonly eventsPosition: LaneSeq;
  readonly availabilityPosition: LaneSeq;
  /** CPU time of the worker thread, since it started. */
  readonly workerCpuMicros: number;
}

export interface Feed {
  /** Every record before this one may be trimmed: it is in both outputs, and has been for longer than a server can lose. */
  published(): LaneSeq;
  stats(): FeedStats;
  /** Drains what is in the lane for at most `drainMs` (default 5,000), then ends the worker. */
  stop(drainMs?: number): Promise<void>;
}

export const EVENTS_PER_SECOND_MAX_DEFAULT = 25_000;
export const SETTLE_MS_DEFAULT = 5 * 60_000;

const DRAIN_MS_DEFAULT = 5_000;
/** How much longer than its drain a worker may take to end. */
const STOP_GRACE_MS = 2_000;
const RESTART_MS_MIN = 100;
const RESTART_MS_MAX = 5_000;

const NO_STATS: WorkerStats = {
  eventsPublished: 0,
  resyncs: 0,
  eventsLagSeconds: 0,
  availabilityLagSeconds: 0,
  eventsRecord: 0,
  availabilityRecord: 0,
  settledRecord: 0,
  cpuMicros: 0,
};

/** Resolves once the worker is connected and its streams exist; rejects when the first start fails. */
export async function startFeed(options: FeedOptions): Promise<Feed> {
  const feed = new WorkerFeed(options);
  await feed.start();
  return feed;
}

class WorkerFeed implements Feed {
  readonly #log: Log;
  readonly #data: WorkerOptions;
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #stats = NO_STATS;
  #silentSince = performance.now();
  #publishedBefore = 0;
  #resyncsBefore = 0;
  #restarts = 0;
  #backoffMs = RESTART_MS_MIN;
  readonly #stopping = new AbortController();

  constructor(options: FeedOptions) {
    const { log, eventsPerSecondMax, retention, settleMs, ...rest } = options;
    this.#log = log;
    this.#data = {
      ...rest,
      eventsPerSecondMax: eventsPerSecondMax ?? EVENTS_PER_SECOND_MAX_DEFAULT,
      retention: retention ?? {},
      settleMs: settleMs ?? SETTLE_MS_DEFAULT,
    };
  }

  published(): LaneSeq {
    return this.#stats.settledRecord as LaneSeq;
  }

  stats(): FeedStats {
    const { eventsRecord, availabilityRecord } = this.#stats;
    return {
      eventsPublished: this.#publishedBefore + this.#stats.eventsPublished,
      eventsLagSeconds: this.#stats.eventsLagSeconds + this.#silentSeconds(),
      availabilityLagSeconds: this.#stats.availabilityLagSeconds + this.#silentSeconds(),
      resyncs: this.#resyncsBefore + this.#stats.resyncs,
      workerRestarts: this.#restarts,
      eventsPosition: eventsRecord as LaneSeq,
      availabilityPosition: availabilityRecord as LaneSeq,
      workerCpuMicros: this.#stats.cpuMicros,
    };
  }

  async stop(drainMs = DRAIN_MS_DEFAULT): Promise<void> {
    this.#stopping.abort();
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.postMessage({ kind: "stop", drainMs } satisfies ToWorker);
    const tooLong = setTimeout(() => void worker.terminate(), drainMs + STOP_GRACE_MS);
    await this.#exited;
    clearTimeout(tooLong);
  }

  /** Resolves when the worker is ready; rejects when it ends before that. */
  start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const worker = new Worker(workerUrl(), { workerData: this.#data, name: `feed ${this.#data.lane}` });
    this.#worker = worker;
    worker.on("message", (message: FromWorker) => this.#receive(message, resolve));
    worker.on("error", (error) => {
      reject(error);
      this.#log.error({ lane: this.#data.lane, reason: String(error) }, "the feed's worker failed");
    });
    this.#exited = new Promise((ended) => worker.once("exit", () => ended()));
    void this.#exited.then(() => reject(new Error("the feed's worker ended before it was ready")));
    void promise.then(
      () => this.#keepRunning(),
      () => undefined,
    );
    return promise;
  }

  #receive(message: FromWorker, ready: () => void): void {
    if (message.kind === "ready") ready();
    else if (message.kind === "log") this.#log[message.level]({ lane: this.#data.lane, ...message.fields }, message.message);
    else {
      this.#stats = message.stats;
      this.#silentSince = performance.now();
      this.#backoffMs = RESTART_MS_MIN;
    }
  }

  async #keepRunning(): Promise<void> {
    await this.#exited;
    while (!this.#stopping.signal.aborted) {
      this.#carryOver();
      await delay(this.#backoffMs);
      this.#backoffMs = Math.min(2 * this.#backoffMs, RESTART_MS_MAX);
      if (this.#stopping.signal.aborted) return;
      this.#log.warn({ lane: this.#data.lane, restarts: this.#restarts }, "the feed's worker is started again");
      if (await this.#restarted()) return;
    }
  }

  /** A worker that became ready watches over itself through {@link start}. */
  #restarted(): Promise<boolean> {
    return this.start().then(
      () => true,
      () => false,
    );
  }

  #carryOver(): void {
    this.#restarts++;
    this.#publishedBefore += this.#stats.eventsPublished;
    this.#resyncsBefore += this.#stats.resyncs;
    this.#stats = { ...this.#stats, eventsPublished: 0, resyncs: 0, cpuMicros: 0 };
  }

  /** A worker that says nothing counts as falling behind from a second on. */
  #silentSeconds(): number {
    const seconds = (performance.now() - this.#silentSince) / 1_000;
    return seconds < 1 ? 0 : seconds;
  }
}

/** The worker beside this file, under the name it has when run as source and when built. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
}
