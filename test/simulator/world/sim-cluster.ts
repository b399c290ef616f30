/**
 * A whole simulated world of lanes, buckets and machines: boot members on machines, kill and pause them, cut ways between machines and to JetStream,
 * move clocks.
 */

import type { Clock, Journal, KeyValue, Lanes, Links, Log, Random, SnapshotStore } from "../../../src/ports/index.ts";
import { Scheduler } from "./scheduler.ts";
import { SimBucket } from "./sim-bucket.ts";
import { SimConnection } from "./sim-connection.ts";
import { SimJournal } from "./sim-journal.ts";
import { SimKeyValue } from "./sim-key-value.ts";
import { SimLane } from "./sim-lane.ts";
import { SimLanes } from "./sim-lanes.ts";
import { SimLinks, SimPost } from "./sim-links.ts";
import { SimMachine } from "./sim-machine.ts";
import { NATS, SimNetwork } from "./sim-network.ts";
import { SimProcess } from "./sim-process.ts";
import { SimRandom } from "./sim-random.ts";
import { SimSnapshotStore } from "./sim-snapshot-store.ts";
import { Weather } from "./weather.ts";

/** The ports of one member of a cluster. */
export interface ClusterPorts {
  readonly process: SimProcess;
  readonly clock: Clock;
  readonly random: Random;
  /** Its own lane. */
  readonly journal: Journal;
  readonly lanes: Lanes;
  readonly links: Links;
  readonly store: SnapshotStore;
  readonly log: Log;
  keyValue(bucket: string): KeyValue;
}

const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const STREAMS = { weather: 1, processes: 2 } as const;
const MESSAGE_BYTES_MAX = 1_048_576;

export class SimCluster {
  readonly scheduler = new Scheduler();
  readonly network = new SimNetwork();
  readonly weather: Weather;
  readonly lanes = new Map<string, SimLane>();
  readonly machines = new Map<string, SimMachine>();
  readonly #buckets = new Map<string, SimBucket>();
  readonly #post = new SimPost();
  readonly #processSeeds: SimRandom;
  readonly #messageBytesMax: number;
  #stamps = 0;

  constructor(seed: number, messageBytesMax = MESSAGE_BYTES_MAX) {
    this.weather = new Weather(new SimRandom(seed, STREAMS.weather));
    this.#processSeeds = new SimRandom(seed, STREAMS.processes);
    this.#messageBytesMax = messageBytesMax;
  }

  /** Made when it does not exist. */
  machine(name: string): SimMachine {
    const known = this.machines.get(name);
    if (known !== undefined) return known;
    const machine = new SimMachine(name);
    this.machines.set(name, machine);
    return machine;
  }

  /** Made when it does not exist. */
  lane(name: string): SimLane {
    const known = this.lanes.get(name);
    if (known !== undefined) return known;
    const lane = new SimLane(name, () => ++this.#stamps);
    this.lanes.set(name, lane);
    return lane;
  }

  /** Made when it does not exist. Keeps every change. */
  bucket(name: string): SimBucket {
    const known = this.#buckets.get(name);
    if (known !== undefined) return known;
    const bucket = new SimBucket(name, () => ++this.#stamps, true);
    this.#buckets.set(name, bucket);
    return bucket;
  }

  /** A fresh process for the member with this lane; an older one of the lane on the same machine must be dead. */
  boot(machineName: string, lane: string, log: Log = SILENT): ClusterPorts {
    const machine = this.machine(machineName);
    const process = new SimProcess(this.scheduler, machine);
    machine.host(process);
    const connection = new SimConnection(process, this.weather, machineName, this.network);
    const place = { lane, machine: machineName, messageBytesMax: this.#messageBytesMax };
    return {
      process,
      clock: process.clock,
      random: new SimRandom(this.#processSeeds.uint32()),
      journal: new SimJournal(this.lane(lane), connection),
      lanes: new SimLanes(
        (name) => this.lane(name),
        (name) => this.lanes.has(name),
        connection,
      ),
      links: new SimLinks(place, process, { post: this.#post, network: this.network, weather: this.weather }),
      store: new SimSnapshotStore(machine.disk(lane), process, this.weather),
      log,
      keyValue: (bucket) => new SimKeyValue(this.bucket(bucket), connection),
    };
  }

  /** Cuts a machine off JetStream, in one direction or both. */
  cutFromNats(machine: string, way: "out" | "in" | "both"): void {
    if (way !== "in") this.network.cut(machine, NATS);
    if (way !== "out") this.network.cut(NATS, machine);
  }
}
