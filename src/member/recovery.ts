/**
 * Taking a lane: read the checkpoint's mark, announce a new writer, replay what the checkpoint does not have.
 *
 * V1. The announcement is appended before anything is replayed, so that no older writer can add to what is replayed.
 * V2. Every record replayed names this lane and follows the one before it by checksum; a hole, a foreign record or a lost
 *     tail stops the start with what and where.
 */

import { CorruptData, type LaneSeq } from "../base/index.ts";
import {
  checksumOf,
  decodeJournalRecord,
  decodeMark,
  encodeJournalRecord,
  type JournalRecord,
  type Mark,
} from "../codec/index.ts";
import type { AppendOutcome, Clock, Journal, LaneBounds, SnapshotStore } from "../ports/index.ts";
import type { Entry } from "../shard/index.ts";
import type { LanePosition } from "./group-commit.ts";

export interface RecoveryOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly store: SnapshotStore;
  readonly lane: string;
  readonly shards: number;
  onEntry(entry: Entry): void;
}

export interface Recovered {
  readonly epoch: number;
  readonly position: LanePosition;
  /** Records replayed. */
  readonly records: number;
}

/** Rejects with CorruptData when the data cannot be trusted, with other errors when the journal cannot be asked. */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  const bytes = options.store.mark();
  const mark = bytes === undefined ? undefined : decodeMark(bytes);
  if (mark !== undefined) checkMark(mark, options);
  const announced = await announce(options, mark);
  const from = ((mark?.seq ?? 0) + 1) as LaneSeq;
  const checksum = await replay(options, mark, from, announced.position.seq);
  if (checksum !== announced.position.checksum) {
    throw new CorruptData("the lane's newest record is not the one just written", where(options.lane, announced.position.seq));
  }
  return { ...announced, records: announced.position.seq - from + 1 };
}

function where(lane: string, seq: number): string {
  return `lane ${lane}, record ${seq}`;
}

function checkMark(mark: Mark, { lane, shards }: RecoveryOptions): void {
  if (mark.lane !== lane) {
    throw new CorruptData(
      `the checkpoint belongs to lane ${mark.lane}, not ${lane}; use that node's settings or another data folder`,
      "snapshot mark",
    );
  }
  if (mark.shards !== shards) {
    throw new CorruptData(
      `the data was written with ${mark.shards} shards and the setting says ${shards}; set STOCKGRID_SHARDS=${mark.shards}`,
      "snapshot mark",
    );
  }
}

function checkBounds(bounds: LaneBounds, mark: Mark | undefined, lane: string): void {
  const seq = mark?.seq ?? 0;
  if (bounds.last < seq) {
    throw new CorruptData(
      `the journal ends at record ${bounds.last}, before the checkpoint at ${seq}: the journal was lost or replaced; restore it from a backup`,
      where(lane, seq),
    );
  }
  if (bounds.first > seq + 1) {
    throw new CorruptData(
      `the journal begins at record ${bounds.first}, after the checkpoint at ${seq}: records between are gone; restore the data folder from a backup`,
      where(lane, seq + 1),
    );
  }
}

/** Appends the record that makes this the lane's writer, after however many others. */
async function announce(options: RecoveryOptions, mark: Mark | undefined): Promise<Omit<Recovered, "records">> {
  const { journal, lane, clock } = options;
  for (;;) {
    const bounds = await journal.bounds();
    checkBounds(bounds, mark, lane);
    const last = await lastRecord(journal, bounds.last, mark, lane);
    const epoch = last.epoch + 1;
    const record = encodeJournalRecord({ lane, epoch, previous: last.checksum, at: clock.now(), entries: [] });
    const outcome = await new Promise<AppendOutcome>((done) => journal.append(record, bounds.last, done));
    if (outcome.kind === "committed") return { epoch, position: { seq: outcome.seq, checksum: checksumOf(record) } };
    if (outcome.kind === "unknown") throw new Error(`could not take lane ${lane}: ${outcome.reason}`);
  }
}

async function lastRecord(
  journal: Journal,
  seq: LaneSeq,
  mark: Mark | undefined,
  lane: string,
): Promise<{ epoch: number; checksum: number }> {
  if (seq === 0) return { epoch: 0, checksum: 0 };
  const bytes = await journal.read(seq);
  if (bytes === undefined) {
    if (mark !== undefined && mark.seq === seq) return { epoch: mark.epoch, checksum: mark.checksum };
    throw new CorruptData("the newest record of the journal cannot be read", where(lane, seq));
  }
  return { epoch: decodeJournalRecord(bytes, where(lane, seq)).epoch, checksum: checksumOf(bytes) };
}

async function replay(options: RecoveryOptions, mark: Mark | undefined, from: LaneSeq, to: LaneSeq): Promise<number> {
  let previous = mark?.checksum ?? 0;
  let epoch = mark?.epoch ?? 0;
  await options.journal.replay(from, to, (seq, bytes) => {
    const record = decodeJournalRecord(bytes, where(options.lane, seq));
    checkChain(record, previous, epoch, options.lane, seq);
    for (const entry of record.entries) options.onEntry(entry);
    previous = checksumOf(bytes);
    epoch = record.epoch;
  });
  return previous;
}

function checkChain(record: JournalRecord, previous: number, epoch: number, lane: string, seq: LaneSeq): void {
  if (record.lane !== lane) throw new CorruptData(`a record of lane ${record.lane} stands in this lane`, where(lane, seq));
  if (record.previous !== previous) throw new CorruptData("a record does not follow the one before it", where(lane, seq));
  if (record.epoch < epoch) throw new CorruptData(`a record of writer ${record.epoch} follows one of ${epoch}`, where(lane, seq));
}
