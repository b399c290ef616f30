/** L1: whatever the order of arrival, the record is the same. */

import { describe, expect, it } from "vitest";
import { arriving, checkSeed, everyOrder, outcome } from "./orders.ts";
import { SETS } from "./sets.ts";

describe("L1: all 5040 orders of seven movements end in the same record", () => {
  it.each(SETS)("$name", ({ movements, onHand }) => {
    expect(movements).toHaveLength(7);
    const wanted = outcome(arriving(movements));
    let orders = 0;
    everyOrder(movements, (order) => {
      orders++;
      const got = outcome(arriving(order));
      if (got !== wanted) {
        const ids = order.map(({ id }) => id).join(" ");
        throw new Error(`arrived as ${ids}:\n${got}\ninstead of\n${wanted}`);
      }
    });
    expect(orders).toBe(5_040);
    expect(arriving(movements).record().onHand).toBe(onHand);
  });
});

const SEEDS = 150;
const ORDERS_A_SEED = 10;

describe("L1: random orders with repeats end in the same record", () => {
  it("of few movements of any kind; `npm run ledger:orders` tries 100,000", () => {
    let pending = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const checked = checkSeed(seed, ORDERS_A_SEED);
      expect(checked.failure, `seed ${seed}`).toBeUndefined();
      pending += checked.pending;
    }
    expect(pending).toBeGreaterThan(SEEDS * ORDERS_A_SEED);
  });

  it("L6: of more movements than a history keeps, without counts", () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      expect(checkSeed(seed, ORDERS_A_SEED, true).failure, `seed ${seed}`).toBeUndefined();
    }
  });
});
