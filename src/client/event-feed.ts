/**
 * The feed as a caller iterates it: comes back by itself, resumes where it was, drops repeats and tells of gaps.
 *
 * E1. Without a `type` every version of a record that passes the filter is yielded once, in order, or told as a gap.
 * E2. With a `type` versions have holes by nature: repeats are dropped, gaps are not looked for.
 * E3. It ends when the signal is aborted, and throws for what no retry mends: a position that is lost, a key that is refused.
 */

import type { StockRecord } from "./bodies.ts";
import { StockGridFault } from "./fault.ts";
import { type EventSource, type FeedEvent, parseEvent, type RawEvent } from "./feed-event.ts";
import type { EventFilter } from "./feed-names.ts";
import { backoffMs, quietPause } from "./retry.ts";
import { VersionWatch } from "./version-watch.ts";

export interface Gap {
  readonly sku: string;
  readonly location: string;
  /** The first version that is missing. */
  readonly expected: number;
  /** The version of the event that came instead; it is yielded after this call. */
  readonly got: number;
  /** The record as it was read after the gap, with `reread`. */
  readonly record?: StockRecord | undefined;
}

export interface EventOptions extends EventFilter {
  /** Position of the last event that was handled; absent: starts with the next event. */
  readonly after?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of a gap before the event that showed it is yielded; the feed waits for it. */
  readonly onGap?: ((gap: Gap) => void | Promise<void>) | undefined;
  /** Reads the record after a gap, for `onGap`. */
  readonly reread?: boolean | undefined;
  /** Told each time the feed was lost; it comes back by itself. */
  readonly onLost?: ((fault: StockGridFault) => void) | undefined;
}

/** Reads one record; undefined when it cannot be read. Never rejects. */
export type ReadRecord = (sku: string, location: string, signal: AbortSignal) => Promise<StockRecord | undefined>;

export async function* eventFeed(
  source: EventSource,
  readRecord: ReadRecord,
  options: EventOptions,
  closed: AbortSignal,
): AsyncGenerator<FeedEvent, void, void> {
  const left = new AbortController();
  const signal = AbortSignal.any([closed, left.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const watch = new VersionWatch();
  try {
    for await (const { position, json } of resumed(source, options, signal)) {
      const event = parseEvent(json, position);
      if (await isNew(event, watch, readRecord, options, signal)) yield event;
    }
  } finally {
    left.abort();
  }
}

/** The source, opened again behind its last event each time it ends or breaks. */
async function* resumed(
  source: EventSource,
  options: EventOptions,
  signal: AbortSignal,
): AsyncGenerator<RawEvent & { readonly json: string }, void, void> {
  let after = options.after;
  for (let failures = 0; !signal.aborted; failures++) {
    let pauseMs = backoffMs(failures, Math.random());
    try {
      for await (const { position, json } of source(after, signal)) {
        if (json !== undefined) {
          yield { position, json };
          failures = 0;
        }
        after = position;
      }
    } catch (error) {
      pauseMs += waitAfter(error, options, signal);
    }
    await quietPause(pauseMs, signal);
  }
}

/** Milliseconds to wait before the source is opened again. Throws what no retry mends. */
function waitAfter(error: unknown, { onLost }: EventOptions, signal: AbortSignal): number {
  if (signal.aborted) return 0;
  if (!(error instanceof StockGridFault) || !error.retryable) throw error;
  onLost?.(error);
  return error.retryAfterMs;
}

/** False for a repeat. Tells of a gap first. */
async function isNew(
  event: FeedEvent,
  watch: VersionWatch,
  readRecord: ReadRecord,
  options: EventOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { sku, location, version } = event.data;
  const sighting = watch.see(sku, location, version);
  if (sighting.kind === "repeat") return false;
  if (sighting.kind === "next" || options.type !== undefined || options.onGap === undefined) return true;
  const gap = { sku, location, expected: sighting.expected, got: version };
  await options.onGap(options.reread === true ? { ...gap, record: await readRecord(sku, location, signal) } : gap);
  return true;
}
