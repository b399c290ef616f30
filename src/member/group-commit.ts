/**
 * Group commit: everything that arrives while one journal record is in flight makes the next one.
 *
 * G1. One record in flight; its successor is sent only after its outcome is known.
 * G2. An answer is given after the commit of every entry that existed when it was decided, also a refusal and a read.
 * G3. An unknown outcome is resolved by sending the same bytes again: committed, or refused because a record stands in
 *     their place, which is then read: ours, or another writer's.
 * G4. After a fence nothing is sent and nothing is answered as done.
 *
 * It knows bytes and answers, not what the entries mean.
 */

import type { EpochMs, Fault, LaneSeq } from "../base/index.ts";
import { checksumOf, encodeJournalRecord, entryBytesMax, type RecordChecksum } from "../codec/index.ts";
import type { AppendOutcome, Clock, Journal, Log } from "../ports/index.ts";
import type { Entry } from "../shard/index.ts";

/** A place in the lane: after this record. */
export interface LanePosition {
  readonly seq: LaneSeq;
  readonly checksum: RecordChecksum;
}

export interface GroupCommitOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly log: Log;
  readonly lane: string;
  readonly epoch: number;
  readonly start: LanePosition;
  readonly batchEntriesMax: number;
  readonly batchBytesMax: number;
  /** A record is about to be sent and memory is exactly the state after it. */
  onCut(position: LanePosition): void;
  onCommitted(position: LanePosition, seconds: number, commands: number, entries: number, bytes: number): void;
  onUnknown(): void;
  /** Another writer took the lane. Called once. */
  onFenced(): void;
}

type Done = (result: never) => void;

interface Batch {
  readonly entries: Entry[];
  readonly dones: Done[];
  readonly results: unknown[];
  readonly settlers: ((committed: boolean) => void)[];
  openedAt: EpochMs;
  /** Entries whose size is in `bytesMax`. */
  sized: number;
  /** The record takes no more than this. */
  bytesMax: number;
}

interface InFlight {
  readonly batch: Batch;
  readonly bytes: Uint8Array;
  readonly position: LanePosition;
  readonly sentAt: EpochMs;
}

