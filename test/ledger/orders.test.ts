/** L1: whatever the order of arrival, the record is the same. */

import { describe, expect, it } from "vitest";
import { arriving, everyOrder, outcome } from "./orders.ts";
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
