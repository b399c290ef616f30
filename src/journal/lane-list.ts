/** The lanes of a cluster, as an operator looks after them: which there are, what was written behind a place, and the end of an old life. */

import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { laneNaming, laneStreamName } from "./lane-name.ts";

/** Lanes that exist, in the order of their names. Rejects when JetStream cannot be asked. */
export async function listLanes(connection: NatsConnection, cluster: string): Promise<string[]> {
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  const { streamPrefix, lanePrefix } = laneNaming(cluster);
  const lanes: string[] = [];
  for await (const name of streams.names()) {
    if (name.startsWith(streamPrefix + lanePrefix)) lanes.push(name.slice(streamPrefix.length));
  }
  return lanes.sort();
}

/**
 * Takes the first record from lanes that reach back to their beginning, so that a member without a checkpoint does not read an old life of the cluster from
 * them: it starts without data then. What the feed has still to publish stays.
 */
export async function endLives(connection: NatsConnection, lanes: readonly string[]): Promise<void> {
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  for (const lane of lanes) await endLife(streams, laneStreamName(lane));
}

async function endLife(streams: JetStreamManager["streams"], stream: string): Promise<void> {
  const { state } = await streams.info(stream);
  if (state.first_seq <= 1 && state.last_seq > 1) await streams.purge(stream, { seq: 2 });
}
