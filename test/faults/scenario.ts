/** The shape of a scenario: a fault, or a few, done to a cluster under load, and the times that were measured. */

import type { SimRandom } from "../simulator/world/index.ts";
import type { Cluster, Features } from "./cluster.ts";
import type { Shoppers } from "./load/shoppers.ts";

/** How a scenario wants its cluster, beyond the number of nodes and servers. */
export interface ClusterWishes {
  /** The NATS address that node `index` is given for the servers' own. */
  readonly natsUrlFor?: (url: string, index: number) => Promise<string>;
  /** Where the data of the first node is kept. */
  readonly dataDir?: string;
}

/** What a scenario needs before the cluster starts, such as a proxy or a disk. */
export interface Preparation {
  readonly wishes: ClusterWishes;
  close(): Promise<void>;
}

/** Where a scenario happens. The load runs before it begins and goes on after it has ended. */
export interface Stage<P extends Preparation = Preparation> {
  readonly cluster: Cluster;
  readonly shoppers: Shoppers;
  readonly prepared: P;
  readonly random: SimRandom;
  /** For the report while it runs. */
  say(line: string): void;
  /**
   * Ms from now until every shard has committed a change that was asked for from now on. Asks the nodes that run in turn.
   * Rejects after a minute, naming the shards that are missing.
   */
  untilEveryShardServes(): Promise<number>;
}

/** Ms, or counts: what the names say. */
export type Measured = Readonly<Record<string, number>>;

export interface Scenario<P extends Preparation = Preparation> {
  readonly name: string;
  /** One sentence. */
  readonly does: string;
  /** At least so many. */
  readonly nodes: number;
  readonly natsServers: number;
  readonly features: readonly (keyof Features)[];
  /** Why the machine cannot carry it; undefined: it can. */
  unsupported?(): Promise<string | undefined>;
  prepare?(): Promise<P>;
  run(stage: Stage<P>): Promise<Measured>;
  /** How long a lane may take no writes while others do, ms: what a reservation came to may reach its shards there that much later. Default 0. */
  readonly outageMsMax?: number;
  /** Instead of the check of the books that ends every run: for a scenario that makes it itself. */
  readonly checksItself?: boolean;
}

/** Keeps the type of what a scenario prepares to itself. */
export function scenario<P extends Preparation>(one: Scenario<P>): Scenario {
  return one as unknown as Scenario;
}
