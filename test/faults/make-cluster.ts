/** Chooses who starts the cluster of a run. */

import type { MakeCluster } from "./run-scenario.ts";
import { SmallCluster } from "./small-cluster.ts";

export const makeSmallCluster: MakeCluster = async (_shape, { natsUrlFor, dataDir }) =>
  SmallCluster.start({
    ...(natsUrlFor === undefined ? {} : { natsUrlFor: (url: string) => natsUrlFor(url, 0) }),
    ...(dataDir === undefined ? {} : { dataDir }),
  });
