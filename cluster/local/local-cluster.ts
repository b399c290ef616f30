/**
 * NATS servers and grid nodes as processes of this machine, for development and tests: all of them, or one by one.
 *
 * L1. `stop` ends the nodes one after another, each with time to hand over, and then the servers.
 * L2. What is started again has its name, address and data of before.
 */

import { join } from "node:path";
import { findNatsServer } from "../../src/embedded-nats/index.ts";
import { connectNats, type NatsOptions } from "../../src/nats/index.ts";
import type { Log } from "../../src/ports/index.ts";
import { ensureClientStreams, inboxOf } from "../nats/index.ts";
import { type ClusterFile, identityOf, type ProcessNote, writeClusterFile } from "./cluster-file.ts";
import { LocalNats } from "./local-nats.ts";
import { LocalNode } from "./local-node.ts";
import { httpPortFor, type LocalClusterOptions, type LocalPlan, planCluster } from "./local-plan.ts";
import type { Ending } from "./managed-process.ts";
import { jsonAt } from "./wait.ts";

export interface LocalClusterStart extends LocalClusterOptions {
  /** Members of each node; default: what the node does by itself. */
  readonly members?: number | undefined;
  /** More `STOCKGRID_...` variables of every node. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** Other settings of one node, such as a NATS address that leads through a proxy. `index` from 0. */
  readonly settingsOf?: ((index: number, natsUrl: string) => Readonly<Record<string, string>>) | undefined;
  /** Called when a process ends, also when that was asked for. */
  readonly onEnd?: ((name: string, ending: Ending) => void) | undefined;
}

const REPLICAS_OF_A_CLUSTER = 3;
/** Mirrors can be made again from what they copy. */
const MIRROR_REPLICAS = 1;
/** The nodes are ready by then. */
const ORIGIN_MS_MAX = 20_000;
const QUIET: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

export class LocalCluster {
  readonly folder: string;
  readonly #options: LocalClusterStart;
  readonly #plan: LocalPlan;
  readonly #nats: readonly LocalNats[];
  readonly #nodes: LocalNode[];
  /** What nodes are started with beyond the options, by commands to the running cluster. */
  #set: Readonly<Record<string, string>>;
  #nodesMade: number;
  #controlUrl = "";

