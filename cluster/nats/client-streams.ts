/**
 * What clients read: copies of STOCK_EVENTS and STOCK_AVAILABILITY in their own account, under the same names and with the same sequences.
 * Their consumers live there, so that none can deliver into a lane.
 *
 * The copies are mirrors: they have no subjects, so nobody can write into them.
 */

import { setTimeout as pause } from "node:timers/promises";
import { JetStreamApiError, type JetStreamManager, jetstreamManager, type StreamConfig } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { AVAILABILITY_STREAM, EVENTS_STREAM, GRID_API_PREFIX, MIRROR_PREFIX } from "./names.ts";

/** Error code of nats-server: there is no such stream. */
const STREAM_NOT_FOUND = 10_059;
const NANOS_A_DAY = 24 * 3_600 * 1_000_000_000;
/** As long as the grid keeps them by default. */
const EVENTS_DAYS = 7;

const ORIGIN_EVERY_MS = 500;

type MirrorConfig = Partial<StreamConfig> & { name: string };

/**
 * Makes what is missing, and leaves what is there. `connection`: of the user `clients-operator`. Waits at most `originMs` for the streams of the grid, which
 * its first node makes: a mirror of what is not there yet tries again only after half a minute. Rejects when they do not come.
 */
export async function ensureClientStreams(connection: NatsConnection, replicas: number, originMs: number): Promise<void> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const origin = await jetstreamManager(connection, { checkAPI: false, apiPrefix: GRID_API_PREFIX });
  await originsAreThere(origin, originMs);
  await ensure(manager, { ...mirrorOf(EVENTS_STREAM, replicas), max_age: EVENTS_DAYS * NANOS_A_DAY });
  await ensure(manager, { ...mirrorOf(AVAILABILITY_STREAM, replicas), max_msgs_per_subject: 1 });
}

function mirrorOf(name: string, replicas: number): MirrorConfig {
  const external = { api: GRID_API_PREFIX, deliver: `${MIRROR_PREFIX}.${name}` };
  return { name, mirror: { name, external }, num_replicas: replicas, allow_direct: true };
}

async function originsAreThere(origin: JetStreamManager, msMax: number): Promise<void> {
  const deadline = performance.now() + msMax;
  for (const name of [EVENTS_STREAM, AVAILABILITY_STREAM]) {
    while (!(await exists(origin, name))) {
      if (performance.now() > deadline) throw new Error(`the grid has made no stream ${name} yet: does a node run?`);
      await pause(ORIGIN_EVERY_MS);
    }
  }
}

async function ensure(manager: JetStreamManager, config: MirrorConfig): Promise<void> {
  if (!(await exists(manager, config.name))) await manager.streams.add(config);
}

async function exists(manager: JetStreamManager, name: string): Promise<boolean> {
  try {
    await manager.streams.info(name);
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return false;
    throw error;
  }
}
