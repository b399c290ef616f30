/**
 * One watch of a bucket: changes come late and in order; values in between may be left out; it may be away for a while and then shows what it missed.
 */

import type { BucketChange, SimBucket } from "./sim-bucket.ts";
import type { SimConnection } from "./sim-connection.ts";

/** How often a watch whose way is cut looks again, ms. */
const RECONNECT_MS = 100;

export class SimWatch {
  readonly #bucket: SimBucket;
  readonly #connection: SimConnection;
  readonly #show: (change: BucketChange) => void;
  readonly #onSettled: () => void;
  /** Revision shown of each key. */
  readonly #shown = new Map<string, number>();
  /** Changes on their way, oldest first. */
  #queue: BucketChange[] = [];
  #state: "away" | "idle" | "sending" | "ended" = "away";
  #settled = false;
  readonly #unsubscribe: () => void;

  constructor(bucket: SimBucket, connection: SimConnection, show: (change: BucketChange) => void, onSettled: () => void) {
    this.#bucket = bucket;
    this.#connection = connection;
    this.#show = show;
    this.#onSettled = onSettled;
    this.#unsubscribe = bucket.onChange((change) => this.#changed(change));
    connection.process.onDeath = () => this.end();
    if (connection.process.enter()) this.#connect(connection.weather.journalLatencyMs());
  }

  end(): void {
    this.#state = "ended";
    this.#unsubscribe();
  }

  #changed(change: BucketChange): void {
    if (this.#state === "away" || this.#state === "ended") return;
    this.#queue.push(change);
    this.#pump();
  }

  /** Begins, or begins again, with what is not shown yet. */
  #connect(afterMs: number): void {
    this.#state = "away";
    this.#queue = [];
    this.#connection.process.scheduler.schedule(afterMs, () => {
      if (this.#state !== "away") return;
      if (this.#connection.mute || this.#connection.deaf) return this.#connect(RECONNECT_MS);
      this.#state = "idle";
      this.#queue = [...this.#bucket.all()].sort((a, b) => a.revision - b.revision);
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#state !== "idle" || (this.#queue.length === 0 && this.#settled)) return;
    const { process, weather, deaf } = this.#connection;
    const awayMs = deaf ? RECONNECT_MS : weather.watchAwayMs();
    if (awayMs !== undefined) return this.#connect(awayMs);
    this.#state = "sending";
    const settles = !this.#settled;
    const changes = weather.watchCoalesces() ? newestOfEach(this.#queue) : this.#queue;
    this.#queue = [];
    process.scheduler.schedule(
      weather.journalLatencyMs(),
      process.guard(() => this.#receive(changes, settles)),
    );
  }

  #receive(changes: readonly BucketChange[], settles: boolean): void {
    for (const change of changes) {
      if (this.#state !== "sending") return;
      this.#showOnce(change);
    }
    if (this.#state !== "sending") return;
    this.#state = "idle";
    if (settles) {
      this.#settled = true;
      this.#onSettled();
    }
    this.#pump();
  }

  #showOnce(change: BucketChange): void {
    const shown = this.#shown.get(change.key);
    if (shown !== undefined && shown >= change.revision) return;
    this.#shown.set(change.key, change.revision);
    if (shown !== undefined || change.value !== undefined) this.#show(change);
  }
}

function newestOfEach(changes: readonly BucketChange[]): BucketChange[] {
  const newest = new Map<string, BucketChange>();
  for (const change of changes) newest.set(change.key, change);
  return changes.filter((change) => newest.get(change.key) === change);
}
