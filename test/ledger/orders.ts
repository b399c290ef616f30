/** Orders of arrival: every one of a few movements, and any one of many with repeats and delays. */

import type { EpochMs } from "../../src/base/index.ts";
import type { Movement } from "../../src/stock/index.ts";
import { essence, HERE, THERE, World } from "./world.ts";

/** Calls `visit` with every order of the items; the array is the caller's only during the call. */
export function everyOrder<T>(items: readonly T[], visit: (order: readonly T[]) => void): void {
  const order = items.slice();
  const swap = (a: number, b: number): void => {
    [order[a], order[b]] = [order[b] as T, order[a] as T];
  };
  const permute = (from: number): void => {
    if (from === order.length) return visit(order);
    for (let at = from; at < order.length; at++) {
      swap(from, at);
      permute(from + 1);
      swap(from, at);
    }
  };
  permute(0);
}

/** What the records come to when the movements arrive so, a second between them. */
export function arriving(order: readonly Movement[], gapMs = 1_000): World {
  const world = new World();
  for (const movement of order) {
    world.now = (world.now + gapMs) as EpochMs;
    world.move(movement);
  }
  return world;
}

/** What must be the same for all orders, as one text. */
export function outcome(world: World): string {
  return JSON.stringify([HERE, THERE].map((location) => essence(world.record(location))));
}
