/** A seeded world in memory that implements the ports of the core. */
export { continuations, Scheduler, WORLD_BEGINS_MS } from "./scheduler.ts";
export { type BucketChange, SimBucket } from "./sim-bucket.ts";
export { SimClock } from "./sim-clock.ts";
export { type ClusterPorts, SimCluster } from "./sim-cluster.ts";
export { SimConnection } from "./sim-connection.ts";
export { SimDisk } from "./sim-disk.ts";
export { SimJournal } from "./sim-journal.ts";
export { SimLane } from "./sim-lane.ts";
export { SimLanes } from "./sim-lanes.ts";
export { SimMachine } from "./sim-machine.ts";
export { NATS, SimNetwork } from "./sim-network.ts";
export { SimProcess } from "./sim-process.ts";
export { SimRandom } from "./sim-random.ts";
export { SimSnapshotStore } from "./sim-snapshot-store.ts";
export { type SimPorts, SimWorld } from "./sim-world.ts";
export { type AppendFate, CALM, Weather, type WeatherRates } from "./weather.ts";
