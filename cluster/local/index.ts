/** A whole cluster as processes of one machine, for development and tests. */
export {
  type ClusterFile,
  clusterFilePath,
  type NatsNote,
  type NodeNote,
  type ProcessNote,
  readClusterFile,
} from "./cluster-file.ts";
export { freePorts } from "./free-ports.ts";
export { LocalCluster, type LocalClusterStart } from "./local-cluster.ts";
export type { LocalNats, NatsPorts } from "./local-nats.ts";
export type { LocalNode } from "./local-node.ts";
export { AlreadyRunning, type LocalClusterOptions, localServers, UnsuitableFolder } from "./local-plan.ts";
export { type Ending, ManagedProcess } from "./managed-process.ts";
export { waitFor } from "./wait.ts";
