import { describe, expect, it } from "vitest";
import { laneName, laneStreamName, laneSubject } from "../../src/journal/index.ts";
import { streamSequence } from "../../src/journal/lane-replay.ts";

describe("the name of a lane", () => {
  it("carries cluster, node and member", () => {
    expect(laneStreamName(laneName({ cluster: "eu", node: "n-1", member: 0 }))).toBe("STOCKGRID_LANE_eu_n-1_0");
    expect(laneSubject("STOCKGRID_LANE_eu_n-1_0")).toBe("stockgrid.lane.eu_n-1_0");
  });

  it.each(["a.b", "a b", "a*", "a>", "a/b", "a\\b", "a_b", "a=b", "é", "\u{1F600}", "a\0b"])(
    "holds %j in plain characters",
    (node) => {
      expect(laneStreamName(laneName({ cluster: "c", node, member: 0 }))).toMatch(/^STOCKGRID_LANE_c_[A-Za-z0-9=-]+_0$/);
    },
  );

  it("is never shared by two lanes", () => {
    const parts = ["", "a", "_", "a_", "_a", "=5F", "=", "5F", ".", "é"];
    const names = new Set<string>();
    for (const cluster of parts) {
      for (const node of parts) for (const member of parts) names.add(laneStreamName(laneName({ cluster, node, member })));
    }
    expect(names.size).toBe(parts.length ** 3);
  });

  it("that nats-server could not hold is refused", () => {
    expect(() => laneStreamName(laneName({ cluster: "c", node: "n".repeat(250), member: 0 }))).toThrow(/255/);
  });
});

describe("the sequence of a delivered record", () => {
  it.each([
    ["$JS.ACK.STREAM.consumer.1.42.7.1700000000000000000.3", 42],
    ["$JS.ACK.domain.hash.STREAM.consumer.1.42.7.1700000000000000000.3", 42],
    ["$JS.ACK.domain.hash.STREAM.consumer.1.42.7.1700000000000000000.3.random", 42],
  ])("is found in %s", (reply, seq) => {
    expect(streamSequence(reply)).toBe(seq);
  });

  it("is not a number in anything else", () => {
    expect(streamSequence("")).toBeNaN();
    expect(streamSequence("_INBOX.abc.1")).toBeNaN();
  });
});
