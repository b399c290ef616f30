/**
 * The feed's worker thread: one NATS connection, the two followers of all lanes while it leads, a report a few times a second.
 * While another node leads it only reads the stored cursor.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import { parentPort, workerData } from "node:worker_threads";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { invariant } from "../base/index.ts";
import type { Log } from "../ports/index.ts";
import { AvailabilityFollower } from "./availability-follower.ts";
import { connectFeed } from "./connect-feed.ts";
import type { FeedCursor, Progress } from "./cursor.ts";
import { CursorStore } from "./cursor-store.ts";
import { EventFollower } from "./event-follower.ts";
import type { FollowerWorld } from "./follower.ts";
import { giveWay } from "./give-way.ts";
import { LaneDirectory } from "./lane-directory.ts";
import { SettledProgress } from "./settled-progress.ts";
import { ensureStreams } from "./streams.ts";
import type { FromWorker, LanePositions, ToWorker, WorkerOptions, WorkerStats } from "./worker-messages.ts";

const REPORT_MS = 250;
/** How often lanes are looked up and the stored cursor is read. */
const LOOK_MS = 3_000;
const REQUEST_MS_MAX = 2_000;

class FeedWorker {
  readonly #port: MessagePort;
  readonly #world: FollowerWorld;
  readonly #cursors: CursorStore;
  readonly #settled: SettledProgress;
  readonly #events: EventFollower;
  readonly #availability: AvailabilityFollower;
  readonly #stop = new AbortController();
  #term: AbortController | undefined;
  #lead: boolean;
  #leadChanged = Promise.withResolvers<void>();
  #connected = Promise.withResolvers<void>();
  #stored: FeedCursor | undefined;
  #saved: FeedCursor | undefined;
  #saving = false;

