import { describe, expect, it } from "vitest";
import { interleave } from "../../bench/lib/rounds.ts";
import { formatSpread, pairedRatio, spreadOf } from "../../bench/lib/statistics.ts";

describe("spread", () => {
  it("is the median with the range it was seen in", () => {
    expect(spreadOf([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
    expect(formatSpread(spreadOf([1234.5, 1000, 2000]), 1)).toBe("1,234.5 (1,000.0 to 2,000.0)");
  });

  it("of ratios pairs the values of one round, so that a slow round cancels out", () => {
    expect(pairedRatio([50, 10, 80], [100, 20, 160])).toEqual({ median: 0.5, min: 0.5, max: 0.5 });
  });
});

describe("interleaved rounds", () => {
  it("measure every contender once a round and turn the order round each time", async () => {
    const order: string[] = [];
    const contender = (name: string): { name: string; measure: () => Promise<number> } => ({
      name,
      measure: async () => order.push(name),
    });
    const rounds = await interleave([contender("a"), contender("b")], 3, () => undefined);
    expect(order.join("")).toBe("abbaab");
    expect(rounds).toEqual({ a: [1, 4, 5], b: [2, 3, 6] });
  });
});
