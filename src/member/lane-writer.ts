/**
 * Becoming a lane's newest writer: by a member that takes its own lane, and by a survivor that seals the lane of another. Both append a record
 * without entries and a higher writer epoch; from then on every older writer is fenced.
 *
 * V1. The record is appended before anything is read up to it, so that no older writer can add to what is read.
 * V2. A lane that ends before a checkpoint, or begins after it, stops the start with what and where.
 */

import { CorruptData, type LaneSeq } from "../base/index.ts";
import { checksumOf, decodeJournalRecord, encodeJournalRecord, type LaneMark } from "../codec/index.ts";
import type { AppendOutcome, Clock, Journal, LaneBounds } from "../ports/index.ts";
import type { LanePosition } from "./group-commit.ts";

export interface Announced {
  readonly epoch: number;
  readonly position: LanePosition;
  /** Of the lane when it was announced. */
  readonly first: LaneSeq;
}

/** `known` is the own checkpoint's mark of the lane. Rejects with CorruptData when the lane does not fit it, with others when it cannot be asked. */
export async function announceWriter(
  journal: Journal,
  clock: Clock,
  lane: string,
  known: LaneMark | undefined,
): Promise<Announced> {
  for (;;) {
    const bounds = await journal.bounds();
    checkBounds(bounds, known, lane);
    const last = await lastRecord(journal, bounds.last, known, lane);
    const outcome = await appendEmpty(journal, clock, lane, bounds.last, last);
    if (outcome.kind === "unknown") throw new Error(`could not take lane ${lane}: ${outcome.reason}`);
    if (outcome.kind === "committed") {
      const { seq, checksum } = outcome;
      return { epoch: last.epoch + 1, position: { seq, checksum }, first: bounds.first };
    }
  }
}

/**
 * Makes sure the lane has a newer writer than `writer`; resolves to a place behind everything that writer committed. Rejects when the lane cannot be
 * asked, or when the outcome is unknown: ask again.
 */
export async function sealLane(journal: Journal, clock: Clock, lane: string, writer: number): Promise<LaneSeq> {
  for (;;) {
    const bounds = await journal.bounds();
    const last = await lastRecord(journal, bounds.last, undefined, lane);
    if (last.epoch > writer) return bounds.last;
    const outcome = await appendEmpty(journal, clock, lane, bounds.last, last);
    if (outcome.kind === "unknown") throw new Error(`could not seal lane ${lane}: ${outcome.reason}`);
    if (outcome.kind === "committed") return outcome.seq;
  }
}

interface LastRecord {
  readonly epoch: number;
  readonly checksum: number;
}

type Outcome = Exclude<AppendOutcome, { kind: "committed" }> | { kind: "committed"; seq: LaneSeq; checksum: number };

async function appendEmpty(
  journal: Journal,
  clock: Clock,
  lane: string,
  expected: LaneSeq,
  { epoch, checksum }: LastRecord,
): Promise<Outcome> {
  const record = encodeJournalRecord({ lane, epoch: epoch + 1, previous: checksum, at: clock.now(), entries: [] });
  const outcome = await new Promise<AppendOutcome>((done) => journal.append(record, expected, done));
  return outcome.kind === "committed" ? { ...outcome, checksum: checksumOf(record) } : outcome;
}

function where(lane: string, seq: number): string {
  return `lane ${lane}, record ${seq}`;
}

function checkBounds(bounds: LaneBounds, known: LaneMark | undefined, lane: string): void {
  const seq = known?.seq ?? 0;
  if (bounds.last < seq) {
    throw new CorruptData(
      `the journal ends at record ${bounds.last}, before the checkpoint at ${seq}: the journal was lost or replaced; restore it from a backup`,
      where(lane, seq),
    );
  }
  if (known !== undefined && bounds.first > seq + 1) {
    throw new CorruptData(
      `the journal begins at record ${bounds.first}, after the checkpoint at ${seq}: records between are gone; restore the data folder from a backup`,
      where(lane, seq + 1),
    );
  }
}

async function lastRecord(journal: Journal, seq: LaneSeq, known: LaneMark | undefined, lane: string): Promise<LastRecord> {
  if (seq === 0) return { epoch: 0, checksum: 0 };
  const bytes = await journal.read(seq);
  if (bytes === undefined) {
    if (known !== undefined && known.seq === seq) return known;
    throw new CorruptData("the newest record of the journal cannot be read", where(lane, seq));
  }
  return { epoch: decodeJournalRecord(bytes, where(lane, seq)).epoch, checksum: checksumOf(bytes) };
}
