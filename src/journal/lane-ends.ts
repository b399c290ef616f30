/** Where lanes end, for status and metrics: a look from outside that opens nothing and waits for nobody. */

import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { laneStreamName } from "./lane-name.ts";

const ANSWER_MS_MAX = 2_000;

/** Last sequence of each lane; those that do not exist or cannot be asked within 2 s are left out. Never rejects. */
export async function laneEnds(connection: NatsConnection, lanes: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const ends = new Map<string, number>();
  try {
    const { streams } = await jetstreamManager(connection, { checkAPI: false, timeout: ANSWER_MS_MAX });
    const look = async (lane: string): Promise<void> => {
      const info = await streams.info(laneStreamName(lane)).catch(() => undefined);
      if (info !== undefined) ends.set(lane, info.state.last_seq);
    };
    await Promise.all([...new Set(lanes)].map(look));
  } catch {
    // Without a connection nothing is known of any lane.
  }
  return ends;
}
