/** Locations kept in the lane of one member: how the first release kept them, and how a grid of one member without a book still does. */

import type { Fault } from "../base/index.ts";
import type { Location } from "../shard/index.ts";
import type { Turn } from "./turn.ts";
import type { LocationShelf } from "./with-locations.ts";

/** Decides in a turn, answers after the commit; `alone`: what comes next goes into another record, since locations may be large. */
type Run = <R extends { readonly kind: string }>(
  done: (result: R | Fault) => void,
  decide: (turn: Turn) => R,
  alone: boolean,
) => void;

export function laneLocations(run: Run): LocationShelf {
  return {
    put: (location, done) => run(done, (turn) => put(turn, location), true),
    get: (id, done) => run(done, ({ state }) => ({ kind: "read" as const, value: state.locations.get(id) }), false),
    list: (after, limit, done) => run(done, (turn) => ({ kind: "read" as const, value: listed(turn, after, limit) }), false),
  };
}

function put(turn: Turn, location: Omit<Location, "version" | "updatedAt">) {
  const before = turn.state.locations.get(location.id);
  const after: Location = { ...location, version: (before?.version ?? 0) + 1, updatedAt: turn.now };
  turn.state.applyLocation(after);
  turn.entries.push({ entry: "location", location: after });
  return { kind: before === undefined ? ("created" as const) : ("replaced" as const), location: after };
}

function listed({ state }: Turn, after: string | undefined, limit: number): readonly Location[] {
  const ids = [...state.locations.keys()].filter((id) => after === undefined || id > after).sort();
  return ids.slice(0, limit).map((id) => state.locations.get(id) as Location);
}
