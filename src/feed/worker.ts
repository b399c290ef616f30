/** The feed's worker thread: one NATS connection, the two followers of a lane, a report a few times a second. */

import { setTimeout as delay } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import { parentPort, workerData } from "node:worker_threads";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { invariant } from "../base/index.ts";
import { connectionOptions } from "../nats/index.ts";
import type { Log } from "../ports/index.ts";
import { AvailabilityFollower } from "./availability-follower.ts";
import type { FeedCursor } from "./cursor.ts";
import { CursorStore } from "./cursor-store.ts";
import { EventFollower } from "./event-follower.ts";
import type { FollowerWorld } from "./follower.ts";
import { giveWay } from "./give-way.ts";
import { SettledProgress } from "./settled-progress.ts";
import { ensureStreams } from "./streams.ts";
import type { FromWorker, ToWorker, WorkerOptions, WorkerStats } from "./worker-messages.ts";

const REPORT_MS = 250;
const RECONNECT_MS = 100;
const PING_MS = 5_000;
const REQUEST_MS_MAX = 2_000;

class FeedWorker {
  readonly #port: MessagePort;
  readonly #world: FollowerWorld;
  readonly #cursors: CursorStore;
  readonly #settled: SettledProgress;
  readonly #events: EventFollower;
  readonly #availability: AvailabilityFollower;
  readonly #stop = new AbortController();
  #connected = Promise.withResolvers<void>();
  #stored: FeedCursor | undefined;
  #saving = false;

  constructor(port: MessagePort, world: Omit<FollowerWorld, "storedCursor" | "resynced" | "connected">, options: WorkerOptions) {
    this.#port = port;
    this.#settled = new SettledProgress(options.settleMs);
    this.#cursors = new CursorStore(world.connection, world.jsm, options.lane);
    this.#world = {
      ...world,
      storedCursor: () => this.#cursors.load(),
      resynced: () => this.#settled.forget(),
      connected: () => this.#connected.promise,
    };
    this.#events = new EventFollower(this.#world, options.cluster, options.eventsPerSecondMax);
    this.#availability = new AvailabilityFollower(this.#world);
  }

  /** Resolves once a stop has been asked for and done. */
  async run(): Promise<void> {
    const following = Promise.all([this.#events.follow(this.#stop.signal), this.#availability.follow(this.#stop.signal)]);
    this.#connected.resolve();
    void this.#watchConnection();
    const reports = setInterval(() => this.#report(), REPORT_MS);
    this.#port.once("message", (message: ToWorker) => void this.#drain(message.drainMs));
    await following;
    clearInterval(reports);
    this.#report();
  }

  async #watchConnection(): Promise<void> {
    for await (const { type } of this.#world.connection.status()) {
      if (type === "reconnect") this.#connected.resolve();
      if (type !== "disconnect") continue;
      this.#connected = Promise.withResolvers();
      this.#events.connectionLost();
      this.#availability.connectionLost();
    }
  }

  #report(): void {
    this.#settle();
    this.#port.postMessage({ kind: "stats", stats: this.#stats() } satisfies FromWorker);
  }

  #stats(): WorkerStats {
    const now = Date.now();
    return {
      eventsPublished: this.#events.published,
      resyncs: this.#events.resyncs,
      eventsLagSeconds: this.#events.lagSeconds(now),
      availabilityLagSeconds: this.#availability.lagSeconds(now),
      eventsRecord: this.#events.progress?.record ?? 0,
      availabilityRecord: this.#availability.progress.record,
      settledRecord: Math.min(this.#stored?.events.record ?? 0, this.#stored?.availability.record ?? 0),
      cpuMicros: threadCpuMicros(),
    };
  }

  #settle(): void {
    const now = performance.now();
    const events = this.#events.progress;
    if (events !== undefined) this.#settled.observe(now, { events, availability: this.#availability.progress });
    const settled = this.#settled.settled(now);
    if (settled === undefined || settled === this.#stored || this.#saving) return;
    this.#saving = true;
    void this.#save(settled);
  }

  async #save(cursor: FeedCursor): Promise<void> {
    try {
      await this.#cursors.save(cursor);
      this.#stored = cursor;
    } catch (error) {
      this.#world.log.warn({ reason: String(error) }, "the feed cursor could not be stored; tried again with the next report");
    } finally {
      this.#saving = false;
    }
  }

  /** Waits until both followers have what is in the lane now, at most `drainMs`, then ends them. */
  async #drain(drainMs: number): Promise<void> {
    const deadline = performance.now() + drainMs;
    const goal = await this.#laneLast();
    while (performance.now() < deadline && this.#reached() < goal) await delay(10);
    this.#stop.abort();
  }

  #reached(): number {
    return Math.min(this.#events.progress?.record ?? 0, this.#availability.progress.record);
  }

  async #laneLast(): Promise<number> {
    try {
      return (await this.#world.jsm.streams.info(this.#world.stream)).state.last_seq;
    } catch (error) {
      this.#world.log.warn({ reason: String(error) }, "the feed stops without draining: the lane cannot be asked");
      return 0;
    }
  }
}

function threadCpuMicros(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

function portLog(port: MessagePort): Log {
  const at =
    (level: "info" | "warn" | "error") =>
    (fields: object, message: string): void =>
      port.postMessage({ kind: "log", level, fields, message } satisfies FromWorker);
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

async function main(): Promise<void> {
  invariant(parentPort !== null, "the feed's worker runs in a worker thread");
  const port = parentPort;
  giveWay();
  const options = workerData as WorkerOptions;
  const connection = await connect({
    ...connectionOptions({ ...options.nats, url: options.natsUrl }),
    name: `stockgrid feed ${options.lane}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
  });
  const jsm = await jetstreamManager(connection, { timeout: REQUEST_MS_MAX });
  await ensureStreams(connection, jsm, options.retention);
  port.postMessage({ kind: "ready" } satisfies FromWorker);
  await new FeedWorker(port, { connection, jsm, stream: options.stream, lane: options.lane, log: portLog(port) }, options).run();
  await connection.close();
  port.close();
}

await main();