  constructor(port: MessagePort, connection: NatsConnection, jsm: JetStreamManager, options: WorkerOptions) {
    this.#port = port;
    this.#lead = options.lead;
    this.#settled = new SettledProgress(options.settleMs);
    this.#cursors = new CursorStore(connection, jsm, options.cluster);
    this.#world = {
      connection,
      jsm,
      directory: new LaneDirectory(jsm, options.lanes),
      log: portLog(port),
      storedCursor: () => this.#load(),
      knownCursor: () => this.#stored,
      resynced: () => this.#settled.forget(),
      connected: () => this.#connected.promise,
    };
    this.#events = new EventFollower(this.#world, options.cluster, options.eventsPerSecondMax);
    this.#availability = new AvailabilityFollower(this.#world);
  }

  /** Resolves once a stop has been asked for and done. */
  async run(): Promise<void> {
    this.#connected.resolve();
    void this.#watchConnection();
    const timers = [setInterval(() => this.#report(), REPORT_MS), setInterval(() => void this.#look(), LOOK_MS)];
    this.#port.on("message", (message: ToWorker) => this.#receive(message));
    void this.#look();
    while (!this.#stop.signal.aborted) {
      if (this.#lead) await this.#serveTerm();
      else await this.#leadChanged.promise;
    }
    for (const timer of timers) clearInterval(timer);
    this.#report();
  }

  /** Publishes until it is told to pause or to stop. */
  async #serveTerm(): Promise<void> {
    const term = new AbortController();
    this.#term = term;
    await Promise.all([this.#events.follow(term.signal), this.#availability.follow(term.signal)]);
    this.#term = undefined;
    this.#settled.forget();
  }

  #receive(message: ToWorker): void {
    if (message.kind === "look") void this.#look();
    else if (message.kind === "stop") void this.#drain(message.drainMs);
    else {
      this.#lead = message.lead;
      if (!message.lead) this.#term?.abort();
      this.#leadChanged.resolve();
      this.#leadChanged = Promise.withResolvers();
    }
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

  /** What fails here is tried again with the next look. */
  async #look(): Promise<void> {
    try {
      await Promise.all([this.#lead ? this.#world.directory.refresh() : undefined, this.#load()]);
    } catch (error) {
      this.#world.log.warn({ reason: String(error) }, "the lanes or the feed cursor could not be looked up");
    }
  }

  async #load(): Promise<FeedCursor | undefined> {
    this.#stored = await this.#cursors.load();
    return this.#stored;
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
      eventsPositions: mapOf(this.#events.progress),
      availabilityPositions: mapOf(this.#availability.progress),
      settled: settledPositions(this.#stored),
      cpuMicros: threadCpuMicros(),
    };
  }

  #settle(): void {
    const now = performance.now();
    const [events, availability] = [this.#events.progress, this.#availability.progress];
    if (events !== undefined && availability !== undefined) this.#settled.observe(now, { events, availability });
    const settled = this.#settled.settled(now);
    if (settled === undefined || settled === this.#saved || this.#saving) return;
    this.#saving = true;
    void this.#save(settled);
  }

  async #save(cursor: FeedCursor): Promise<void> {
    try {
      const stored = await this.#cursors.save(cursor);
      if (stored === undefined) return;
      this.#stored = stored;
      this.#saved = cursor;
    } catch (error) {
      this.#world.log.warn({ reason: String(error) }, "the feed cursor could not be stored; tried again with the next report");
    } finally {
      this.#saving = false;
    }
  }

  /** Waits until both followers have what is in the lanes now, at most `drainMs`, then ends them. */
  async #drain(drainMs: number): Promise<void> {
    const deadline = performance.now() + drainMs;
    const goal = this.#lead && drainMs > 0 ? await this.#laneEnds() : [];
    while (performance.now() < deadline && this.#lead && !this.#reached(goal)) await delay(10);
    this.#stop.abort();
    this.#term?.abort();
    this.#leadChanged.resolve();
  }

  #reached(goal: readonly (readonly [lane: string, last: number])[]): boolean {
    const [events, availability] = [this.#events.progress?.lanes, this.#availability.progress?.lanes];
    return goal.every(([lane, last]) => Math.min(events?.[lane] ?? 0, availability?.[lane] ?? 0) >= last);
  }

  async #laneEnds(): Promise<(readonly [string, number])[]> {
    const { directory, log } = this.#world;
    try {
      await directory.refresh();
      const ends = [...directory.lanes].map(async (lane) => [lane, (await directory.bounds(lane))?.last ?? 0] as const);
      return await Promise.all(ends);
    } catch (error) {
      log.warn({ reason: String(error) }, "the feed stops without draining: the lanes cannot be asked");
      return [];
    }
  }
}

/** What both outputs have for good, by lane. */
function settledPositions(cursor: FeedCursor | undefined): LanePositions {
  const [events, availability] = [mapOf(cursor?.events), mapOf(cursor?.availability)];
  return new Map([...events].map(([lane, record]) => [lane, Math.min(record, availability.get(lane) ?? 0)]));
}

function mapOf(progress: Progress | undefined): LanePositions {
  return new Map(Object.entries(progress?.lanes ?? {}));
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

const STREAMS_RETRY_MS = 500;
const STREAMS_TRIES_MAX = 60;

/** A cluster of NATS servers that has just been started elects leaders first, and answers nothing until then. */
async function untilStreamsExist(
  connection: NatsConnection,
  jsm: JetStreamManager,
  options: WorkerOptions,
  log: Log,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await ensureStreams(connection, jsm, options);
    } catch (error) {
      if (tries === STREAMS_TRIES_MAX) throw error;
      log.warn({ reason: String(error) }, "the streams of the feed cannot be made yet; tried again shortly");
      await delay(STREAMS_RETRY_MS);
    }
  }
}

async function main(): Promise<void> {
  invariant(parentPort !== null, "the feed's worker runs in a worker thread");
  const port = parentPort;
  giveWay();
  const options = workerData as WorkerOptions;
  const connection = await connectFeed(options.nats, `stockgrid feed ${options.cluster}`);
  const jsm = await jetstreamManager(connection, { timeout: REQUEST_MS_MAX });
  await untilStreamsExist(connection, jsm, options, portLog(port));
  port.postMessage({ kind: "ready" } satisfies FromWorker);
  await new FeedWorker(port, connection, jsm, options).run();
  await connection.close();
  port.close();
}

await main();
