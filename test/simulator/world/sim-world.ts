/** A whole simulated world of one lane and one disk; boot a process in it, kill it, boot the next. */

import type { Clock, Journal, Lanes, Log, Random, SnapshotStore } from "../../../src/ports/index.ts";
import { Scheduler } from "./scheduler.ts";
import { SimConnection } from "./sim-connection.ts";
import { SimDisk } from "./sim-disk.ts";
import { SimJournal } from "./sim-journal.ts";
import { SimLane } from "./sim-lane.ts";
import { SimLanes } from "./sim-lanes.ts";
import { SimProcess } from "./sim-process.ts";
import { SimRandom } from "./sim-random.ts";
import { SimSnapshotStore } from "./sim-snapshot-store.ts";
import { Weather } from "./weather.ts";

/** The ports of one process, ready for a member. */
export interface SimPorts {
  readonly process: SimProcess;
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  /** The one lane, under whatever name. */
  readonly lanes: Lanes;
  readonly store: SnapshotStore;
  readonly log: Log;
}

const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

const STREAMS = { weather: 1, processes: 2 } as const;

export class SimWorld {
  readonly scheduler = new Scheduler();
  readonly lane = new SimLane();
  readonly disk: SimDisk;
  readonly weather: Weather;
  readonly #processSeeds: SimRandom;

  constructor(seed: number, disk: SimDisk = new SimDisk()) {
    this.disk = disk;
    this.weather = new Weather(new SimRandom(seed, STREAMS.weather));
    this.#processSeeds = new SimRandom(seed, STREAMS.processes);
  }

  /** A fresh process; `disk` other than the world's own makes it another machine on the same lane. */
  boot(log: Log = SILENT, disk: SimDisk = this.disk): SimPorts {
    const process = new SimProcess(this.scheduler);
    const connection = new SimConnection(process, this.weather);
    return {
      process,
      clock: process.clock,
      random: new SimRandom(this.#processSeeds.uint32()),
      journal: new SimJournal(this.lane, connection),
      lanes: new SimLanes(
        () => this.lane,
        () => true,
        connection,
      ),
      store: new SimSnapshotStore(disk, process, this.weather),
      log,
    };
  }
}
