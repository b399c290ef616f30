/** Orders of arrival: every one of a few movements, and any one of many with repeats and delays. */

import type { EpochMs } from "../../src/base/index.ts";
import type { Movement } from "../../src/stock/index.ts";
import { randomOrders } from "./random.ts";
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
export function arriving(order: readonly Movement[], heard: (kind: string) => void = () => undefined): World {
  const world = new World();
  for (const movement of order) {
    world.now = (world.now + GAP_MS) as EpochMs;
    heard(world.move(movement).kind);
  }
  return world;
}

const GAP_MS = 1_000;

/** What must be the same for all orders, as one text. */
export function outcome(world: World): string {
  return JSON.stringify([HERE, THERE].map((location) => essence(world.record(location))).concat(world.effects()));
}

export interface Checked {
  readonly failure: string | undefined;
  /** Answers that said so. */
  readonly pending: number;
}

/** Compares `count` orders of one random set, and of the first one what its entries say when they are read. */
export function checkSeed(seed: number, count: number, isLong = false): Checked {
  const { movements, orders } = randomOrders(seed, count, isLong);
  let pending = 0;
  const hear = (kind: string): void => {
    if (kind === "pending") pending++;
  };
  const told = arriving(movements, hear);
  const wanted = outcome(told);
  if (outcome(told.replayed()) !== wanted) return { failure: "reading the entries comes to another record", pending };
  for (const order of orders) {
    const got = outcome(arriving(order, hear));
    if (got !== wanted) return { failure: `${JSON.stringify(order)}\ncame to ${got}\ninstead of ${wanted}`, pending };
  }
  return { failure: undefined, pending };
}
