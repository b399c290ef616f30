/** How many events the feed has published. */

import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { RunningGrid } from "./grid-process.ts";

export interface FeedCounter extends AsyncDisposable {
  /** Last sequence of the event stream. */
  count(): Promise<number>;
}

const STREAM = "STOCK_EVENTS";

export async function feedCounter(grid: RunningGrid): Promise<FeedCounter> {
  const connection = await connect({ servers: grid.natsUrl });
  const manager = await jetstreamManager(connection);
  return {
    count: async () => (await manager.streams.info(STREAM)).state.last_seq,
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
