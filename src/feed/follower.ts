/** What the two followers have in common: what they are given, and how a broken session becomes the next one. */

import { setTimeout as delay } from "node:timers/promises";
import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { CorruptData } from "../base/index.ts";
import type { Log } from "../ports/index.ts";
import type { FeedCursor } from "./cursor.ts";
import type { LaneDirectory } from "./lane-directory.ts";
import type { LaneLags } from "./lane-lags.ts";
import type { MergeWorld } from "./lane-merge.ts";

export interface FollowerWorld {
  readonly connection: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly directory: LaneDirectory;
  readonly log: Log;
  /** The cursor stored last. Rejects when it cannot be read. */
  readonly storedCursor: () => Promise<FeedCursor | undefined>;
  /** The same as it was known last, which may be older. */
  readonly knownCursor: () => FeedCursor | undefined;
  /** Resolves at once while connected, else when the connection is back. */
  readonly connected: () => Promise<void>;
  /** A session begins: what was noted as stored may have been lost. */
  readonly resynced: () => void;
}

export function mergeWorld({ connection, directory, log }: FollowerWorld, lags: LaneLags): MergeWorld {
  return {
    connection,
    directory,
    log,
    waiting: (lane, at) => lags.waiting(lane, at),
    idle: (lane) => lags.drop(lane),
    gone: (lane) => lags.drop(lane),
  };
}

/** What a vector has to say: lanes that are gone are left to the stored cursor once that knows all of them. */
export function toldPositions(
  { directory, knownCursor }: FollowerWorld,
  positions: ReadonlyMap<string, number>,
  output: keyof FeedCursor,
): ReadonlyMap<string, number> {
  const told = new Map<string, number>();
  for (const [lane, record] of positions) {
    if (directory.lanes.has(lane) || (knownCursor()?.[output].lanes[lane] ?? -1) < record) told.set(lane, record);
  }
  return told;
}

const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 2_000;
const CORRUPT_BACKOFF_MS = 30_000;
/** A session this long was a good one: the next failure starts with the shortest wait. */
const GOOD_SESSION_MS = 5_000;

/** Runs sessions one after another until the signal. `broken` is told after each that failed. */
export async function keepFollowing(
  name: string,
  world: Pick<FollowerWorld, "log" | "connected">,
  session: () => Promise<void>,
  broken: () => void,
  signal: AbortSignal,
): Promise<void> {
  const stopped = aborted(signal);
  let backoffMs = BACKOFF_MS_MIN;
  while (!signal.aborted) {
    await Promise.race([world.connected(), stopped]);
    if (signal.aborted) return;
    const startedAt = performance.now();
    try {
      await session();
    } catch (error) {
      if (signal.aborted) return;
      broken();
      report(name, world, error);
      if (performance.now() - startedAt > GOOD_SESSION_MS) backoffMs = BACKOFF_MS_MIN;
      await pause(error instanceof CorruptData ? CORRUPT_BACKOFF_MS : backoffMs, signal);
      backoffMs = Math.min(2 * backoffMs, BACKOFF_MS_MAX);
    }
  }
}

function report(name: string, { log }: Pick<FollowerWorld, "log">, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof CorruptData)
    log.error({ follower: name, reason }, "the feed cannot go on: where it stands cannot be told");
  else log.warn({ follower: name, reason }, "the feed starts again from its tail");
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
