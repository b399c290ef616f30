/**
 * What clients read: copies of STOCK_EVENTS and STOCK_AVAILABILITY in their own account, under the same names and with the same sequences.
 * Their consumers live there, so that none can deliver into a lane.
 *
 * The copies are mirrors: they have no subjects, so nobody can write into them.
 */

import { JetStreamApiError, type JetStreamManager, jetstreamManager, type StreamConfig } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { AVAILABILITY_STREAM, EVENTS_STREAM, GRID_API_PREFIX, MIRROR_PREFIX } from "./names.ts";

/** Error code of nats-server: there is no such stream. */
const STREAM_NOT_FOUND = 10_059;
const NANOS_A_DAY = 24 * 3_600 * 1_000_000_000;
/** As long as the grid keeps them by default. */
const EVENTS_DAYS = 7;

type MirrorConfig = Partial<StreamConfig> & { name: string };

/** Makes what is missing, and leaves what is there. `connection`: of the user `clients-operator`. The grid need not have started yet. */
export async function ensureClientStreams(connection: NatsConnection, replicas: number): Promise<void> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  await ensure(manager, { ...mirrorOf(EVENTS_STREAM, replicas), max_age: EVENTS_DAYS * NANOS_A_DAY });
  await ensure(manager, { ...mirrorOf(AVAILABILITY_STREAM, replicas), max_msgs_per_subject: 1 });
}

function mirrorOf(name: string, replicas: number): MirrorConfig {
  const external = { api: GRID_API_PREFIX, deliver: `${MIRROR_PREFIX}.${name}` };
  return { name, mirror: { name, external }, num_replicas: replicas, allow_direct: true };
}

async function ensure(manager: JetStreamManager, config: MirrorConfig): Promise<void> {
  try {
    await manager.streams.info(config.name);
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND)) throw error;
    await manager.streams.add(config);
  }
}