const RESOLVE_DELAY_MS_FIRST = 20;
const RESOLVE_DELAY_MS_MAX = 1_000;
/** A replicated journal may refuse by what it has proposed and not yet stored; a journal that lost its tail refuses for ever. */
const EMPTY_READS_MAX = 5;

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #position: LanePosition;
  #open: Batch;
  readonly #closed: Batch[] = [];
  #inFlight: InFlight | undefined;
  #sendPlanned = false;
  #dead = false;
  #waiting = 0;
  #resolveDelayMs = RESOLVE_DELAY_MS_FIRST;
  #uncertainSince: EpochMs | undefined;
  #emptyReads = 0;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#position = options.start;
    this.#open = this.#newBatch();
  }

  /** Last committed place. */
  get position(): LanePosition {
    return this.#position;
  }

  /** Entries of the open batch: a command pushes its own here. */
  get entries(): Entry[] {
    return this.#open.entries;
  }

  /** Callers that wait for an answer. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Since when the outcome of the record in flight is unknown; undefined while the journal answers. */
  get uncertainSince(): EpochMs | undefined {
    return this.#uncertainSince;
  }

  /** Nothing is waiting and nothing is in flight. */
  get idle(): boolean {
    return this.#inFlight === undefined && this.#closed.length === 0 && this.#isEmpty(this.#open);
  }

  /** Answers `done` with `result` once what it rests on is committed. */
  answer<R>(done: (result: R) => void, result: R): void {
    const batch = this.#open;
    if (batch.dones.length === 0) batch.openedAt = this.#options.clock.now();
    batch.dones.push(done as Done);
    batch.results.push(result);
    this.#waiting++;
    this.touch();
  }

  /** Calls back after the commit of every entry there is now; never when this writer ends before. Must not throw. */
  whenCommitted(then: () => void): void {
    this.settle((committed) => {
      if (committed) then();
    });
  }

  /** Plans a send for entries nobody waits for, and closes a batch that is full. */
  touch(): void {
    if (this.#isFull(this.#open)) this.closeBatch();
    if (this.#sendPlanned || this.#inFlight !== undefined) return;
    this.#sendPlanned = true;
    this.#options.clock.soon(() => {
      this.#sendPlanned = false;
      this.#send();
    });
  }

  /** Tells what became of the open batch, however long that takes: committed, or ended by a stop or a fence. */
  settle(tell: (committed: boolean) => void): void {
    this.#open.settlers.push(tell);
    this.touch();
  }

  /** What comes next goes into another record. */
  closeBatch(): void {
    if (this.#isEmpty(this.#open)) return;
    this.#closed.push(this.#open);
    this.#open = this.#newBatch();
  }

  /** Tells callers that have waited since before `time` that the outcome is unknown; their entries stay in line. */
  giveUpBefore(time: EpochMs, fault: Fault): void {
    for (const batch of [this.#inFlight?.batch, ...this.#closed, this.#open]) {
      if (batch !== undefined && batch.dones.length > 0 && batch.openedAt < time) this.#fail(batch, fault);
    }
  }

  /** Ends this writer: every caller gets `fault`, nothing more is sent. */
  stop(fault: Fault): void {
    this.#dead = true;
    for (const batch of [this.#inFlight?.batch, ...this.#closed, this.#open]) {
      if (batch === undefined) continue;
      this.#fail(batch, fault);
      for (const tell of batch.settlers.splice(0)) tell(false);
    }
  }

  #send(): void {
    while (!this.#dead && this.#inFlight === undefined) {
      const batch = this.#nextBatch();
      if (batch === undefined) return;
      if (batch.entries.length === 0) this.#answerAll(batch);
      else this.#append(batch);
    }
  }

  #nextBatch(): Batch | undefined {
    const closed = this.#closed.shift();
    if (closed !== undefined) return closed;
    if (this.#isEmpty(this.#open)) return undefined;
    const batch = this.#open;
    this.#open = this.#newBatch();
    return batch;
  }

  #append(batch: Batch): void {
    const { clock, lane, epoch } = this.#options;
    const at = clock.now();
    const bytes = encodeJournalRecord({ lane, epoch, previous: this.#position.checksum, at, entries: batch.entries });
    const position = { seq: (this.#position.seq + 1) as LaneSeq, checksum: checksumOf(bytes) };
    this.#inFlight = { batch, bytes, position, sentAt: at };
    if (this.#closed.length === 0 && this.#isEmpty(this.#open)) this.#options.onCut(position);
    this.#attempt();
  }

  #attempt(): void {
    const flight = this.#inFlight as InFlight;
    this.#options.journal.append(flight.bytes, this.#position.seq, (outcome) => {
      if (!this.#dead) this.#onOutcome(outcome);
    });
  }

  #onOutcome(outcome: AppendOutcome): void {
    if (outcome.kind === "committed") return this.#onCommitted();
    if (outcome.kind === "wrong-sequence") return this.#readInPlace();
    this.#retryLater(outcome.reason);
  }

  #onCommitted(): void {
    const { batch, bytes, position, sentAt } = this.#inFlight as InFlight;
    this.#inFlight = undefined;
    this.#position = position;
    this.#uncertainSince = undefined;
    this.#resolveDelayMs = RESOLVE_DELAY_MS_FIRST;
    this.#emptyReads = 0;
    const seconds = Math.max(0, this.#options.clock.now() - sentAt) / 1000;
    this.#options.onCommitted(position, seconds, batch.dones.length, batch.entries.length, bytes.length);
    this.#send();
    this.#answerAll(batch);
  }

  #readInPlace(): void {
    const flight = this.#inFlight as InFlight;
    this.#options.journal.read(flight.position.seq).then(
      (found) => {
        if (this.#dead) return;
        if (found === undefined && ++this.#emptyReads < EMPTY_READS_MAX)
          return this.#retryLater("refused, and nothing is in its place");
        if (found !== undefined && Buffer.compare(found, flight.bytes) === 0) return this.#onCommitted();
        this.#dead = true;
        this.#options.onFenced();
      },
      (error: unknown) => {
        if (!this.#dead) this.#retryLater(String(error));
      },
    );
  }

  #retryLater(reason: string): void {
    const { clock, log, lane, onUnknown } = this.#options;
    if (this.#uncertainSince === undefined) {
      this.#uncertainSince = clock.now();
      onUnknown();
      log.warn({ lane, reason, seq: this.#position.seq + 1 }, "outcome of a journal append is unknown; asking again");
    }
    clock.after(this.#resolveDelayMs, () => {
      if (!this.#dead) this.#attempt();
    });
    this.#resolveDelayMs = Math.min(this.#resolveDelayMs * 2, RESOLVE_DELAY_MS_MAX);
  }

  #answerAll(batch: Batch): void {
    const { dones, results, settlers } = batch;
    for (const tell of settlers) tell(true);
    this.#waiting -= dones.length;
    for (let i = 0; i < dones.length; i++) (dones[i] as (result: unknown) => void)(results[i]);
  }

  #fail(batch: Batch, fault: Fault): void {
    const dones = batch.dones.splice(0);
    batch.results.length = 0;
    this.#waiting -= dones.length;
    for (const done of dones) (done as (result: unknown) => void)(fault);
  }

  #isFull(batch: Batch): boolean {
    const { entries } = batch;
    while (batch.sized < entries.length) batch.bytesMax += entryBytesMax(entries[batch.sized++] as Entry);
    return entries.length >= this.#options.batchEntriesMax || batch.bytesMax >= this.#options.batchBytesMax;
  }

  #isEmpty(batch: Batch): boolean {
    return batch.entries.length === 0 && batch.dones.length === 0 && batch.settlers.length === 0;
  }

  #newBatch(): Batch {
    return { entries: [], dones: [], results: [], settlers: [], openedAt: this.#options.clock.now(), sized: 0, bytesMax: 0 };
  }
}
