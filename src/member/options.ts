/** What a member is given: the world through ports, and its limits. */

import type { LaneSeq, LocationId } from "../base/index.ts";
import type { Clock, Journal, Lanes, Log, Random, SnapshotStore } from "../ports/index.ts";
import type { ImageSource } from "./image.ts";
import type { Peers } from "./peers.ts";

export interface MemberPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** The own lane. */
  readonly journal: Journal;
  /** All lanes, the own one too. */
  readonly lanes: Lanes;
  readonly store: SnapshotStore;
  readonly log: Log;
}

export interface MemberLimits {
  /** Commands and reads that may wait for a commit; one more is refused as too-many-requests. */
  readonly waitingMax: number;
  /** Entries, or their bytes at most, after which a batch is closed and the next one opened. */
  readonly batchEntriesMax: number;
  /** One more command, at most a megabyte, must still fit into a message of the journal. */
  readonly batchBytesMax: number;
  /** A caller that waits longer than this for the journal is told that the outcome is unknown, ms. */
  readonly answerMsMax: number;
  /** Time between two checkpoints, ms. */
  readonly checkpointMs: number;
  /** Changed actors that make a checkpoint due at once. */
  readonly dirtyMax: number;
  /** Clean records and reservations kept in memory beyond what was touched lately. */
  readonly activeRecordsMax: number;
  readonly activeReservationsMax: number;
  /** How long an idempotency key and a finished reservation are remembered, ms; at least 24 h. */
  readonly keyRetentionMs: number;
  /** How long the id of a movement is remembered, ms. */
  readonly movementRetentionMs: number;
  /** How long a reversal waits for the movement it names, ms; at most half of what movement ids are remembered. */
  readonly reversalWaitMs: number;
  /** How long shards of other members are asked to hold their lines of a new reservation, ms. */
  readonly holdMsMax: number;
  /** How long the answer to a transition waits for shards of other members to follow, ms; it is decided anyway. */
  readonly followMsMax: number;
  /** Journal records kept behind what checkpoint and feed have passed. */
  readonly trimMargin: number;
}

const HOUR_MS = 3_600_000;

export const DEFAULT_LIMITS: MemberLimits = {
  waitingMax: 50_000,
  batchEntriesMax: 20_000,
  batchBytesMax: 6 * 1024 * 1024,
  answerMsMax: 5_000,
  checkpointMs: 10_000,
  dirtyMax: 200_000,
  activeRecordsMax: 200_000,
  activeReservationsMax: 200_000,
  keyRetentionMs: 24 * HOUR_MS,
  movementRetentionMs: 168 * HOUR_MS,
  reversalWaitMs: 72 * HOUR_MS,
  holdMsMax: 3_000,
  followMsMax: 500,
  trimMargin: 1_000,
};

export interface MemberOptions {
  /** Name of the lane, written into every record. */
  readonly lane: string;
  /** Shards of the cluster, 1 to 65,536. */
  readonly shards: number;
  readonly ports: MemberPorts;
  readonly limits?: Partial<MemberLimits>;
  /** Where images of shards come from; without it only shards that are new, or continue a local copy, can be taken in. */
  readonly images?: ImageSource;
  /** Shards of other members. Absent: there are none. */
  readonly peers?: Peers;
  /** Locations that movements may name. Absent: those in its own lane. */
  readonly locations?: { has(id: LocationId): boolean };
  /** The journal is never trimmed beyond this: what the followers of the lane have passed. */
  readonly trimFloor?: () => LaneSeq;
  readonly observer?: Partial<MemberObserver>;
}

/** Called on the member's own turn; must be cheap and must not throw. */
export interface MemberObserver {
  committed(seconds: number, commands: number, entries: number, bytes: number): void;
  checkpointed(seconds: number, cells: number): void;
  /** A tenure began or ended, or a shard changed its place: look at the member as a shard host again. */
  hostChanged(): void;
  /** The member gave up; the node must stop. */
  failed(error: Error): void;
}
