/** Chooses who starts the cluster of a run. */

import type { MakeCluster } from "./run-scenario.ts";
import { SmallCluster } from "./small-cluster.ts";
import { WholeCluster } from "./whole-cluster.ts";

export const makeSmallCluster: MakeCluster = async (_shape, { natsUrlFor, dataDir }) =>
  SmallCluster.start({
    ...(natsUrlFor === undefined ? {} : { natsUrlFor: (url: string) => natsUrlFor(url, 0) }),
    ...(dataDir === undefined ? {} : { dataDir }),
  });

/** At least so many nodes and servers; what a scenario wishes for one node's data and network, only the smallest cluster has. */
export function makeWholeCluster(nodes: number, natsServers: number): MakeCluster {
  return async (shape, wishes) => {
    if (wishes.dataDir !== undefined || wishes.natsUrlFor !== undefined) return makeSmallCluster(shape, wishes);
    return WholeCluster.start({
      nodes: Math.max(nodes, shape.nodes),
      natsServers: Math.max(natsServers, shape.natsServers),
    });
  };
}
