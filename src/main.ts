/**
 * A node: its NATS server if it embeds one, its member threads, and the feed. The composition root of the main thread; that of a member thread is
 * member-main.ts. Parts start from the journal outwards and stop from the edge inwards, so that no request meets a part that is not there.
 */

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "./config/index.ts";
import { startEmbeddedNats } from "./embedded-nats/index.ts";
import { type Feed, startFeed } from "./feed/index.ts";
import { laneName, laneNaming } from "./journal/index.ts";
import { ThreadHub } from "./links/index.ts";
import { MemberThread } from "./member-thread.ts";
import { mergeMetrics, NodeMetrics } from "./metrics/index.ts";
import { type NatsOptions, natsOptions } from "./nats/index.ts";
import { MEMBERS_MAX } from "./node-messages.ts";
import { describeFeed } from "./node-metrics.ts";
import type { Log } from "./ports/index.ts";
import { Teardown, writeNodeFile } from "./system/index.ts";

export { VERSION } from "./node-messages.ts";

export interface RunningNode {
  readonly httpUrl: string;
  readonly natsUrl: string;
  /** Hands shards over, refuses new work, answers what is in flight, writes checkpoints, ends the embedded server. */
  stop(): Promise<void>;
  /** Resolves when the node has stopped: with the error when it stopped by itself. */
  readonly stopped: Promise<Error | undefined>;
}

