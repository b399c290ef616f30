/** Sets of movements whose arrivals are put in every order: each has a question of its own. */

import type { EpochMs, LocationId } from "../../src/base/index.ts";
import type { Movement, MovementType } from "../../src/stock/index.ts";
import { HERE, SKU, THERE } from "./world.ts";

interface More {
  readonly at?: LocationId;
  readonly reverses?: string;
  readonly reason?: string;
}

function m(id: string, type: MovementType, quantity: number, time: number, { at = HERE, ...more }: More = {}): Movement {
  return { id, type, sku: SKU, location: at, quantity, occurredAt: (time * 1_000) as EpochMs, ...more };
}

export interface EventSet {
  readonly name: string;
  readonly movements: readonly Movement[];
  /** What all orders must come to at {@link HERE}. */
  readonly onHand: number;
}

export const SETS: readonly EventSet[] = [
  {
    name: "deltas alone",
    movements: [
      m("a", "receipt", 20, 10),
      m("b", "sale", 3, 20),
      m("c", "return", 1, 30),
      m("d", "damage", 2, 40),
      m("e", "adjustment", -4, 50),
      m("f", "ship", 5, 60),
      m("g", "transfer-in", 7, 70),
    ],
    onHand: 14,
  },
  {
    name: "a count between movements",
    movements: [
      m("a", "receipt", 20, 10),
      m("b", "sale", 3, 20),
      m("c", "count", 15, 30),
      m("d", "sale", 2, 40),
      m("e", "receipt", 6, 50),
      m("f", "sale", 1, 30),
      m("g", "sale", 9, 29.999),
    ],
    onHand: 18,
  },
  {
    name: "several counts",
    movements: [
      m("a", "receipt", 20, 10),
      m("b", "count", 19, 20),
      m("c", "sale", 4, 25),
      m("d", "count", 12, 30),
      m("e", "sale", 5, 35),
      m("f", "count", 8, 40),
      m("g", "receipt", 2, 45),
    ],
    onHand: 10,
  },
  {
    name: "counts and movements of one time",
    movements: [
      m("a", "count", 9, 30),
      m("b", "count", 7, 30),
      m("c", "count", 7, 30),
      m("d", "sale", 1, 30),
      m("e", "receipt", 2, 30),
      m("f", "count", 30, 29),
      m("g", "sale", 4, 29),
    ],
    onHand: 8,
  },
  {
    name: "a void before and behind a count",
    movements: [
      m("a", "receipt", 20, 10),
      m("b", "sale", 3, 20),
      m("c", "void", 3, 21, { reverses: "b" }),
      m("d", "count", 17, 30),
      m("e", "sale", 2, 40),
      m("f", "void", 2, 41, { reverses: "e" }),
      m("g", "sale", 1, 50),
    ],
    onHand: 16,
  },
  {
    name: "two voids of one sale, and one of each other kind",
    movements: [
      m("a", "receipt", 20, 10),
      m("b", "sale", 3, 20),
      m("c", "void", 3, 21, { reverses: "b" }),
      m("d", "void", 3, 22, { reverses: "b" }),
      m("e", "damage", 4, 30, { reason: "quarantine" }),
      m("f", "void", 4, 31, { reverses: "e" }),
      m("g", "void", 0, 40, { reverses: "a" }),
    ],
    onHand: 0,
  },
  {
    name: "a count that is voided",
    movements: [
      m("a", "receipt", 20, 10),
      m("b", "count", 18, 20),
      m("c", "sale", 1, 25),
      m("d", "count", 4, 30),
      m("e", "void", 0, 31, { reverses: "d" }),
      m("f", "sale", 2, 40),
      m("g", "receipt", 5, 15),
    ],
    onHand: 15,
  },
  {
    name: "every count voided, and one of one time with another",
    movements: [
      m("a", "receipt", 20, 10),
      m("b", "count", 18, 20),
      m("c", "count", 16, 20),
      m("d", "void", 0, 31, { reverses: "c" }),
      m("e", "void", 0, 31, { reverses: "b" }),
      m("f", "sale", 2, 20),
      m("g", "receipt", 5, 15),
    ],
    onHand: 23,
  },
  {
    name: "returns that wait, and one that is voided",
    movements: [
      m("a", "receipt", 20, 10),
      m("b", "sale", 5, 20),
      m("c", "return", 2, 30, { reverses: "b" }),
      m("d", "return", 1, 35, { reverses: "b" }),
      m("e", "void", 1, 36, { reverses: "d" }),
      m("f", "count", 17, 33),
      m("g", "sale", 4, 40),
    ],
    onHand: 13,
  },
  {
    name: "a void of a void, and of what follows from it",
    movements: [
      m("a", "receipt", 20, 10),
      m("b", "sale", 5, 20),
      m("c", "void", 5, 30, { reverses: "b" }),
      m("d", "void", 5, 31, { reverses: "c" }),
      m("e", "return", 1, 35, { reverses: "c" }),
      m("f", "void", 5, 36, { reverses: "e" }),
      m("g", "sale", 4, 40),
    ],
    onHand: 16,
  },
  {
    name: "reversals of what never comes, and of each other",
    movements: [
      m("a", "receipt", 20, 10),
      m("b", "void", 5, 20, { reverses: "never" }),
      m("c", "return", 5, 30, { reverses: "never" }),
      m("d", "void", 5, 31, { reverses: "e" }),
      m("e", "void", 1, 35, { reverses: "d" }),
      m("f", "return", 5, 36, { reverses: "c" }),
      m("g", "sale", 4, 40),
    ],
    onHand: 16,
  },
  {
    name: "a transfer between two locations, with a return and a void that name the other one",
    movements: [
      m("a", "receipt", 20, 10),
      m("b", "transfer-out", 6, 20),
      m("c", "transfer-in", 5, 30, { at: THERE, reverses: "b" }),
      m("d", "sale", 2, 40, { at: THERE }),
      m("e", "return", 1, 50, { reverses: "d" }),
      m("f", "void", 2, 55, { reverses: "d" }),
      m("g", "count", 15, 25),
    ],
    onHand: 16,
  },
  {
    name: "the way through a warehouse",
    movements: [
      m("a", "receipt", 20, 10),
      m("b", "putaway", 20, 15, { reverses: "a" }),
      m("c", "pick", 3, 20),
      m("d", "pack", 3, 25, { reverses: "c" }),
      m("e", "ship", 3, 30, { reverses: "d" }),
      m("f", "void", 3, 31, { reverses: "c" }),
      m("g", "count", 21, 12),
    ],
    onHand: 18,
  },
  {
    name: "full snapshots of a warehouse",
    movements: [
      m("a", "count", 50, 10),
      m("b", "sale", 5, 15),
      m("c", "count", 0, 20),
      m("d", "receipt", 8, 25),
      m("e", "count", 9, 30),
      m("f", "sale", 2, 30.001),
      m("g", "void", 2, 40, { reverses: "f" }),
    ],
    onHand: 9,
  },
];
