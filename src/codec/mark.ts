/**
 * The mark of a checkpoint: where it stands in the own lane and in the lanes it follows, and which shards it holds. Recovery knows from it what to
 * replay, and refuses what does not fit.
 */

import { CorruptData, type EpochMs, type LaneSeq, type ShardId } from "../base/index.ts";
import type { RecordChecksum } from "./journal-record.ts";

/** How far a lane is part of the checkpoint. */
export interface LaneMark {
  readonly lane: string;
  /** Last journal record that is part of it. */
  readonly seq: LaneSeq;
  /** Checksum of that record, 0 when `seq` is 0 or it was never seen. */
  readonly checksum: RecordChecksum;
  /** Newest writer epoch seen. */
  readonly epoch: number;
}

/** A shard that is whole in the checkpoint, through the record of its lane that the mark names. */
export interface HeldMark {
  readonly shard: ShardId;
  readonly epoch: number;
  readonly lane: string;
}

export interface Mark extends LaneMark {
  /** Number of shards of the cluster when it was taken. */
  readonly shards: number;
  readonly at: EpochMs;
  /** Other lanes that shards are held through. */
  readonly followed: readonly LaneMark[];
  readonly held: readonly HeldMark[];
}

const MARK_FORMAT = 2;

/** JSON text, so that a person can read it with any LMDB tool. */
export function encodeMark(mark: Mark): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: MARK_FORMAT, ...mark }));
}

/** Throws CorruptData when the format is unknown. */
export function decodeMark(bytes: Uint8Array): Mark {
  const { format, ...mark } = JSON.parse(new TextDecoder().decode(bytes)) as Mark & { format: number };
  if (format === 1) return { ...mark, followed: [], held: everyShard(mark) };
  if (format !== MARK_FORMAT) {
    throw new CorruptData(
      `checkpoint format ${format} is not known to this version, which reads ${MARK_FORMAT}`,
      "snapshot mark",
    );
  }
  return mark;
}

/** Before there were several members, one held everything. */
function everyShard({ lane, shards }: Mark): HeldMark[] {
  return Array.from({ length: shards }, (_, shard) => ({ shard: shard as ShardId, epoch: 0, lane }));
}
