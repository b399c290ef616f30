/** A whole grid for the front ends, made of a member and a place that keeps locations. */

import type { LocationId } from "../base/index.ts";
import type { Location } from "../shard/index.ts";
import type { Grid, ShardGrid } from "./grid.ts";

/** Keeps locations. Callbacks as those of {@link Grid}. */
export interface LocationShelf {
  put(location: Parameters<Grid["putLocation"]>[0], done: Parameters<Grid["putLocation"]>[1]): void;
  get(id: LocationId, done: Parameters<Grid["location"]>[1]): void;
  /** In id order, after `after` when given, at most `limit`. */
  list(after: Location["id"] | string | undefined, limit: number, done: Parameters<Grid["locations"]>[2]): void;
}

export function withLocations(shards: ShardGrid, shelf: LocationShelf): Grid {
  return {
    reserve: (command, done) => shards.reserve(command, done),
    transit: (command, done) => shards.transit(command, done),
    move: (movement, done) => shards.move(movement, done),
    reservation: (id, done) => shards.reservation(id, done),
    stock: (sku, done, options) => shards.stock(sku, done, options),
    record: (sku, location, done, options) => shards.record(sku, location, done, options),
    availability: (skus, locations, done) => shards.availability(skus, locations, done),
    putLocation: (location, done) => shelf.put(location, done),
    location: (id, done) => shelf.get(id, done),
    locations: (after, limit, done) => shelf.list(after, limit, done),
  };
}
