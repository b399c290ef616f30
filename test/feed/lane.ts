/**
 * Journal lanes written by the test: real records, real streams, stock records that move by one unit with each event. Lanes that share
 * `records` are of one cluster: a record continues in whichever lane its next event is appended to.
 */

import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { EpochMs, LaneSeq, LocationId, ReservationId, ShardId, Sku } from "../../src/base/index.ts";
import { checksumOf, encodeJournalRecord } from "../../src/codec/index.ts";
import type { Log } from "../../src/ports/index.ts";
import type { Entry, StockEntry } from "../../src/shard/index.ts";
import { emptyRecord, evolve, followReservation, type StockRecord } from "../../src/stock/index.ts";

export const LANES = { streamPrefix: "SG_LANE_", lanePrefix: "l" };
export const LANE_STREAM = laneStream("l0");

export function laneStream(lane: string): string {
  return LANES.streamPrefix + lane;
}

export type TestRecords = Map<string, StockRecord>;

export class TestLane {
  readonly #connection: NatsConnection;
  readonly #records: TestRecords;
  readonly name: string;
  #previous = 0;
  #last = 0;
  /** Ids of all stock entries appended, in order. */
  readonly ids: string[] = [];

  private constructor(connection: NatsConnection, name: string, records: TestRecords) {
    this.#connection = connection;
    this.name = name;
    this.#records = records;
  }

  static async create(
    connection: NatsConnection,
    name = "l0",
    records: TestRecords = new Map(),
    replicas = 1,
  ): Promise<TestLane> {
    const jsm = await jetstreamManager(connection);
    await jsm.streams.add({ name: laneStream(name), subjects: [`sg.lane.${name}`], max_msgs: -1, num_replicas: replicas });
    return new TestLane(connection, name, records);
  }

  get last(): number {
    return this.#last;
  }

  record(sku: string, location: string): StockRecord | undefined {
    return this.#records.get(`${location}/${sku}`);
  }

  all(): Iterable<StockRecord> {
    return this.#records.values();
  }

  /** The next event of a record: one unit more is held. */
  hold(sku: string, location: string): StockEntry {
    const key = `${location}/${sku}`;
    const before = this.#records.get(key) ?? emptyRecord(sku as Sku, location as LocationId);
    const delta = { held: 1, allocated: 0, fulfilled: 0 };
    const event = followReservation(before, "held", delta, "r-1" as ReservationId, Date.now() as EpochMs);
    const after = evolve(before, event);
    this.#records.set(key, after);
    return { entry: "stock", event, after };
  }

  /** From here on what lane `from` had up to `seq` continues in this lane. */
  adopts(from: TestLane, seq: number = from.last): Entry {
    const origin = { kind: "place", lane: from.name, seq: seq as LaneSeq } as const;
    return { entry: "adopted", shard: 1 as ShardId, epoch: 1, origin };
  }

  /** Commits one record; tries again until the server has taken it. */
  async append(entries: readonly Entry[]): Promise<void> {
    const bytes = encodeJournalRecord({
      lane: this.name,
      epoch: 1,
      previous: this.#previous,
      at: Date.now() as EpochMs,
      entries,
    });
    await this.#store(bytes);
    this.#previous = checksumOf(bytes);
    this.#last++;
    for (let index = 0; index < entries.length; index++) {
      if (entries[index]?.entry === "stock") this.ids.push(`${this.name}-${this.#last}-${index}`);
    }
  }

  async #store(bytes: Uint8Array): Promise<void> {
    const js = jetstream(this.#connection, { timeout: 500 });
    for (let tries = 0; tries < 100; tries++) {
      try {
        await js.publish(`sg.lane.${this.name}`, bytes, { expect: { lastSequence: this.#last }, retries: 0 });
        return;
      } catch (error) {
        if (await this.#stored(error)) return;
      }
    }
    throw new Error("the lane took nothing");
  }

  /** Whether an attempt that failed is there after all. */
  async #stored(error: unknown): Promise<boolean> {
    try {
      const jsm = await jetstreamManager(this.#connection, { checkAPI: false });
      return (await jsm.streams.info(laneStream(this.name))).state.last_seq === this.#last + 1;
    } catch {
      if (this.#connection.isClosed()) throw error;
      return false;
    }
  }
}

/** Keeps what was logged, for the message of a failing test. */
export function memoryLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (fields: object, message: string): void => {
      lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    };
  return { info: at("info"), warn: at("warn"), error: at("error"), lines };
}
