/**
 * The composition root: the only place that picks adapters. Starts the parts of a node from the journal outwards and stops
 * them from the edge inwards, so that no request meets a part that is not there.
 */

import { join } from "node:path";
import { buildHttpServer, parseMovement, startNatsService } from "./api/index.ts";
import type { Settings } from "./config/index.ts";
import { startEmbeddedNats } from "./embedded-nats/index.ts";
import { type Feed, openEventTail, startFeed } from "./feed/index.ts";
import { startIngest } from "./ingest/index.ts";
import { laneName, laneStreamName, openLane } from "./journal/index.ts";
import { Member } from "./member/index.ts";
import { NodeMetrics } from "./metrics/index.ts";
import { connectNats } from "./nats/index.ts";
import { describeIngest, describeMember } from "./node-metrics.ts";
import type { Log } from "./ports/index.ts";
import { openLmdbSnapshotStore } from "./snapshot/index.ts";
import { SystemClock, SystemRandom, writeNodeFile } from "./system/index.ts";

export const VERSION = "0.1.0";

export interface RunningNode {
  readonly httpUrl: string;
  readonly natsUrl: string;
  /** Refuses new work, answers what is in flight, writes a checkpoint, ends the embedded server. */
  stop(): Promise<void>;
  /** Resolves when the node has stopped: with the error when it stopped by itself. */
  readonly stopped: Promise<Error | undefined>;
}

/** Undoes what was started, last first. A part that fails to stop is logged and does not keep the others. */
class Teardown {
  readonly #steps: { name: string; stop: () => Promise<void> | void }[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  add(name: string, stop: () => Promise<void> | void): void {
    this.#steps.push({ name, stop });
  }

  async run(): Promise<void> {
    for (const { name, stop } of this.#steps.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        this.#log.error({ part: name, error: String(error) }, "a part of the node did not stop cleanly");
      }
    }
  }
}

/** Resolves once the node serves. What was started is undone when a later part fails. */
export async function startNode(settings: Settings, log: Log): Promise<RunningNode> {
  const teardown = new Teardown(log);
  try {
    return await compose(settings, log, teardown);
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

async function compose(settings: Settings, log: Log, teardown: Teardown): Promise<RunningNode> {
  const { promise: stopped, resolve: hasStopped } = Promise.withResolvers<Error | undefined>();
  let failure: Error | undefined;
  const stop = async (): Promise<void> => {
    await teardown.run();
    hasStopped(failure);
  };
  const fail = (error: Error): void => {
    failure = error;
    void stop();
  };

  const natsUrl = settings.natsUrl ?? (await embeddedNats(settings, log, teardown));
  const metrics = new NodeMetrics();
  const { member, feed } = await startMember(settings, natsUrl, metrics, log, teardown, fail);
  describeMember(metrics, member, feed);
  const httpUrl = await startEdges(settings, natsUrl, member, metrics, log, teardown);
  await member.start();
  await startInbound(natsUrl, member, metrics, log, teardown);
  teardown.add("node file", writeNodeFile(settings.dataDir, { pid: process.pid, httpUrl, natsUrl }));
  return { httpUrl, natsUrl, stop, stopped };
}

async function embeddedNats(settings: Settings, log: Log, teardown: Teardown): Promise<string> {
  const { dataDir, natsServer } = settings;
  const server = await startEmbeddedNats({ dataDir, log, ...(natsServer === undefined ? {} : { binary: natsServer }) });
  teardown.add("embedded NATS", () => server.stop());
  return server.url;
}

const HOUR_MS = 3_600_000;

async function startMember(
  settings: Settings,
  natsUrl: string,
  metrics: NodeMetrics,
  log: Log,
  teardown: Teardown,
  fail: (error: Error) => void,
): Promise<{ member: Member; feed: Feed }> {
  const { cluster, nodeId, shards } = settings;
  const lane = laneName({ cluster, node: nodeId, member: 0 });
  const stream = laneStreamName(lane);
  const store = await openLmdbSnapshotStore({ path: join(settings.dataDir, "lmdb", "member-0") });
  teardown.add("snapshot store", () => store.close());
  const connection = await connectNats({ url: natsUrl, name: "stockgrid journal", log });
  teardown.add("journal connection", () => connection.close());
  const journal = await openLane({ connection, stream });
  teardown.add("journal", () => journal.close());
  const feed = await startFeed({
    natsUrl,
    stream,
    lane,
    cluster,
    log,
    eventsPerSecondMax: settings.feedEventsPerSecondMax,
  });
  teardown.add("feed", () => feed.stop());
  const member = new Member({
    lane,
    shards,
    ports: { clock: new SystemClock(), random: new SystemRandom(), journal, store, log },
    limits: {
      waitingMax: settings.queueMax,
      checkpointMs: settings.checkpointSeconds * 1000,
      keyRetentionMs: settings.keyRetentionHours * HOUR_MS,
      movementRetentionMs: settings.movementRetentionHours * HOUR_MS,
      activeRecordsMax: settings.activeRecordsMax,
      activeReservationsMax: settings.activeRecordsMax,
    },
    trimFloor: () => feed.published(),
    observer: {
      committed: (seconds, commands, entries) => {
        metrics.commitSeconds.child().observe(seconds);
        metrics.commitCommands.child().observe(commands);
        metrics.commitEntries.child().observe(entries);
      },
      checkpointed: (seconds) => metrics.checkpointSeconds.child().observe(seconds),
      failed: fail,
    },
  });
  teardown.add("member", () => member.stop());
  return { member, feed };
}

async function startEdges(
  settings: Settings,
  natsUrl: string,
  member: Member,
  metrics: NodeMetrics,
  log: Log,
  teardown: Teardown,
): Promise<string> {
  const { cluster, httpHost, httpPort, apiKeys } = settings;
  const connection = await connectNats({ url: natsUrl, name: "stockgrid api", log });
  teardown.add("api connection", () => connection.close());
  const phase = (): typeof member.phase => member.phase;
  const service = await startNatsService({
    connection,
    grid: member,
    cluster,
    version: VERSION,
    phase,
    log,
    observe: (_endpoint, outcome) => {
      if (outcome !== "ok") metrics.problems.inc({ problem: outcome, api: "nats" });
    },
  });
  teardown.add("NATS service", () => service.stop());
  const server = buildHttpServer({
    grid: member,
    phase,
    events: openEventTail({ connection }),
    apiKeys,
    cluster,
    version: VERSION,
    metricsText: () => metrics.text(),
    contentType: metrics.contentType,
    observe: {
      request: (route, method, status, seconds) => metrics.observeRequest(route, method, status, seconds),
      problem: (slug) => metrics.problems.inc({ problem: slug, api: "http" }),
    },
    log,
  });
  teardown.add("HTTP server", () => server.close());
  return server.listen({ host: httpHost, port: httpPort });
}

/** After the member serves: a message taken earlier would only be sent back. */
async function startInbound(natsUrl: string, grid: Member, metrics: NodeMetrics, log: Log, teardown: Teardown): Promise<void> {
  const connection = await connectNats({ url: natsUrl, name: "stockgrid ingest", log });
  teardown.add("ingest connection", () => connection.close());
  const ingest = await startIngest({ connection, grid, parseMovement, log });
  teardown.add("ingest", () => ingest.stop());
  describeIngest(metrics, ingest);
}
