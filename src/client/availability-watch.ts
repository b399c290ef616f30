/** The last availability of every record, and each change of it: the bucket STOCK_AVAILABILITY. Values are conflated, the last one is right. */

import { Kvm, type KvWatchEntry } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { StockGridFault } from "./fault.ts";
import { AVAILABILITY_BUCKET, availabilityKeys, recordOfKey } from "./feed-names.ts";
import { faultOf } from "./nats-transport.ts";
import { backoffMs, orAborted, quietPause } from "./retry.ts";

export interface AvailabilityWatchOptions {
  readonly sku?: string | undefined;
  readonly location?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WatchedAvailability {
  readonly sku: string;
  readonly location: string;
  readonly available: number;
  readonly onHand: number;
  readonly version: number;
  /** When it became so, RFC 3339. */
  readonly at: string;
}

/**
 * First what is there, then what changes. Per record versions grow: after a loss of the connection it begins anew and leaves out what was
 * shown. Ends when the signal is aborted.
 */
export async function* watchAvailability(
  connection: NatsConnection,
  options: AvailabilityWatchOptions,
  closed: AbortSignal,
): AsyncGenerator<WatchedAvailability, void, void> {
  const signal = options.signal === undefined ? closed : AbortSignal.any([closed, options.signal]);
  let revision = 0;
  for (let failures = 0; !signal.aborted && !connection.isClosed(); failures++) {
    try {
      for await (const entry of entriesOf(connection, options, revision, signal)) {
        if (entry.operation === "PUT") yield availabilityIn(entry);
        revision = entry.revision;
        failures = 0;
      }
    } catch (error) {
      if (!signal.aborted) throwUnlessRetryable(error);
    }
    await quietPause(backoffMs(failures, Math.random()), signal);
  }
}

function throwUnlessRetryable(error: unknown): void {
  const fault = error instanceof StockGridFault ? error : faultOf(error, AVAILABILITY_BUCKET);
  if (!fault.retryable) throw fault;
}

async function* entriesOf(
  connection: NatsConnection,
  options: AvailabilityWatchOptions,
  revision: number,
  signal: AbortSignal,
): AsyncGenerator<KvWatchEntry, void, void> {
  const bucket = await orAborted(new Kvm(connection).open(AVAILABILITY_BUCKET), signal);
  const resume = revision === 0 ? {} : { resumeFromRevision: revision + 1 };
  const entries = await orAborted(bucket.watch({ key: availabilityKeys(options), ...resume }), signal);
  const stop = (): void => entries.stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    yield* entries;
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

function availabilityIn(entry: KvWatchEntry): WatchedAvailability {
  return { ...recordOfKey(entry.key), ...entry.json<Omit<WatchedAvailability, "sku" | "location">>() };
}
