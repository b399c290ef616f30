/**
 * A member thread: the composition root of one event loop. Journal, store, member, keeper, router, edges; they start in this order and stop in the
 * opposite one.
 */

import { join } from "node:path";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { NatsConnection } from "@nats-io/nats-core";
import { AliasBook, type CodesOfSource } from "./aliases/index.ts";
import { buildHttpServer, type ClusterAdmin, parseMovement, startNatsService } from "./api/index.ts";
import { CorruptData, invariant, type LaneSeq, type LocationId, type ShardId } from "./base/index.ts";
import type { Settings } from "./config/index.ts";
import { openEventTail } from "./feed/index.ts";
import { Inbound } from "./inbound.ts";
import { DeadLetterStream, SignalStream } from "./ingest/index.ts";
import { Intake } from "./intake/index.ts";
import { laneEnds, laneName, openLanes, UnsuitableLane } from "./journal/index.ts";
import { LatePeers } from "./late-peers.ts";
import { fetchImage, ImageObjects, NatsLinks, NodeLinks, serveImages, ThreadLinks } from "./links/index.ts";
import { LocationBook } from "./locations/index.ts";
import {
  type ImageSource,
  Member,
  type MemberLimits,
  type MemberObserver,
  type MemberPhase,
  type Peers,
} from "./member/index.ts";
import { openMemberStore, rememberDamage } from "./member-store.ts";
import { NodeMetrics } from "./metrics/index.ts";
import { connectNats } from "./nats/index.ts";
import { type FromMemberThread, MEMBERS_MAX, type MemberThreadData, type ToMemberThread, VERSION } from "./node-messages.ts";
import { describeKeeper, describeLag, describeMember, describeRouter, observeForwarding } from "./node-metrics.ts";
import { decodeShardMap, Keeper, MAP_KEY } from "./placement/index.ts";
import type { Clock, KeyValue, Log } from "./ports/index.ts";
import { openKeyValue, UnsuitableBucket } from "./registry/index.ts";
import { Router } from "./router/index.ts";
import type { Location } from "./shard/index.ts";
import { persistently, SystemClock, SystemRandom, settleLife, Teardown } from "./system/index.ts";

/** When a request that was turned away at the door may come again. */
const RETRY_MS = 1_000;
const HOUR_MS = 3_600_000;
const MS_PER_SECOND = 1_000;
/** How often it is looked at whether this node is the one that leads the feed. */
const LEAD_MS = 250;
const SERVING_LOOK_MS = 10;

/** What every part of a member is started with. */
interface Site extends MemberThreadData {
  readonly metrics: NodeMetrics;
  readonly log: Log;
  readonly clock: Clock;
  readonly teardown: Teardown;
}

interface IngestDesk {
  readonly intake: Intake;
  readonly deadLetters: DeadLetterStream;
  readonly aliases: AliasBook;
}

class MemberMain {
  readonly #site: Site;
  readonly #port: MessagePort;
  readonly #threads: ThreadLinks;
  readonly #asked = new Map<number, (message: string | undefined) => void>();
  #askedLast = 0;
  #published = 0 as LaneSeq;
  #member!: Member;
  #keeper: Keeper | undefined;
  #isLeaving = false;
  #hasServed = false;

  constructor(port: MessagePort, data: MemberThreadData) {
    const log = portLog(port);
    this.#port = port;
    this.#threads = new ThreadLinks(data.lane);
    this.#site = {
      ...data,
      log,
      metrics: new NodeMetrics(String(data.number)),
      clock: new SystemClock(),
      teardown: new Teardown(log),
    };
    port.on("message", (message: ToMemberThread) => this.#receive(message));
  }

