/**
 * What one lane says while a backup runs, sorted by shard. Read from the beginning that is kept, at once, since members trim behind their checkpoints.
 * Memory: what is written to the lane during the backup, and what is kept of it before.
 */

import { setTimeout as pause } from "node:timers/promises";
import { CorruptData, type LaneSeq, type ShardId } from "../base/index.ts";
import { checksumOf, decodeJournalRecord } from "../codec/index.ts";
import { shardOfEntry } from "../member/index.ts";
import type { LaneFollow, Lanes } from "../ports/index.ts";
import type { Entry } from "../shard/index.ts";

/** Reads in a row that bring nothing before the lane counts as away. */
const TRIES_MAX = 20;
const AGAIN_MS = 250;

interface Placed {
  readonly seq: number;
  readonly entry: Entry;
}

export class LaneSpool {
  readonly lane: string;
  /** Entries before this record are not here. */
  readonly from: LaneSeq;
  readonly #shards: number;
  readonly #lanes: Lanes;
  #follow: LaneFollow | undefined;
  readonly #entries = new Map<ShardId, Placed[]>();
  readonly #waiters = new Set<() => void>();
  #position: number;
  #checksum: number | undefined;
  #failure: unknown;

  constructor(lanes: Lanes, lane: string, from: LaneSeq, shards: number) {
    this.lane = lane;
    this.from = from;
    this.#shards = shards;
    this.#lanes = lanes;
    this.#position = from - 1;
    this.#read().catch((error: unknown) => {
      this.#failure = error;
      this.#wake();
    });
  }

  /** Resolves once the lane is read through this record. Rejects when it cannot be read. */
  async reached(seq: number): Promise<void> {
    while (this.#position < seq) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  /** Entries of the shard in records behind `after` through `through`. */
  *entriesOf(shard: ShardId, after: number, through: number): Generator<Entry> {
    for (const { seq, entry } of this.#entries.get(shard) ?? []) if (seq > after && seq <= through) yield entry;
  }

  close(): void {
    this.#follow?.close();
    this.#failure ??= new Error("closed");
    this.#wake();
  }

  /** Goes on after failures of the connection, as long as any read brings something or few in a row do not. */
  async #read(): Promise<void> {
    for (let inVain = 0; this.#failure === undefined && inVain < TRIES_MAX; inVain++) {
      const before = this.#position;
      try {
        await this.#session();
      } catch (error) {
        if (error instanceof CorruptData || inVain === TRIES_MAX - 1) throw error;
        await pause(AGAIN_MS);
      }
      if (this.#position > before) inVain = 0;
    }
  }

  async #session(): Promise<void> {
    const follow = this.#lanes.follow(this.lane, (this.#position + 1) as LaneSeq);
    this.#follow = follow;
    try {
      for (let next = await follow.next(); next !== undefined; next = await follow.next()) {
        this.#take(next.seq, next.bytes);
        this.#wake();
      }
    } finally {
      follow.close();
    }
  }

  #take(seq: number, bytes: Uint8Array): void {
    const where = `lane ${this.lane}, record ${seq}`;
    const record = decodeJournalRecord(bytes, where);
    if (this.#checksum !== undefined && record.previous !== this.#checksum)
      throw new CorruptData("a record does not follow the one before it", where);
    this.#checksum = checksumOf(bytes);
    for (const entry of record.entries) {
      const shard = shardOfEntry(entry, this.#shards);
      if (shard === undefined) continue;
      const placed = this.#entries.get(shard);
      if (placed === undefined) this.#entries.set(shard, [{ seq, entry }]);
      else placed.push({ seq, entry });
    }
    this.#position = seq;
  }

  #wake(): void {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }
}