  private constructor(options: LocalClusterStart, plan: LocalPlan, binary: string) {
    this.folder = plan.folder;
    this.#options = options;
    this.#plan = plan;
    this.#set = plan.set;
    const onEnd = (name: string, ending: Ending): void => this.#ended(name, ending);
    this.#nats = plan.servers.map(
      ({ name, folder, ports }) =>
        new LocalNats({
          ...{ name, folder, binary, ports, onEnd, servers: plan.servers.length, peers: plan.peers },
          config: plan.generated?.configs.get(name),
        }),
    );
    this.#nodes = plan.httpPorts.map((port, index) => this.#newNode(index, port));
    this.#nodesMade = this.#nodes.length;
  }

  /** Makes folder and addresses ready; nothing runs yet. Rejects with AlreadyRunning or UnsuitableFolder. */
  static async create(options: LocalClusterStart): Promise<LocalCluster> {
    const binary = await findNatsServer();
    const cluster = new LocalCluster(options, await planCluster(options), binary);
    cluster.#note();
    return cluster;
  }

  /** Resolves when everything is ready. What was started is killed when a part does not come up. */
  static async start(options: LocalClusterStart): Promise<LocalCluster> {
    const cluster = await LocalCluster.create(options);
    try {
      await cluster.startNats();
      await cluster.startNodes();
      return cluster;
    } catch (error) {
      await cluster.kill();
      throw error;
    }
  }

  get nats(): readonly LocalNats[] {
    return this.#nats;
  }

  get nodes(): readonly LocalNode[] {
    return this.#nodes;
  }

  /** The addresses of all NATS servers, separated by commas. */
  get natsUrl(): string {
    return this.#nats.map(({ url }) => url).join(",");
  }

  /** How to connect as one of the users of {@link ROLES}; without TLS and accounts everybody is alike. */
  natsOptions(user = "operator"): NatsOptions {
    const { generated } = this.#plan;
    if (generated === undefined) return { url: this.natsUrl };
    const path = generated.users.get(user);
    if (path === undefined) throw new RangeError(`there is no user ${user}`);
    return { url: this.natsUrl, auth: { kind: "creds", path }, tls: { ca: generated.ca }, inboxPrefix: inboxOf(user) };
  }

  /** A server or node by its name, such as `nats-1` or `node-2`. */
  process(name: string): LocalNats | LocalNode | undefined {
    return [...this.#nodes, ...this.#nats].find((each) => each.name === name);
  }

  /** Resolves when all servers serve. */
  async startNats(): Promise<void> {
    await all(this.#nats.map((server) => server.start()));
    await all(this.#nats.map((server) => server.ready()));
    this.#note();
  }

  /** Resolves when all nodes serve. */
  async startNodes(): Promise<void> {
    await all(this.#nodes.map((node) => node.start(this.#set)));
    await all(this.#nodes.map((node) => node.ready()));
    if (this.#nodes.length > 0) await this.#makeClientStreams();
    this.#note();
  }

  /** Starts what has ended, with its data. Resolves when it is ready. */
  async startAgain(name: string): Promise<void> {
    const process = this.#known(name);
    await (process instanceof LocalNode ? process.start(this.#set) : process.start());
    this.#note();
    await process.ready();
  }

  /** A `STOCKGRID_...` variable of every node from its next start on, also of a later life of the cluster in this folder; empty: none any more. */
  set(variable: string, value: string): void {
    this.#set = { ...this.#set, [variable]: value };
    this.#note();
  }

  /** A NATS server reads its configuration, certificates and users again. Throws for anything else. */
  reload(name: string): void {
    const server = this.#nats.find((each) => each.name === name);
    if (server === undefined) throw new RangeError(`there is no NATS server ${name}`);
    server.reload();
  }

  /** One more node, ready. */
  async addNode(): Promise<LocalNode> {
    const index = this.#nodesMade++;
    const node = this.#newNode(index, await httpPortFor(this.#plan, index));
    this.#nodes.push(node);
    await this.startAgain(node.name);
    if (this.#nodes.length === 1) await this.#makeClientStreams();
    return node;
  }

  /** Stops a node and forgets it; its data stays in the folder. */
  async removeNode(name: string): Promise<void> {
    const index = this.#nodes.findIndex((node) => node.name === name);
    const node = this.#nodes[index];
    if (node === undefined) throw new RangeError(`there is no node ${name}`);
    await node.stop();
    this.#nodes.splice(index, 1);
    this.#note();
  }

  /** The server that leads a stream, undefined while none does. */
  async leaderOf(stream: string): Promise<LocalNats | undefined> {
    for (const server of this.#nats.filter(({ running, frozen }) => running && !frozen)) {
      const name = leaderIn(await jsonAt(`${server.monitorUrl}/jsz?accounts=true&streams=true`), stream);
      const leader = this.#nats.find((each) => each.name === name);
      if (leader !== undefined) return leader;
    }
    return undefined;
  }

  /** Node after node, then the servers: see L1. `onStopped` is told of each. */
  async stop(onStopped: (name: string) => void = () => undefined): Promise<void> {
    for (const node of this.#nodes) {
      if (!node.running) continue;
      await node.stop();
      onStopped(node.name);
    }
    await Promise.all(
      this.#nats.filter(({ running }) => running).map((server) => server.stop().then(() => onStopped(server.name))),
    );
    this.#note();
  }

  /** Everything at once, as a power cut does it to processes. */
  async kill(): Promise<void> {
    await Promise.all([...this.#nodes, ...this.#nats].map((each) => each.kill()));
    this.#note();
  }

  /** Notes where commands for this cluster are taken; see {@link ClusterFile}. */
  setControlUrl(url: string): void {
    this.#controlUrl = url;
    this.#note();
  }

  /** What `cluster.json` says. */
  describe(): ClusterFile {
    const note = ({ name, pid, logPath }: LocalNats | LocalNode): ProcessNote => ({
      name,
      pid: pid ?? 0,
      identity: identityOf(pid),
      log: logPath,
    });
    return {
      cluster: this.#plan.cluster,
      secure: this.#plan.generated !== undefined,
      pid: process.pid,
      identity: identityOf(process.pid),
      controlUrl: this.#controlUrl,
      natsUrl: this.natsUrl,
      set: this.#set,
      nats: this.#nats.map((server) => {
        const { client, route, monitor } = server.ports;
        return { ...note(server), url: server.url, monitorUrl: server.monitorUrl, ports: [client, route, monitor] as const };
      }),
      nodes: this.#nodes.map((node) => ({ ...note(node), httpUrl: node.httpUrl, dataDir: node.dataDir })),
    };
  }

  #known(name: string): LocalNats | LocalNode {
    const found = this.process(name);
    if (found === undefined) throw new RangeError(`there is no ${name}`);
    return found;
  }

  #newNode(index: number, httpPort: number): LocalNode {
    const id = `node-${index + 1}`;
    const dataDir = join(this.folder, id);
    const onEnd = (name: string, ending: Ending): void => this.#ended(name, ending);
    return new LocalNode({ id, dataDir, httpPort, settings: this.#nodeSettings(index), onEnd });
  }

  #nodeSettings(index: number): Record<string, string> {
    const { members, settings, settingsOf } = this.#options;
    const { generated, cluster, servers } = this.#plan;
    const secrets = generated === undefined ? undefined : { creds: generated.users.get("grid") ?? "", ca: generated.ca };
    return {
      STOCKGRID_NATS_URL: this.natsUrl,
      STOCKGRID_CLUSTER: cluster,
      STOCKGRID_REPLICAS: servers.length >= REPLICAS_OF_A_CLUSTER ? String(REPLICAS_OF_A_CLUSTER) : "1",
      ...(members === undefined ? {} : { STOCKGRID_MEMBERS: String(members) }),
      ...(secrets === undefined ? {} : { STOCKGRID_NATS_CREDS: secrets.creds, STOCKGRID_NATS_CA: secrets.ca }),
      ...settings,
      ...settingsOf?.(index, this.natsUrl),
    };
  }

  async #makeClientStreams(): Promise<void> {
    if (this.#plan.generated === undefined) return;
    const options = { ...this.natsOptions("clients-operator"), name: "local cluster", log: QUIET };
    const connection = await connectNats(options);
    try {
      await ensureClientStreams(connection, MIRROR_REPLICAS, ORIGIN_MS_MAX);
    } finally {
      await connection.close();
    }
  }

  #ended(name: string, ending: Ending): void {
    this.#note();
    this.#options.onEnd?.(name, ending);
  }

  #note(): void {
    writeClusterFile(this.folder, this.describe());
  }
}

/** Waits for all, also when one fails, so that nothing is still starting when the others are killed. */
async function all(parts: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(parts);
  await Promise.all(parts);
}

interface Jsz {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly { readonly name: string; readonly cluster?: { readonly leader?: string } }[];
  }[];
}

function leaderIn(answer: unknown, stream: string): string | undefined {
  const accounts = (answer as Jsz | undefined)?.account_details ?? [];
  return accounts.flatMap((account) => account.stream_detail ?? []).find(({ name }) => name === stream)?.cluster?.leader;
}