  /** Resolves once the member has its lane; from then on the keeper gives it shards. */
  async start(): Promise<void> {
    const { settings, nats, log, lane, clock, teardown } = this.#site;
    const { cluster, replicas } = settings;
    const journal = await this.#connect("journal");
    const open = (bucket: string, storage: "file" | "memory"): Promise<KeyValue> =>
      persistently(bucket, log, () => openKeyValue({ connection: journal, replicas, bucket, storage }), isUnsuitable);
    const state = await open(`STOCKGRID_STATE_${cluster}`, "file");
    const beats = await open(`STOCKGRID_MEMBERS_${cluster}`, "memory");
    const book = new LocationBook(state, clock);
    const aliases = new AliasBook(state);
    teardown.add("locations", () => {
      book.close();
      aliases.close();
    });
    const edge = await this.#connect("api");

    const peers = new LatePeers();
    await this.#setAsideOtherLife(state);
    this.#member = await this.#openMember({ connection: journal, edge, state }, book, peers);
    const router = this.#route(book, edge, peers);
    const desk = this.#openDesk(router, edge, book, aliases);
    const httpUrl = await this.#startEdges(router, edge, desk);
    this.#keeper = this.#newKeeper(state, beats, httpUrl, router);
    this.#say({ kind: "listening", httpUrl, httpPort: Number(new URL(httpUrl).port) });
    await Promise.all([this.#member.start(), book.settled, aliases.settled]);
    this.#keeper.start();
    teardown.add("keeper", () => this.#keeper?.stop());
    this.#lookAfterServing();
    const inbound = new Inbound({ ...this.#site, nats, log, lane }, desk.intake);
    teardown.add("ingest", () => inbound.stop());
    this.#lookAfterLead(inbound);
  }

  async #connect(part: string): Promise<NatsConnection> {
    const { nats, lane, log, teardown } = this.#site;
    const connection = await connectNats({ ...nats, name: `stockgrid ${part} ${lane}`, log });
    teardown.add(`${part} connection`, () => connection.close());
    return connection;
  }

  /** A restore began a new life of the cluster: what is on disk from the one before must not be taken for it. */
  async #setAsideOtherLife(state: KeyValue): Promise<void> {
    const map = await state.get(MAP_KEY);
    const { life, shards } = map === undefined ? {} : decodeShardMap(map.value);
    const wanted = this.#site.settings.shards;
    if (shards !== undefined && shards !== wanted)
      raise(`the cluster has ${shards} shards, this node is set to ${wanted}: set STOCKGRID_SHARDS=${shards}, or reshard`);
    const aside = settleLife(this.#storePath, life);
    if (aside !== undefined)
      this.#site.log.warn(
        { life, aside },
        "the cluster was restored: what this member had before is set aside; delete it when it is not needed",
      );
  }

  async #openMember(
    { connection, edge, state }: { connection: NatsConnection; edge: NatsConnection; state: KeyValue },
    book: LocationBook,
    peers: Peers,
  ): Promise<Member> {
    const { settings, log, lane, clock, teardown, metrics } = this.#site;
    const lanes = openLanes({ connection, replicas: settings.replicas });
    const journal = await persistently(lane, log, () => lanes.open(lane), isUnsuitable);
    teardown.add("journal", () => journal.close());
    const store = await openMemberStore({ path: this.#storePath, lane, journal, state, log });
    teardown.add("snapshot store", () => store.close());
    const member = new Member({
      lane,
      shards: settings.shards,
      ports: { clock, random: new SystemRandom(), journal, lanes, store, log },
      limits: limitsOf(settings),
      locations: book,
      images: imagesOver(edge, settings.cluster),
      peers,
      trimFloor: () => this.#trimFloor(),
      observer: {
        ...commitObserver(metrics),
        failed: (error) => this.fail(error),
        hostChanged: () => this.#keeper?.poke(),
      },
    });
    describeMember(metrics, member);
    teardown.add("member", () => member.stop());
    return member;
  }

  #route(book: LocationBook, edge: NatsConnection, peers: LatePeers): Router {
    const { settings, lane, clock, log, teardown, metrics } = this.#site;
    const remote = new NatsLinks(edge, lane);
    const siblings = new Set(siblingsOf(settings, lane));
    const links = new NodeLinks(siblings, this.#threads, remote);
    const images = serveImages(edge, lane, (...asked) => this.#member.image(...asked));
    teardown.add("links", () => {
      images.unsubscribe();
      remote.close();
      this.#threads.close();
    });
    const router = new Router({
      ...{ lane, links, clock, log },
      shards: settings.shards,
      member: this.#member,
      locations: book,
      ownerOf: (shard) => this.#keeper?.owners.of(shard)?.lane,
      random: new SystemRandom(),
      observer: observeForwarding(metrics, (other) => siblings.has(other)),
    });
    peers.are(router);
    teardown.add(
      "look at lanes",
      describeLag(metrics, this.#member, (lanes) => laneEnds(edge, lanes)),
    );
    describeRouter(metrics, router);
    return router;
  }

  /** Where events of sources come in, whatever the edge. */
  #openDesk(grid: Router, connection: NatsConnection, book: LocationBook, aliases: AliasBook): IngestDesk {
    const { settings, clock, log } = this.#site;
    const deadLetters = new DeadLetterStream(connection, settings.replicas);
    const signals = new SignalStream(connection, settings.replicas);
    const codesOf = (source: string): CodesOfSource => aliases.codesOf(source);
    const locationOf = (id: LocationId): Location | undefined => book.get(id);
    const intake = new Intake({ grid, codesOf, locationOf, parseMovement, deadLetters, signals, clock, log });
    return { intake, deadLetters, aliases };
  }

  async #startEdges(grid: Router, connection: NatsConnection, desk: IngestDesk): Promise<string> {
    const { settings, metrics, log, teardown, lane, httpPort } = this.#site;
    const { cluster, httpHost, apiKeys } = settings;
    const member = this.#member;
    const service = await startNatsService({
      connection,
      grid,
      cluster,
      version: VERSION,
      phase: () => member.phase,
      routing: { lane, map: () => this.#shardMap() },
      log,
      observe: (_endpoint, outcome) => {
        if (outcome !== "ok") metrics.problems.inc({ problem: outcome, api: "nats" });
      },
    });
    teardown.add("NATS service", () => service.stop());
    const server = buildHttpServer({
      grid,
      phase: () => this.#phase(),
      events: openEventTail({ connection }),
      admin: this.#admin(connection),
      ingest: desk,
      aliases: desk.aliases,
      apiKeys,
      cluster,
      version: VERSION,
      metricsText: () => this.#metricsOfNode(),
      contentType: metrics.contentType,
      observe: {
        request: (route, method, status, seconds) => metrics.observeRequest(route, method, status, seconds),
        problem: (slug) => metrics.problems.inc({ problem: slug, api: "http" }),
      },
      log,
      overloaded: () => (member.waiting < settings.queueMax ? undefined : RETRY_MS),
    });
    teardown.add("HTTP server", () => server.close());
    // Handed on to net.Server, which fastify's types do not say.
    const shared = { host: httpHost, port: httpPort, reusePort: true };
    return server.listen(shared);
  }

  /** The edges are there before the keeper, which is made once HTTP listens. */
  #admin(connection: NatsConnection): ClusterAdmin {
    const keeper = (): Keeper => this.#keeper ?? raise("the member has not joined the cluster yet; retry shortly");
    return {
      node: this.#site.settings.nodeId,
      status: () => this.#keeper?.status(),
      lead: () => this.#keeper?.leader()?.node,
      laneEnds: (lanes) => laneEnds(connection, lanes),
      pin: async (shard, lane) => keeper().pin(shard, lane),
      unpin: async (shard) => keeper().unpin(shard),
      drain: async (node) => keeper().drain(node),
      undrain: async (node) => keeper().undrain(node),
      resize: async (members) => {
        const wrong = await this.#ask((id) => ({ kind: "resize", id, members }));
        if (wrong !== undefined) raise(wrong);
      },
    };
  }

  #newKeeper(state: KeyValue, members: KeyValue, httpUrl: string, router: Router): Keeper {
    const { settings, clock, log, metrics } = this.#site;
    const keeper = new Keeper({
      host: this.#member.host,
      ...{ state, members, clock, log, httpUrl },
      node: settings.nodeId,
      version: VERSION,
      shards: settings.shards,
      onFatal: (error) => this.fail(error),
    });
    keeper.owners.onChange(() => router.ownersChanged());
    keeper.beats.onChange(() => {
      for (const { lane } of keeper.beats.members()) if (keeper.beats.suspected(lane)) router.peerGone(lane);
    });
    describeKeeper(metrics, keeper, this.#member);
    return keeper;
  }

  #phase(): MemberPhase {
    const { phase } = this.#member;
    if (phase !== "serving") return phase;
    if (this.#isLeaving) return "stopping";
    return this.#hasServed ? "serving" : "recovering";
  }

  #shardMap(): { shards: number; revision: number; owners: readonly string[] } {
    const { shards } = this.#site.settings;
    const owners = Array.from({ length: shards }, (_, shard) => this.#keeper?.owners.of(shard as ShardId)?.lane ?? "");
    return { shards, revision: this.#keeper?.status()?.revision ?? 0, owners };
  }

  /** What the feed has passed, and every follower of the own lane that has to. */
  #trimFloor(): LaneSeq {
    return Math.min(this.#published, this.#keeper?.trimFloor() ?? 0) as LaneSeq;
  }

  /** Tells once that everything that is its own is served. */
  #lookAfterServing(): void {
    const timer = setInterval(() => {
      if (!this.#keeper?.isSettled) return;
      clearInterval(timer);
      this.#hasServed = true;
      this.#say({ kind: "serving" });
    }, SERVING_LOOK_MS);
    this.#site.teardown.add("look at shards", () => clearInterval(timer));
  }

  /** The member with the first name among those that serve leads: its node publishes the feed, and it takes in what is inbound. */
  #lookAfterLead(inbound: Inbound): void {
    let led: boolean | undefined;
    const timer = setInterval(() => {
      const { node, lane } = this.#keeper?.leader() ?? {};
      inbound.lead(lane === this.#site.lane);
      const leads = node === this.#site.settings.nodeId;
      if (leads === led || this.#site.number !== 0) return;
      led = leads;
      this.#say({ kind: "leads", leads });
    }, LEAD_MS);
    this.#site.teardown.add("look at the lead", () => clearInterval(timer));
  }

  #receive(message: ToMemberThread): void {
    switch (message.kind) {
      case "peer":
        return this.#threads.connect(message.lane, message.port);
      case "published":
        this.#published = message.seq;
        return;
      case "leave":
        void this.#leave(message.deadlineMs);
        return;
      case "stop":
        void this.#stop();
        return;
      case "collect-metrics":
        void this.#site.metrics.text().then((text) => this.#say({ kind: "metrics", id: message.id, text }));
        return;
      case "metrics-of-node":
        return this.#answer(message.id, message.text);
      case "resized":
        return this.#answer(message.id, message.problem);
    }
  }

  async #leave(deadlineMs: number): Promise<void> {
    this.#isLeaving = true;
    const shards = (await this.#keeper?.leave(deadlineMs)) ?? 0;
    this.#say({ kind: "left", shards });
  }

  async #stop(): Promise<void> {
    await this.#site.teardown.run();
    this.#port.close();
  }

  get #storePath(): string {
    return join(this.#site.settings.dataDir, "lmdb", `member-${this.#site.number}`);
  }

  /** The node cannot go on with this member. */
  fail(error: Error): void {
    if (error instanceof CorruptData && !error.where.startsWith("lane ")) rememberDamage(this.#storePath, error);
    this.#say({ kind: "failed", name: error.name, message: error.message });
  }

  #metricsOfNode(): Promise<string> {
    return this.#ask((id) => ({ kind: "ask-metrics", id })).then((text) => text ?? "");
  }

  #ask(message: (id: number) => FromMemberThread): Promise<string | undefined> {
    const id = ++this.#askedLast;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.#say(message(id));
    });
  }

  #answer(id: number, answer: string | undefined): void {
    this.#asked.get(id)?.(answer);
    this.#asked.delete(id);
  }

