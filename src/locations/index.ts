/** Locations, shared by all members through a key-value bucket. */
export { LocationBook, type NewLocation, type PutLocation } from "./location-book.ts";
