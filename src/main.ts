/**
 * The composition root: the only place that picks adapters. Starts the parts of a node from the journal outwards and stops
 * them from the edge inwards, so that no request meets a part that is not there.
 */

import { join } from "node:path";
import { buildHttpServer, parseMovement, startNatsService } from "./api/index.ts";
import type { LaneSeq } from "./base/index.ts";
import type { Settings } from "./config/index.ts";
import { startEmbeddedNats } from "./embedded-nats/index.ts";
import { type Feed, openEventTail, startFeed } from "./feed/index.ts";
import { startIngest } from "./ingest/index.ts";
import { laneName, laneNaming, laneStreamName, openLane } from "./journal/index.ts";
import { Member, type MemberLimits, type MemberObserver } from "./member/index.ts";
import { NodeMetrics } from "./metrics/index.ts";
import { connectNats } from "./nats/index.ts";
import { describeFeed, describeIngest, describeMember } from "./node-metrics.ts";
import type { Log } from "./ports/index.ts";
import { openLmdbSnapshotStore } from "./snapshot/index.ts";
import { SystemClock, SystemRandom, Teardown, writeNodeFile } from "./system/index.ts";

export const VERSION = "0.1.0";

export interface RunningNode {
  readonly httpUrl: string;
  readonly natsUrl: string;
  /** Refuses new work, answers what is in flight, writes a checkpoint, ends the embedded server. */
  stop(): Promise<void>;
  /** Resolves when the node has stopped: with the error when it stopped by itself. */
  readonly stopped: Promise<Error | undefined>;
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

/** What every part of a node is started with. */
interface Site {
  readonly settings: Settings;
  readonly natsUrl: string;
  readonly metrics: NodeMetrics;
  readonly log: Log;
  readonly teardown: Teardown;
}

/** The edges and the feed start while the member recovers: until it serves, requests are answered `not-ready`. */
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
  const site: Site = { settings, natsUrl, metrics: new NodeMetrics(), log, teardown };
  const { member, feed } = await openMember(site, fail);
  const [httpUrl] = await allStarted([startEdges(site, member), member.start(), feed]);
  await startInbound(site, member);
  teardown.add("node file", writeNodeFile(settings.dataDir, { pid: process.pid, httpUrl, natsUrl }));
  return { httpUrl, natsUrl, stop, stopped };
}

/** Waits for every part, also when one fails: what is still starting could not be stopped. */
async function allStarted<T extends readonly unknown[]>(parts: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(parts);
  return (await Promise.all(parts)) as unknown as T;
}

async function embeddedNats(settings: Settings, log: Log, teardown: Teardown): Promise<string> {
  const { dataDir, natsServer } = settings;
  const server = await startEmbeddedNats({ dataDir, log, ...(natsServer === undefined ? {} : { binary: natsServer }) });
  teardown.add("embedded NATS", () => server.stop());
  return server.url;
}

/** A member that has not taken its lane yet, and its feed, which is starting. */
async function openMember(site: Site, fail: (error: Error) => void): Promise<{ member: Member; feed: Promise<void> }> {
  const { settings, natsUrl, metrics, log, teardown } = site;
  const { cluster, nodeId } = settings;
  const lane = laneName({ cluster, node: nodeId, member: 0 });
  const stream = laneStreamName(lane);
  const store = await openLmdbSnapshotStore({ path: join(settings.dataDir, "lmdb", "member-0") });
  teardown.add("snapshot store", () => store.close());
  const connection = await connectNats({ url: natsUrl, name: "stockgrid journal", log });
  teardown.add("journal connection", () => connection.close());
  const journal = await openLane({ connection, stream });
  teardown.add("journal", () => journal.close());

  let feed: Feed | undefined;
  const member = new Member({
    lane,
    shards: settings.shards,
    ports: { clock: new SystemClock(), random: new SystemRandom(), journal, store, log },
    limits: limitsOf(settings),
    trimFloor: () => feed?.published(lane) ?? NOTHING_PUBLISHED,
    observer: { ...commitObserver(metrics), failed: fail },
  });
  describeMember(metrics, member);
  const { feedEventsPerSecondMax: eventsPerSecondMax } = settings;
  const starting = startFeed({ nats: { url: natsUrl }, cluster, lanes: laneNaming(cluster), log, eventsPerSecondMax });
  teardown.add("feed", () => feed?.stop());
  teardown.add("member", () => member.stop());
  return {
    member,
    feed: starting.then((started) => {
      feed = started;
      describeFeed(metrics, started);
    }),
  };
}

const NOTHING_PUBLISHED = 0 as LaneSeq;
/** When a request that was turned away at the door may come again. */
const RETRY_MS = 1_000;
const HOUR_MS = 3_600_000;

function limitsOf(settings: Settings): Partial<MemberLimits> {
  return {
    waitingMax: settings.queueMax,
    checkpointMs: settings.checkpointSeconds * 1000,
    keyRetentionMs: settings.keyRetentionHours * HOUR_MS,
    movementRetentionMs: settings.movementRetentionHours * HOUR_MS,
    activeRecordsMax: settings.activeRecordsMax,
    activeReservationsMax: settings.activeRecordsMax,
  };
}

function commitObserver(metrics: NodeMetrics): Pick<MemberObserver, "committed" | "checkpointed"> {
  const seconds = metrics.commitSeconds.child();
  const commands = metrics.commitCommands.child();
  const entries = metrics.commitEntries.child();
  const checkpoints = metrics.checkpointSeconds.child();
  return {
    committed: (took, callers, made) => {
      seconds.observe(took);
      commands.observe(callers);
      entries.observe(made);
    },
    checkpointed: (took) => checkpoints.observe(took),
  };
}

async function startEdges({ settings, natsUrl, metrics, log, teardown }: Site, member: Member): Promise<string> {
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
    overloaded: () => (member.waiting < settings.queueMax ? undefined : RETRY_MS),
  });
  teardown.add("HTTP server", () => server.close());
  return server.listen({ host: httpHost, port: httpPort });
}

/** After the member serves: a message taken earlier would only be sent back. */
async function startInbound({ natsUrl, metrics, log, teardown }: Site, grid: Member): Promise<void> {
  const connection = await connectNats({ url: natsUrl, name: "stockgrid ingest", log });
  teardown.add("ingest connection", () => connection.close());
  const ingest = await startIngest({ connection, grid, parseMovement, log });
  teardown.add("ingest", () => ingest.stop());
  describeIngest(metrics, ingest);
}
