/** The actors of a shard and the entries they are made of. */
export type { Entry, KeyEntry, Levels, LocationEntry, MovementEntry, ReservationEntry, StockEntry } from "./entry.ts";
export { LOCATION_TYPES, type Location, type LocationType } from "./location.ts";