/** Resolves once the node serves. What was started is undone when a later part fails. */
export async function startNode(settings: Settings, log: Log): Promise<RunningNode> {
  const teardown = new Teardown(log, STOP_MS_MAX + settings.handoverSeconds * MS_PER_SECOND);
  const node = new Node(settings, log, teardown);
  try {
    return await node.start();
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

/** One part may take as long as a member that writes its last checkpoint. */
const STOP_MS_MAX = 30_000;
/** How often members are told what the feed has passed. */
const PUBLISHED_MS = 1_000;
/** Least time that a member which is one too many has to give its shards away. */
const RETIRE_MS_MIN = 20_000;

class Node {
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #teardown: Teardown;
  readonly #hub = new ThreadHub();
  readonly #metrics = new NodeMetrics();
  readonly #members: MemberThread[] = [];
  readonly #stopped = Promise.withResolvers<Error | undefined>();
  /** Changes of the number of members, one after another. */
  #resizing: Promise<void> = Promise.resolve();
  #nats!: NatsOptions;
  #feed: Feed | undefined;
  #httpPort: number;
  #failure: Error | undefined;
  #stopping: Promise<void> | undefined;

  constructor(settings: Settings, log: Log, teardown: Teardown) {
    this.#settings = settings;
    this.#log = log;
    this.#teardown = teardown;
    this.#httpPort = settings.httpPort;
  }

  async start(): Promise<RunningNode> {
    const { settings, natsUrl } = await this.#reachNats();
    this.#nats = natsOptions(settings, natsUrl);
    const feed = this.#startFeed();
    this.#teardown.add("members", () => this.#stopMembers());
    const first = this.#addMember(0);
    const { httpUrl, httpPort } = await first.listening;
    this.#httpPort = httpPort;
    for (let number = 1; number < settings.members; number++) this.#addMember(number);
    for (const number of this.#surplus()) this.#addMember(number);
    await Promise.all([feed, ...this.#members.map((member) => member.serving)]);
    this.#resizing = this.#shrink(settings.members);
    this.#teardown.add("node file", writeNodeFile(settings.dataDir, { pid: process.pid, httpUrl, natsUrl }));
    return { httpUrl, natsUrl, stop: () => this.#stop(), stopped: this.#stopped.promise };
  }

  async #reachNats(): Promise<{ settings: Settings; natsUrl: string }> {
    const settings = this.#settings;
    if (settings.natsUrl !== undefined) return { settings, natsUrl: settings.natsUrl };
    const { dataDir, natsServer } = settings;
    const server = await startEmbeddedNats({
      dataDir,
      log: this.#log,
      ...(natsServer === undefined ? {} : { binary: natsServer }),
    });
    this.#teardown.add("embedded NATS", () => server.stop());
    return { settings, natsUrl: server.url };
  }

  async #startFeed(): Promise<void> {
    const { cluster, feedEventsPerSecondMax, replicas } = this.#settings;
    this.#teardown.add("feed", () => this.#feed?.stop());
    this.#feed = await startFeed({
      nats: this.#nats,
      cluster,
      lanes: laneNaming(cluster),
      lead: false,
      log: this.#log,
      eventsPerSecondMax: feedEventsPerSecondMax,
      replicas,
    });
    describeFeed(this.#metrics, this.#feed);
    const telling = setInterval(() => this.#tellPublished(), PUBLISHED_MS);
    this.#teardown.add("feed positions", () => clearInterval(telling));
  }

  #tellPublished(): void {
    for (const member of this.#members) {
      const seq = this.#feed?.published(member.lane);
      if (seq !== undefined) member.send({ kind: "published", seq });
    }
  }

  #addMember(number: number): MemberThread {
    const { cluster, nodeId } = this.#settings;
    const lane = laneName({ cluster, node: nodeId, member: number });
    const data = { settings: this.#settings, nats: this.#nats, number, lane, httpPort: this.#httpPort };
    const member: MemberThread = new MemberThread(data, this.#log, {
      failed: (error) => this.#fail(error),
      leads: (leads) => this.#lead(leads),
      collectMetrics: () => this.#metricsText(),
      resize: (members) => this.#resize(members),
    });
    this.#members.push(member);
    this.#hub.add(lane, (peer, port) => member.send({ kind: "peer", lane: peer, port }, [port]));
    this.#feed?.lookForLanes();
    return member;
  }

  /** Members that an earlier start had and this one has not: what they own has to go to others. */
  #surplus(): number[] {
    const folder = join(this.#settings.dataDir, "lmdb");
    if (!existsSync(folder)) return [];
    const numbers = readdirSync(folder).map((name) => Number(/^member-(\d+)$/.exec(name)?.[1] ?? Number.NaN));
    return numbers.filter((number) => number >= this.#settings.members).sort((a, b) => a - b);
  }

  /** Begins to change the number of members; the next change begins when this one is done. Rejects when it cannot begin. */
  async #resize(members: number): Promise<void> {
    if (!Number.isInteger(members) || members < 1 || members > MEMBERS_MAX) {
      throw new Error(`members is ${members}; it must be a whole number from 1 to ${MEMBERS_MAX}`);
    }
    if (this.#stopping !== undefined) throw new Error("the node is stopping");
    this.#log.info({ members }, "the number of members is to change");
    this.#resizing = this.#resizing.then(() => this.#resizeTo(members)).catch((error: unknown) => this.#fail(error as Error));
  }

  async #resizeTo(members: number): Promise<void> {
    const present = new Set(this.#members.map(({ number }) => number));
    for (let number = 0; number < members && this.#stopping === undefined; number++) {
      if (!present.has(number)) await this.#addMember(number).serving;
    }
    await this.#shrink(members);
  }

  async #shrink(members: number): Promise<void> {
    if (this.#stopping !== undefined) return;
    await Promise.all(this.#members.filter(({ number }) => number >= members).map((member) => this.#retire(member)));
  }

  /** A member gives its shards away and ends. What it could not give away in time, the others take over by sealing its lane. */
  async #retire(member: MemberThread): Promise<void> {
    const left = await member.leave(Math.max(this.#settings.handoverSeconds * MS_PER_SECOND, RETIRE_MS_MIN));
    if (left > 0) this.#log.warn({ member: member.number, shards: left }, "a member ends before it could give all shards away");
    this.#hub.remove(member.lane);
    await member.stop(STOP_MS_MAX);
    const index = this.#members.indexOf(member);
    if (index >= 0) this.#members.splice(index, 1);
    if (left === 0) rmSync(join(this.#settings.dataDir, "lmdb", `member-${member.number}`), { recursive: true, force: true });
    this.#log.info({ member: member.number }, "a member gave its shards away and ended");
  }

  async #metricsText(): Promise<string> {
    return mergeMetrics(await Promise.all([this.#metrics.text(), ...this.#members.map((member) => member.metrics())]));
  }

  #lead(leads: boolean): void {
    if (leads) this.#feed?.activate();
    else this.#feed?.pause();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    void this.#stop();
  }

  #stop(): Promise<void> {
    this.#stopping ??= this.#teardown.run().then(() => this.#stopped.resolve(this.#failure));
    return this.#stopping;
  }

  async #stopMembers(): Promise<void> {
    if (this.#failure === undefined) {
      const deadlineMs = this.#settings.handoverSeconds * MS_PER_SECOND;
      await Promise.all(this.#members.map((member) => member.leave(deadlineMs)));
    }
    await Promise.all(this.#members.map((member) => member.stop(STOP_MS_MAX)));
  }
}

const MS_PER_SECOND = 1_000;
