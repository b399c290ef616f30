/** All lanes of the world as one simulated process sees them. */

import { invariant, type LaneSeq } from "../../../src/base/index.ts";
import type { Journal, LaneFollow, Lanes } from "../../../src/ports/index.ts";
import type { SimConnection } from "./sim-connection.ts";
import { SimFollow } from "./sim-follow.ts";
import { SimJournal } from "./sim-journal.ts";
import type { SimLane } from "./sim-lane.ts";

export class SimLanes implements Lanes {
  readonly #laneOf: (name: string) => SimLane;
  readonly #known: (name: string) => boolean;
  readonly #connection: SimConnection;

  /** `laneOf` makes a lane that does not exist. */
  constructor(laneOf: (name: string) => SimLane, known: (name: string) => boolean, connection: SimConnection) {
    this.#laneOf = laneOf;
    this.#known = known;
    this.#connection = connection;
  }

  open(lane: string): Promise<Journal> {
    const { weather } = this.#connection;
    return this.#connection.ask(weather.journalAskFails(), () => new SimJournal(this.#laneOf(lane), this.#connection));
  }

  follow(lane: string, from: LaneSeq): LaneFollow {
    invariant(from >= 1, "a lane is followed from 1 at least");
    return new SimFollow(() => (this.#known(lane) ? this.#laneOf(lane) : undefined), from, this.#connection);
  }
}
