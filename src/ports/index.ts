/** The world as the core sees it: types only. Production wires JetStream and LMDB, the simulator seeded stand-ins. */
export type { Clock } from "./clock.ts";
export type { DeadLetter, DeadLetters, KeptLetter } from "./dead-letters.ts";
export type { EventTail, TailFilter, TailListener } from "./event-tail.ts";
export type { AppendOutcome, Journal, LaneBounds } from "./journal.ts";
export type { KeyValue, KeyValueEntry } from "./key-value.ts";
export type { FollowedRecord, LaneFollow, Lanes } from "./lanes.ts";
export type { Links } from "./links.ts";
export type { Log } from "./log.ts";
export type { Random } from "./random.ts";
export type { KeptSignal, Signals } from "./signals.ts";
export {
  type CheckpointWriter,
  type MarkBytes,
  type ScanRange,
  type SnapshotStore,
  TABLES,
  type Table,
} from "./snapshot-store.ts";
