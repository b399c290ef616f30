/** The mark of a checkpoint: where it stands in which lane, so that recovery knows what to replay and refuses what does not fit. */

import { CorruptData, type EpochMs, type LaneSeq } from "../base/index.ts";
import type { RecordChecksum } from "./journal-record.ts";

export interface Mark {
  readonly lane: string;
  /** Last journal record that is part of the checkpoint. */
  readonly seq: LaneSeq;
  /** Checksum of that record, 0 when `seq` is 0. */
  readonly checksum: RecordChecksum;
  readonly epoch: number;
  /** Number of shards of the cluster when it was taken. */
  readonly shards: number;
  readonly at: EpochMs;
}

const MARK_FORMAT = 1;

/** JSON text, so that a person can read it with any LMDB tool. */
export function encodeMark(mark: Mark): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: MARK_FORMAT, ...mark }));
}

/** Throws CorruptData when the format is unknown. */
export function decodeMark(bytes: Uint8Array): Mark {
  const { format, ...mark } = JSON.parse(new TextDecoder().decode(bytes)) as Mark & { format: number };
  if (format !== MARK_FORMAT) {
    throw new CorruptData(
      `checkpoint format ${format} is not known to this version, which reads ${MARK_FORMAT}`,
      "snapshot mark",
    );
  }
  return mark;
}
