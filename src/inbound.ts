/** The inbound stream of movements at one member: taken in while that member leads, by nobody else meanwhile. Two at once for a moment do no harm: ids are spent once. */

import { parseMovement } from "./api/index.ts";
import { startIngest } from "./ingest/index.ts";
import type { Grid } from "./member/index.ts";
import type { NodeMetrics } from "./metrics/index.ts";
import { connectNats, type NatsOptions } from "./nats/index.ts";
import { describeIngest } from "./node-metrics.ts";
import type { Log } from "./ports/index.ts";

export interface InboundSite {
  readonly nats: NatsOptions;
  readonly log: Log;
  readonly lane: string;
  readonly metrics: NodeMetrics;
}

/** Takes in the stream of inbound movements while this member leads. */
export class Inbound {
  readonly #site: InboundSite;
  readonly #grid: Grid;
  #running: Promise<{ stop(): Promise<void> } | undefined> = Promise.resolve(undefined);
  #leads = false;

  constructor(site: InboundSite, grid: Grid) {
    this.#site = site;
    this.#grid = grid;
  }

  lead(leads: boolean): void {
    if (leads === this.#leads) return;
    this.#leads = leads;
    this.#running = this.#running.then(async (running) => {
      await running?.stop();
      return leads ? this.#start() : undefined;
    });
  }

  async stop(): Promise<void> {
    this.lead(false);
    await this.#running;
  }

  async #start(): Promise<{ stop(): Promise<void> } | undefined> {
    const { nats, log, lane, metrics } = this.#site;
    try {
      const connection = await connectNats({ ...nats, name: `stockgrid ingest ${lane}`, log });
      const ingest = await startIngest({ connection, grid: this.#grid, parseMovement, log });
      describeIngest(metrics, ingest);
      return { stop: () => ingest.stop().finally(() => connection.close()) };
    } catch (error) {
      log.error({ error: String(error) }, "the inbound stream cannot be taken in; tried again with the next lead");
      return undefined;
    }
  }
}
