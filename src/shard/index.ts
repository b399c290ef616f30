/** The actors of a shard and the entries they are made of. */
export {
  type CellLists,
  DirtyCells,
  type KeyCell,
  type KeyUse,
  MOVEMENT_FREED,
  type MovementCell,
  type MovementUse,
  type ParticipationCell,
  type RecordCell,
  type ReservationCell,
} from "./cells.ts";
export type { ColdTier } from "./cold-tier.ts";
export type {
  AdoptedEntry,
  BarrierEntry,
  Entry,
  KeyEntry,
  Levels,
  LocationEntry,
  MovementEntry,
  ParticipationEntry,
  ReleasedEntry,
  ReservationEntry,
  StockEntry,
} from "./entry.ts";
export { LOCATION_TYPES, type Location, type LocationType } from "./location.ts";
export { type ActiveMax, passivateShard } from "./passivate.ts";
export { type ActorCounts, Shard } from "./shard.ts";
