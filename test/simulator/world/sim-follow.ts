/**
 * One simulated process following one lane: records come in chunks, later than they were committed, in order; the follow may break off, and does when its
 * records were trimmed or when JetStream cannot be heard for long.
 */

import { CorruptData, type LaneSeq } from "../../../src/base/index.ts";
import type { FollowedRecord, LaneFollow } from "../../../src/ports/index.ts";
import { copyOf } from "./bytes.ts";
import type { SimConnection } from "./sim-connection.ts";
import type { SimLane } from "./sim-lane.ts";

/** Records that may wait for their reader. */
const BUFFER_MAX = 100;

interface Reader {
  resolve(record: FollowedRecord | undefined): void;
  reject(error: Error): void;
}

export class SimFollow implements LaneFollow {
  readonly #connection: SimConnection;
  readonly #laneOf: () => SimLane | undefined;
  #lane: SimLane | undefined;
  /** Sequence of the next record to be sent here. */
  #next: number;
  #buffer: FollowedRecord[] = [];
  #reader: Reader | undefined;
  #state: "opening" | "idle" | "sending" | "broken" | "closed" = "opening";
  #error: Error | undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(laneOf: () => SimLane | undefined, from: LaneSeq, connection: SimConnection) {
    this.#laneOf = laneOf;
    this.#next = from;
    this.#connection = connection;
    this.#open();
  }

  next(): Promise<FollowedRecord | undefined> {
    if (!this.#connection.process.enter()) return new Promise<never>(() => undefined);
    const record = this.#buffer.shift();
    if (record !== undefined) {
      this.#pump();
      return this.#connection.process.alive ? Promise.resolve(record) : new Promise<never>(() => undefined);
    }
    if (this.#state === "closed") return Promise.resolve(undefined);
    if (this.#state === "broken") return Promise.reject(this.#error as Error);
    if (this.#reader !== undefined) return Promise.reject(new Error("one call of next at a time"));
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#end("closed");
    this.#buffer = [];
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(undefined);
  }

  #open(): void {
    const { weather } = this.#connection;
    this.#connection
      .ask(weather.journalAskFails(), () => this.#laneOf())
      .then(
        (lane) => this.#opened(lane),
        (error: Error) => this.#break(error),
      );
  }

  #opened(lane: SimLane | undefined): void {
    if (this.#state !== "opening") return;
    if (lane === undefined) return this.#break(new Error("the lane does not exist"));
    this.#lane = lane;
    this.#state = "idle";
    this.#unsubscribe = lane.onStore(() => this.#pump());
    const forget = this.#unsubscribe;
    this.#connection.process.onDeath = forget;
    this.#pump();
  }

  #pump(): void {
    const lane = this.#lane;
    const { process } = this.#connection;
    if (lane === undefined || this.#state !== "idle" || !process.alive || this.#buffer.length >= BUFFER_MAX) return;
    if (this.#next < lane.first && this.#next <= lane.last)
      return this.#breakLater(new CorruptData("records were trimmed", `record ${this.#next}`));
    if (this.#next > lane.last) return;
    this.#state = "sending";
    if (this.#connection.deaf) return this.#waitForHealing();
    if (this.#connection.weather.followBreaks()) return this.#breakLater(new Error("lost its connection"));
    this.#send(lane);
  }

  #send(lane: SimLane): void {
    const end = Math.min(lane.last, this.#next + this.#connection.weather.replayChunk() - 1);
    const records: FollowedRecord[] = [];
    for (let seq = this.#next; seq <= end; seq++) {
      const bytes = lane.at(seq as LaneSeq) as Uint8Array;
      records.push({ seq: seq as LaneSeq, bytes: copyOf(bytes), newest: seq === lane.last });
    }
    this.#next = end + 1;
    const { process, weather } = this.#connection;
    process.scheduler.schedule(
      weather.journalLatencyMs(),
      process.guard(() => this.#receive(records)),
    );
  }

  #receive(records: readonly FollowedRecord[]): void {
    if (this.#state !== "sending") return;
    this.#state = "idle";
    this.#buffer.push(...records);
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = undefined;
      reader.resolve(this.#buffer.shift());
    }
    this.#pump();
  }

  /** Nothing comes through: it goes on when the way is healed in time, else the follow breaks off. */
  #waitForHealing(): void {
    const { process, weather } = this.#connection;
    process.scheduler.schedule(
      weather.rates.appendTimeoutMs,
      process.guardTimer(() => {
        if (this.#state !== "sending") return;
        if (this.#connection.deaf) return this.#break(new Error("JetStream is not heard"));
        this.#state = "idle";
        this.#pump();
      }),
    );
  }

  #breakLater(error: Error): void {
    this.#state = "sending";
    const { process, weather } = this.#connection;
    process.scheduler.schedule(
      weather.journalLatencyMs(),
      process.guard(() => this.#break(error)),
    );
  }

  #break(error: Error): void {
    if (this.#state === "closed" || this.#state === "broken") return;
    this.#end("broken");
    this.#error = error;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.reject(error);
  }

  #end(state: "broken" | "closed"): void {
    this.#state = state;
    this.#unsubscribe();
  }
}
