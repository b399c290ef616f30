/** Where lanes begin and end, for status, metrics and copies: a look from outside that opens nothing and waits for nobody. */

import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { laneStreamName } from "./lane-name.ts";

const ANSWER_MS_MAX = 2_000;

interface State {
  readonly first_seq: number;
  readonly last_seq: number;
}

/** Last sequence of each lane; those that do not exist or cannot be asked within 2 s are left out. Never rejects. */
export function laneEnds(connection: NatsConnection, lanes: readonly string[]): Promise<ReadonlyMap<string, number>> {
  return look(connection, lanes, ({ last_seq }) => last_seq);
}

/** First sequence that each lane keeps, or would have next; as {@link laneEnds}. */
export function laneStarts(connection: NatsConnection, lanes: readonly string[]): Promise<ReadonlyMap<string, number>> {
  return look(connection, lanes, ({ first_seq }) => Math.max(first_seq, 1));
}

async function look(
  connection: NatsConnection,
  lanes: readonly string[],
  seqOf: (state: State) => number,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  try {
    const { streams } = await jetstreamManager(connection, { checkAPI: false, timeout: ANSWER_MS_MAX });
    const one = async (lane: string): Promise<void> => {
      const info = await streams.info(laneStreamName(lane)).catch(() => undefined);
      if (info !== undefined) found.set(lane, seqOf(info.state));
    };
    await Promise.all([...new Set(lanes)].map(one));
  } catch {
    // Without a connection nothing is known of any lane.
  }
  return found;
}
