/** Names of what a cluster keeps in JetStream: where permissions, mirrors and runbooks take them from. */

export const EVENTS_STREAM = "STOCK_EVENTS";
export const DEADLETTER_STREAM = "STOCK_DEADLETTER";
export const AVAILABILITY_BUCKET = "STOCK_AVAILABILITY";
/** The stream behind the bucket. */
export const AVAILABILITY_STREAM = `KV_${AVAILABILITY_BUCKET}`;

/** Accounts of the NATS servers: trust zones that share no subject but what one exports and another imports. */
export const ACCOUNTS = { grid: "GRID", clients: "CLIENTS", ingest: "INGEST", system: "SYS" } as const;

/** Prefix under which the JetStream API of the grid's account is seen from the account of clients. */
export const GRID_API_PREFIX = "$JS.GRID.API";
/** Where the grid's streams are delivered to their mirrors. */
export const MIRROR_PREFIX = "stockgrid.mirror";

/** Buckets of one cluster that its members write: the shard map and locations (file), who is alive (memory), images of shards (objects). */
export function bucketsOf(cluster: string): { readonly state: string; readonly members: string; readonly images: string } {
  return {
    state: `STOCKGRID_STATE_${cluster}`,
    members: `STOCKGRID_MEMBERS_${cluster}`,
    images: `STOCKGRID_IMAGES_${cluster}`,
  };
}
