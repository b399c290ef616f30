/**
 * Random sets of movements and random orders of their arrival, by a seed: any types, times that collide, reversals before and behind what they name, of each other and
 * of nothing; each arrives once or several times, the repeats with other content.
 */

import type { EpochMs } from "../../src/base/index.ts";
import { MOVEMENT_TYPES, type Movement, QUARANTINE_REASON } from "../../src/stock/index.ts";
import { SimRandom } from "../simulator/world/index.ts";
import { HERE, SKU, THERE } from "./world.ts";

/** Few enough that all of a record stays in its history. */
const MOVEMENTS_MAX = 14;
const SLOT_MS = 1_000;

export interface RandomOrders {
  readonly movements: readonly Movement[];
  readonly orders: readonly (readonly Movement[])[];
}

/** A set, and `count` orders of it. Where `isLong`, more movements than a history keeps, without the counts whose place is then lost. */
export function randomOrders(seed: number, count: number, isLong = false): RandomOrders {
  const random = new SimRandom(seed);
  const size = isLong ? random.between(40, 70) : random.between(3, MOVEMENTS_MAX);
  const movements: Movement[] = [];
  for (let n = 0; n < size; n++) movements.push(randomMovement(random, n, size, isLong));
  return { movements, orders: Array.from({ length: count }, () => arrivalsOf(random, movements)) };
}

function randomMovement(random: SimRandom, n: number, size: number, isLong: boolean): Movement {
  const type = typeOf(random, isLong);
  const named = random.chance(0.1) ? "never" : `m${random.below(size)}`;
  const mayName = type === "void" || (type === "return" && random.chance(0.7)) || random.chance(0.05);
  // Of a long one few times are alike, so that the history is full.
  const slots = isLong ? 200 : random.pick([3, 10, 40]);
  return {
    id: `m${n}`,
    type,
    sku: SKU,
    location: random.chance(0.85) ? HERE : THERE,
    quantity: type === "adjustment" ? random.between(-6, 6) : random.below(9),
    occurredAt: (SLOT_MS * (1 + random.below(slots))) as EpochMs,
    ...(type === "damage" && random.chance(0.5) ? { reason: QUARANTINE_REASON } : {}),
    ...(mayName && named !== `m${n}` ? { reverses: named } : {}),
  };
}

function typeOf(random: SimRandom, isLong: boolean): Movement["type"] {
  const type = random.pick([...MOVEMENT_TYPES, "count", "void", "void", "sale", "return"] as const);
  return isLong && type === "count" ? "sale" : type;
}

/** Every movement at least once; one in five again, once or twice, with other content, behind its first. */
function arrivalsOf(random: SimRandom, movements: readonly Movement[]): Movement[] {
  const arrivals = movements.slice();
  for (let at = arrivals.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [arrivals[at], arrivals[other]] = [arrivals[other] as Movement, arrivals[at] as Movement];
  }
  for (const movement of movements) {
    for (let repeats = random.chance(0.2) ? random.between(1, 2) : 0; repeats > 0; repeats--) {
      const from = arrivals.indexOf(movement) + 1;
      arrivals.splice(random.between(from, arrivals.length), 0, { ...movement, quantity: movement.quantity + 1 });
    }
  }
  return arrivals;
}