  #say(message: FromMemberThread): void {
    this.#port.postMessage(message);
  }
}

function imagesOver(connection: NatsConnection, cluster: string): ImageSource {
  const restored = new ImageObjects(connection, cluster);
  return {
    fetch: (owner, shard, cursor) => fetchImage(connection, owner, shard, cursor),
    fetchRestored: (name, _shard, cursor) => restored.get(name, cursor),
  };
}

function raise(message: string): never {
  throw new Error(message);
}

/** A stream of that name is there, and is not what it has to be: asking again does not help. */
function isUnsuitable(error: unknown): boolean {
  return error instanceof UnsuitableLane || error instanceof UnsuitableBucket;
}

/** Lanes of all members that this node can ever have, but the own one. */
function siblingsOf({ cluster, nodeId }: Settings, own: string): string[] {
  const lanes = Array.from({ length: MEMBERS_MAX }, (_, member) => laneName({ cluster, node: nodeId, member }));
  return lanes.filter((lane) => lane !== own);
}

function limitsOf(settings: Settings): Partial<MemberLimits> {
  return {
    waitingMax: settings.queueMax,
    checkpointMs: settings.checkpointSeconds * MS_PER_SECOND,
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

function portLog(port: MessagePort): Log {
  const at =
    (level: "info" | "warn" | "error") =>
    (fields: object, message: string): void =>
      port.postMessage({ kind: "log", level, fields: plain(fields), message } satisfies FromMemberThread);
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

/** What a thread cannot be sent, such as functions in an error, must not keep its log line back. */
function plain(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? (value.stack ?? value.message) : value]),
  );
}

async function main(): Promise<void> {
  invariant(parentPort !== null, "a member runs in a worker thread");
  const port = parentPort;
  const member = new MemberMain(port, workerData as MemberThreadData);
  try {
    await member.start();
  } catch (error) {
    member.fail(error instanceof Error ? error : new Error(String(error)));
  }
}

await main();
