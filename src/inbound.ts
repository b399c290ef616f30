/** The inbound stream of events at one member: taken in while that member leads, by nobody else meanwhile. Two at once for a moment do no harm: ids are spent once. */

import { startIngest } from "./ingest/index.ts";
import type { Intake } from "./intake/index.ts";
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

/** Takes in the stream of inbound events while this member leads. */
export class Inbound {
  readonly #site: InboundSite;
  readonly #intake: Intake;
  #running: Promise<{ stop(): Promise<void> } | undefined> = Promise.resolve(undefined);
  #leads = false;

  constructor(site: InboundSite, intake: Intake) {
    this.#site = site;
    this.#intake = intake;
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
      const ingest = await startIngest({ connection, intake: this.#intake, log });
      describeIngest(metrics, ingest);
      return { stop: () => ingest.stop().finally(() => connection.close()) };
    } catch (error) {
      log.error({ error: String(error) }, "the inbound stream cannot be taken in; tried again with the next lead");
      return undefined;
    }
  }
}
