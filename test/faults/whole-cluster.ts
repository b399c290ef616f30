/**
 * Several nodes and NATS servers, as `npm run cluster` starts them, in a temporary folder. What the grid can do is read from
 * what it says of itself, so that scenarios for what it cannot do yet are skipped with a reason.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalCluster, type LocalNats, type LocalNode } from "../../cluster/local/index.ts";
import type { Cluster, ClusterNats, ClusterNode, Features } from "./cluster.ts";

const CLUSTER = "faults";
const LANE_PREFIX = "STOCKGRID_LANE_";

export interface WholeClusterOptions {
  readonly nodes: number;
  readonly natsServers: number;
  /** The NATS addresses that node `index`, from 0, is given for the servers' own. */
  readonly natsUrlOf?: (index: number, urls: string) => string;
}

/** What every cluster of several nodes can do; the rest is asked. */
export const WHOLE_CLUSTER_FEATURES: Features = { sharesShards: true, strictReads: true, admin: true, grows: true };

export class WholeCluster implements Cluster {
  readonly shards = 64;
  readonly features: Features;
  readonly #local: LocalCluster;
  #isOver = false;

  private constructor(local: LocalCluster, features: Features) {
    this.#local = local;
    this.features = features;
  }

  /** Serving. */
  static async start({ nodes, natsServers, natsUrlOf }: WholeClusterOptions): Promise<WholeCluster> {
    const folder = await mkdtemp(join(tmpdir(), "stockgrid-cluster-"));
    const settings = { STOCKGRID_SHARDS: "64", STOCKGRID_CHECKPOINT_SECONDS: "1" };
    const shape = { folder, nodes, nats: natsServers, members: 1, cluster: CLUSTER, settings };
    const settingsOf = natsUrlOf && ((index: number, urls: string) => ({ STOCKGRID_NATS_URL: natsUrlOf(index, urls) }));
    try {
      const local = await LocalCluster.start({ ...shape, settingsOf });
      return new WholeCluster(local, await featuresOf(local.nodes[0]?.httpUrl ?? ""));
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  nodes(): readonly ClusterNode[] {
    return this.#local.nodes.map(({ name, pid, running, frozen, httpUrl, dataDir }) => ({
      id: name,
      pid,
      httpUrl: running && !frozen ? httpUrl : undefined,
      dataDir,
    }));
  }

  natsServers(): readonly ClusterNats[] {
    return this.#local.nats.map(({ name, pid, url }) => ({ id: name, pid, url }));
  }

  async kill(id: string): Promise<void> {
    await this.#process(id).kill();
  }

  async pause(id: string): Promise<void> {
    this.#process(id).freeze();
  }

  async resume(id: string): Promise<void> {
    this.#process(id).thaw();
  }

  async stop(id: string): Promise<void> {
    await this.#process(id).stop();
  }

  async start(id: string): Promise<void> {
    if (this.#isOver) throw new Error("the cluster has ended");
    await this.#process(id).start();
  }

  async ready(): Promise<void> {
    for (const each of [...this.#local.nats, ...this.#local.nodes]) if (each.running) await each.ready();
  }

  async addNode(): Promise<ClusterNode> {
    const { name } = await this.#local.addNode();
    return this.nodes().find(({ id }) => id === name) as ClusterNode;
  }

  async leaderOfLane(node: string): Promise<string | undefined> {
    return (await this.#local.leaderOf(`${LANE_PREFIX}${CLUSTER}_${node}_0`))?.name;
  }

  log(id: string): string {
    return this.#process(id).logTail();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#local.kill();
    await rm(this.#local.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  #process(id: string): LocalNats | LocalNode {
    const found = this.#local.process(id);
    if (found === undefined) throw new Error(`the cluster has no ${id}`);
    return found;
  }
}

async function featuresOf(httpUrl: string): Promise<Features> {
  const text = await (await fetch(`${httpUrl}/openapi.json`)).text();
  return { ...WHOLE_CLUSTER_FEATURES, strictReads: text.includes('"consistency"'), admin: text.includes("/v1/cluster") };
}
