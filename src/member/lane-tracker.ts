/**
 * Follows one lane: reads its records in order, checks their chain, and hands each to its replica. Goes on after failures of the connection; ends
 * when the lane cannot be trusted or does not reach back far enough.
 *
 * N1. A record is handed over whole, once, after the one before it; `position` then names it.
 */

import { CorruptData, type LaneSeq } from "../base/index.ts";
import { checksumOf, decodeJournalRecord, type JournalRecord, type LaneMark } from "../codec/index.ts";
import type { Clock, FollowedRecord, LaneFollow, Lanes, Log } from "../ports/index.ts";

const RETRY_MS_FIRST = 20;
const RETRY_MS_MAX = 1_000;

export interface LaneTrackerOptions {
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly log: Log;
  readonly start: LaneMark;
  /** False when `start` is a place whose record was never seen: its checksum is not known. */
  readonly startSeen: boolean;
  /** Resolves once the record may be applied: what it builds on is here. Undefined when that is so already. */
  ready(record: JournalRecord): Promise<void> | undefined;
  /** Applies it; `position` has moved to it when this is called. */
  apply(seq: LaneSeq, record: JournalRecord): void;
  /** It ends: nothing more comes. Called once, unless closed before. */
  lost(error: Error): void;
}

export class LaneTracker {
  readonly lane: string;
  readonly #options: LaneTrackerOptions;
  #position: LaneSeq;
  #checksum: number;
  #seen: boolean;
  #epoch: number;
  #follow: LaneFollow | undefined;
  #closed = false;
  /** Nothing was committed behind the last record when it was read. */
  #atEnd = false;

  constructor(options: LaneTrackerOptions) {
    this.#options = options;
    const { lane, seq, checksum, epoch } = options.start;
    this.lane = lane;
    this.#position = seq;
    this.#checksum = checksum;
    this.#seen = options.startSeen;
    this.#epoch = epoch;
  }

  get position(): LaneSeq {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#atEnd;
  }

  mark(): LaneMark {
    return { lane: this.lane, seq: this.#position, checksum: this.#seen ? this.#checksum : 0, epoch: this.#epoch };
  }

  start(): void {
    void this.#run();
  }

  close(): void {
    this.#closed = true;
    this.#follow?.close();
  }

  async #run(): Promise<void> {
    let retryMs = RETRY_MS_FIRST;
    while (!this.#closed) {
      const before = this.#position;
      const error = await this.#session();
      if (this.#closed) return;
      if (error instanceof CorruptData) return this.#lose(error);
      if (this.#position > before) retryMs = RETRY_MS_FIRST;
      await this.#pause(retryMs);
      retryMs = Math.min(2 * retryMs, RETRY_MS_MAX);
    }
  }

  /** Resolves to what ended it. */
  async #session(): Promise<unknown> {
    const { lanes } = this.#options;
    const follow = lanes.follow(this.lane, (this.#position + 1) as LaneSeq);
    this.#follow = follow;
    try {
      while (!this.#closed) {
        const next = await follow.next();
        if (next === undefined) return undefined;
        await this.#take(next);
      }
      return undefined;
    } catch (error) {
      return error;
    } finally {
      follow.close();
    }
  }

  async #take({ seq, bytes, newest }: FollowedRecord): Promise<void> {
    const record = this.#checked(seq, bytes);
    const ready = this.#options.ready(record);
    if (ready !== undefined) await ready;
    if (this.#closed) return;
    this.#position = seq;
    this.#checksum = checksumOf(bytes);
    this.#seen = true;
    this.#epoch = record.epoch;
    this.#atEnd = newest;
    this.#options.apply(seq, record);
  }

  #checked(seq: LaneSeq, bytes: Uint8Array): JournalRecord {
    const where = `lane ${this.lane}, record ${seq}`;
    if (seq !== this.#position + 1) throw new CorruptData(`record ${this.#position + 1} is missing`, where);
    const record = decodeJournalRecord(bytes, where);
    if (record.lane !== this.lane) throw new CorruptData(`a record of lane ${record.lane} stands in this lane`, where);
    const known = seq === 1 || this.#seen;
    if (known && record.previous !== this.#checksum) throw new CorruptData("a record does not follow the one before it", where);
    if (record.epoch < this.#epoch)
      throw new CorruptData(`a record of writer ${record.epoch} follows one of ${this.#epoch}`, where);
    return record;
  }

  #lose(error: CorruptData): void {
    const { log, lost } = this.#options;
    log.warn(
      { lane: this.lane, reason: error.message },
      "a lane cannot be followed from here; what is held through it is taken anew",
    );
    this.#closed = true;
    lost(error);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(ms, () => resolve());
    });
  }
}
