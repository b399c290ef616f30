/**
 * What scenarios need of a cluster of real processes, whoever starts it. Ids name nodes and NATS servers alike and are kept
 * over restarts, as are data and NATS addresses; pid and HTTP address may change.
 */

export interface ClusterNode {
  readonly id: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  readonly httpUrl: string | undefined;
  readonly dataDir: string;
}

export interface ClusterNats {
  readonly id: string;
  readonly pid: number | undefined;
  readonly url: string;
}

/** What the grid under test can do, so that a scenario can say why it does not run. */
export interface Features {
  /** Nodes share the shards: what one loses the others serve. */
  readonly sharesShards: boolean;
  /** `consistency=strict` is understood; without it plain reads count as strict, which is right for one node only. */
  readonly strictReads: boolean;
  /** Over HTTP, `POST /v1/cluster/move` and its like. */
  readonly admin: boolean;
  /** Nodes can be added while it runs. */
  readonly grows: boolean;
}

export interface Cluster {
  readonly features: Features;
  /** Shards of the grid, the same for its whole life. */
  readonly shards: number;
  nodes(): readonly ClusterNode[];
  natsServers(): readonly ClusterNats[];
  /** As kill -9; resolves when it is gone. */
  kill(id: string): Promise<void>;
  /** SIGSTOP: it stands still with its connections open, until `resume` or `kill`. */
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  /** SIGTERM, with time to hand over; resolves when it has ended. */
  stop(id: string): Promise<void>;
  /** Starts what has ended, on its data; resolves when it runs, which is before it serves. */
  start(id: string): Promise<void>;
  /** Resolves when every node and server that runs is ready. Rejects after a minute, with the newest log lines. */
  ready(): Promise<void>;
  /** One more node, running; only where `features.grows`. */
  addNode?(): Promise<ClusterNode>;
  /** The id of the server that leads the lane of a node's first member, undefined while none does. */
  leaderOfLane?(node: string): Promise<string | undefined>;
  /** The newest log lines of a node or server. */
  log(id: string): string;
  /** Ends everything and removes what it left. */
  end(): Promise<void>;
}
