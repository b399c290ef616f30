/**
 * Starts the feed's worker thread, keeps it running, and shows what it reports. Every node of a cluster has one; the one that is told to
 * lead follows all lanes of the cluster and publishes. Nothing but work is lost when two lead, or none for a while.
 *
 * The followers run apart from the member's event loop, so the feed costs a checkout nothing but what the kernel shares out.
 */

import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { LaneSeq } from "../base/index.ts";
import type { NatsOptions } from "../nats/index.ts";
import type { Log } from "../ports/index.ts";
import type { LaneNaming } from "./lane-directory.ts";
import type { Retention } from "./streams.ts";
import type { FromWorker, LanePositions, ToWorker, WorkerOptions, WorkerStats } from "./worker-messages.ts";

export interface FeedOptions {
  readonly nats: NatsOptions;
  readonly cluster: string;
  /** How the streams of the lanes are named; they need not exist yet. */
  readonly lanes: LaneNaming;
  /** Whether it publishes from the start; default true. */
  readonly lead?: boolean | undefined;
  readonly log: Log;
  /** Long-term maximum of events published per second, above 0; default 25,000. */
  readonly eventsPerSecondMax?: number | undefined;
  readonly retention?: Retention | undefined;
  /**
   * Copies of the written streams, 1 to 5, when they are made now; default 1. With one they persist asynchronously and are fast; with more
   * they cost what the server's replication costs and need nats-server 2.12.
   */
  readonly replicas?: number | undefined;
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
  /** Newest records that are whole in STOCK_EVENTS, and in the bucket, by lane; empty before they are known, and while it does not lead. */
  readonly eventsPositions: LanePositions;
  readonly availabilityPositions: LanePositions;
  /** CPU time of the worker thread, since it started. */
  readonly workerCpuMicros: number;
}

export interface Feed {
  /** Publishes from now on, until `pause`. */
  activate(): void;
  /** Publishes nothing more after what is on its way. */
  pause(): void;
  /** There may be a new lane: it is looked for at once, not within the next seconds. */
  lookForLanes(): void;
  /**
   * Every record of the lane before this one may be trimmed: it is in both outputs, and has been for longer than a server can lose. Known also
   * while another node leads, some seconds late. 0 for a lane of which nothing is known.
   */
  published(lane: string): LaneSeq;
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
  eventsPositions: new Map(),
  availabilityPositions: new Map(),
  settled: new Map(),
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
  readonly #data: Omit<WorkerOptions, "lead">;
  #lead: boolean;
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
    this.#log = options.log;
    this.#lead = options.lead ?? true;
    this.#data = {
      nats: options.nats,
      cluster: options.cluster,
      lanes: options.lanes,
      eventsPerSecondMax: options.eventsPerSecondMax ?? EVENTS_PER_SECOND_MAX_DEFAULT,
      retention: options.retention ?? {},
      replicas: options.replicas ?? 1,
      settleMs: options.settleMs ?? SETTLE_MS_DEFAULT,
    };
  }

  activate(): void {
    this.#setLead(true);
  }

  pause(): void {
    this.#setLead(false);
  }

  lookForLanes(): void {
    this.#worker?.postMessage({ kind: "look" } satisfies ToWorker);
  }

  published(lane: string): LaneSeq {
    return (this.#stats.settled.get(lane) ?? 0) as LaneSeq;
  }

  stats(): FeedStats {
    const { eventsPositions, availabilityPositions } = this.#stats;
    return {
      eventsPublished: this.#publishedBefore + this.#stats.eventsPublished,
      eventsLagSeconds: this.#stats.eventsLagSeconds + this.#silentSeconds(),
      availabilityLagSeconds: this.#stats.availabilityLagSeconds + this.#silentSeconds(),
      resyncs: this.#resyncsBefore + this.#stats.resyncs,
      workerRestarts: this.#restarts,
      eventsPositions,
      availabilityPositions,
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
    const workerData: WorkerOptions = { ...this.#data, lead: this.#lead };
    const worker = new Worker(workerUrl(), { workerData, name: "feed" });
    this.#worker = worker;
    worker.on("message", (message: FromWorker) => this.#receive(message, resolve));
    worker.on("error", (error) => {
      reject(error);
      this.#log.error({ reason: String(error) }, "the feed's worker failed");
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
    else if (message.kind === "log") this.#log[message.level](message.fields, message.message);
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
      this.#log.warn({ restarts: this.#restarts }, "the feed's worker is started again");
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

  #setLead(lead: boolean): void {
    this.#lead = lead;
    this.#worker?.postMessage({ kind: "lead", lead } satisfies ToWorker);
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
