/**
 * Reads what was committed in all lanes and in the history of the shard map, in the order of the world, and checks it record by record. A follower merges lanes
 * by their barriers only; since the entries of each shard form one chain (W8), both orders give each shard the same.
 *
 * W1. Records decode, name their lane, follow one another by checksum, and writers only grow: a record without entries announces a new one.
 * W2 to W7 are in books.ts, W8 and W9 in chains.ts.
 */

import type { LaneSeq } from "../../../src/base/index.ts";
import { checksumOf, decodeJournalRecord, type JournalRecord } from "../../../src/codec/index.ts";
import type { Entry } from "../../../src/shard/index.ts";
import { mustHold } from "../violation.ts";
import type { SimBucket, SimLane } from "../world/index.ts";
import { Books } from "./books.ts";
import { Chains, type Claim, type RecordPlace, whereOf } from "./chains.ts";

export interface WitnessOptions {
  readonly lanes: ReadonlyMap<string, SimLane>;
  /** Keeps its history. */
  readonly bucket: SimBucket;
  /** Key of the shard map in the bucket. */
  readonly mapKey: string;
  readonly shards: number;
  /** Claims in a value of the shard map, by shard. */
  claimsOf(value: Uint8Array): readonly (Claim | undefined)[];
  /** Told of every claim, adoption and release. */
  note?(what: string): void;
}

interface Reading {
  readonly lane: SimLane;
  checksum: number;
  /** Writers of the records read: record n at n - 1. */
  readonly writers: number[];
}

export class ClusterWitness {
  readonly #options: WitnessOptions;
  readonly #readings = new Map<string, Reading>();
  readonly books: Books;
  readonly chains: Chains;
  #mapSeen = 0;

  constructor(options: WitnessOptions) {
    this.#options = options;
    this.books = new Books(options.shards);
    const writers = {
      writerAt: (lane: string, seq: LaneSeq) => this.#readings.get(lane)?.writers[seq - 1] ?? 0,
      lastOf: (lane: string) => (this.#readings.get(lane)?.writers.length ?? 0) as LaneSeq,
    };
    this.chains = new Chains(writers, options.note);
  }

  /** Records read of all lanes. */
  get records(): number {
    let records = 0;
    for (const reading of this.#readings.values()) records += reading.writers.length;
    return records;
  }

  /** Newest writer of a lane, 0 when it has none. */
  writerOf(lane: string): number {
    return this.#readings.get(lane)?.writers.at(-1) ?? 0;
  }

  /** Folds what was committed since the last call, oldest first. */
  catchUp(): void {
    for (const [name, lane] of this.#options.lanes) {
      if (!this.#readings.has(name)) this.#readings.set(name, { lane, checksum: 0, writers: [] });
    }
    while (this.#next());
    this.books.look();
  }

  /** What was committed first of all that is not read yet; false when there is nothing. */
  #next(): boolean {
    let first: Reading | undefined;
    const change = this.#options.bucket.history[this.#mapSeen];
    let stamp = change?.stamp ?? Number.POSITIVE_INFINITY;
    for (const reading of this.#readings.values()) {
      const seq = (reading.writers.length + 1) as LaneSeq;
      if (seq > reading.lane.last || reading.lane.stampOf(seq) > stamp) continue;
      stamp = reading.lane.stampOf(seq);
      first = reading;
    }
    if (first !== undefined) this.#record(first);
    else if (change !== undefined) this.#mapChange(change.key, change.value, change.revision);
    return first !== undefined || change !== undefined;
  }

  #mapChange(key: string, value: Uint8Array | undefined, revision: number): void {
    this.#mapSeen++;
    if (key !== this.#options.mapKey) return;
    mustHold(value !== undefined, `W9: revision ${revision} deletes the shard map`);
    this.chains.claimed(this.#options.claimsOf(value), `revision ${revision} of the shard map`);
  }

  #record(reading: Reading): void {
    const seq = (reading.writers.length + 1) as LaneSeq;
    const bytes = reading.lane.everything()[seq - 1] as Uint8Array;
    const where = `record ${seq} of ${reading.lane.name}`;
    const record = decodeJournalRecord(bytes, where);
    checkSuccession(reading, record, where);
    reading.checksum = checksumOf(bytes);
    reading.writers.push(record.epoch);
    const place: RecordPlace = { lane: record.lane, seq, writer: record.epoch };
    for (const entry of record.entries) this.#entry(entry, place);
    this.books.endRecord(where);
  }

  #entry(entry: Entry, place: RecordPlace): void {
    if (entry.entry === "adopted") return this.chains.adopted(entry, place);
    if (entry.entry === "released") return this.chains.released(entry, place);
    const shard = this.books.shardOf(entry);
    if (shard !== undefined) this.chains.entry(shard, place, `an entry (${entry.entry})`);
    this.books.fold(entry, whereOf(place));
  }
}

function checkSuccession({ lane, checksum, writers }: Reading, record: JournalRecord, where: string): void {
  const writer = writers.at(-1) ?? 0;
  mustHold(record.lane === lane.name, `W1: ${where} is of lane ${record.lane}`);
  mustHold(record.previous === checksum, `W1: ${where} does not follow the one before`);
  const announces = record.entries.length === 0;
  const fits = announces ? record.epoch > writer : record.epoch === writer;
  mustHold(fits, `W1: ${where} is of writer ${record.epoch} after ${writer}`);
}
