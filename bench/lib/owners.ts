/** Who owns which shard of a running grid, as it tells its clients. */

import { connect } from "@nats-io/transport-node";
import { waitFor } from "./wait.ts";

export interface OwnersOfShards {
  readonly shards: number;
  /** Lane of the owner, shard by shard. */
  readonly owners: readonly string[];
  /** Every owner once, in order. */
  readonly lanes: readonly string[];
}

const SETTLED_MS_MAX = 60_000;

/** Resolves once `members` members own about as many shards each. */
export async function clusterMapOf(natsUrl: string, members: number): Promise<OwnersOfShards> {
  const connection = await connect({ servers: natsUrl });
  try {
    return await waitFor("the shards to be spread", SETTLED_MS_MAX, async () => {
      const reply = await connection.request("stockgrid.v1.cluster.map", "", { timeout: 5_000 });
      const { shards, owners } = reply.json<{ shards: number; owners: string[] }>();
      const lanes = [...new Set(owners)].filter((lane) => lane !== "").sort();
      const least = Math.min(...lanes.map((lane) => owners.filter((owner) => owner === lane).length));
      return lanes.length === members && least > (0.8 * shards) / members ? { shards, owners, lanes } : undefined;
    });
  } finally {
    await connection.close();
  }
}
