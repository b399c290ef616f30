/** The map that a restore leaves: every shard waits for its image, under an epoch that nobody had, in a life of its own. */

import { describe, expect, it } from "vitest";
import type { LaneSeq, ShardId } from "../../src/base/index.ts";
import { claim, decodeShardMap, encodeShardMap, firstMap, restoredMap } from "../../src/placement/index.ts";

const restored = restoredMap({ shards: 3, life: "L", epochMax: 7, imageOf: (shard) => `L/${shard}` });

describe("a restored map", () => {
  it("has every shard free, with its image, above every earlier epoch", () => {
    expect(restored.claims).toEqual(
      [0, 1, 2].map((shard) => ({
        owner: "",
        writer: 0,
        epoch: 8,
        origin: { kind: "image", name: `L/${shard}` },
        at: 0,
        standbys: [],
      })),
    );
  });

  it("can be claimed from the images and from nothing else", () => {
    const next = { shard: 1 as ShardId, owner: "a", writer: 1, epoch: 9, at: 4 as LaneSeq };
    const claimed = claim(restored, [{ ...next, origin: { kind: "image", name: "L/1" } }]);
    expect(claimed.claims[1]).toMatchObject({ owner: "a", epoch: 9 });
    expect(claimed.life).toBe("L");
    expect(() => claim(restored, [{ ...next, epoch: 1, origin: { kind: "new" } }])).toThrow(/is in epoch 8/);
  });
});

describe("the bytes of a map", () => {
  it("keep the life of a restored one", () => {
    expect(decodeShardMap(encodeShardMap(restored))).toEqual(restored);
  });

  it("of one that was never restored have none, as before there were lives", () => {
    const map = decodeShardMap(encodeShardMap(firstMap(2)));
    expect(map).toEqual(firstMap(2));
    expect("life" in map).toBe(false);
  });
});
