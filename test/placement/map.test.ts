/** The shard map as bytes and its changes: what a claim has to follow from, and that nothing is lost on the way. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CorruptData, InvariantBroken, type LaneSeq, type ShardId, type ShardOrigin } from "../../src/base/index.ts";
import {
  addStandby,
  claim,
  decodeMember,
  decodeShardMap,
  drain,
  encodeMember,
  encodeShardMap,
  firstMap,
  type MemberInfo,
  type NewClaim,
  pin,
  removeStandby,
  type ShardClaim,
  type ShardMap,
  undrain,
  unpin,
} from "../../src/placement/index.ts";
import { propertySettings } from "../fast-check.ts";

const lane = fc.constantFrom("c_a_0", "c_a_1", "c_b_0", "c_ü_0");
const natural = fc.nat({ max: 2 ** 40 });
const origin: fc.Arbitrary<ShardOrigin> = fc.oneof(
  fc.constant({ kind: "new" } as const),
  fc.record({ kind: fc.constant("place" as const), lane, seq: natural as fc.Arbitrary<LaneSeq> }),
  fc.record({ kind: fc.constant("image" as const), name: fc.constantFrom("backup/1", "backup/2") }),
);
const shardClaim: fc.Arbitrary<ShardClaim> = fc.record({
  owner: fc.oneof(lane, fc.constant("")),
  writer: natural,
  epoch: natural,
  origin,
  at: natural as fc.Arbitrary<LaneSeq>,
  standbys: fc.uniqueArray(lane),
});
const shardMap: fc.Arbitrary<ShardMap> = fc
  .record({
    claims: fc.array(fc.option(shardClaim, { nil: undefined }), { minLength: 1, maxLength: 20 }),
    draining: fc.uniqueArray(fc.string()),
    pins: fc.array(fc.tuple(fc.nat({ max: 19 }) as unknown as fc.Arbitrary<ShardId>, lane)),
  })
  .map(({ claims, draining, pins }) => ({ shards: claims.length, claims, draining, pins: new Map(pins) }));

const SHARD = 1 as ShardId;
const A1: NewClaim = { shard: SHARD, owner: "A", writer: 1, epoch: 1, origin: { kind: "new" }, at: 1 as LaneSeq };
const PLACE: ShardOrigin = { kind: "place", lane: "A", seq: 9 as LaneSeq };
const B2: NewClaim = { shard: SHARD, owner: "B", writer: 4, epoch: 2, origin: PLACE, at: 7 as LaneSeq };

describe("the bytes of a map", () => {
  it("come back as they went", () => {
    fc.assert(
      fc.property(shardMap, (map) => {
        expect(decodeShardMap(encodeShardMap(map))).toEqual(map);
      }),
      propertySettings(300),
    );
  });

  it("of 4,096 shards fit well below 1 MB", () => {
    const claims = Array.from({ length: 4096 }, (_, shard): ShardClaim => {
      const at = 4_000_000_000 + shard;
      const from: ShardOrigin = { kind: "place", lane: `cluster_node-${shard % 90}_1`, seq: at as LaneSeq };
      const standbys = [`cluster_node-${shard % 101}_0`, `cluster_node-${shard % 103}_3`];
      return { owner: `cluster_node-${shard % 100}_2`, writer: 1000, epoch: 70_000, origin: from, at: at as LaneSeq, standbys };
    });
    expect(encodeShardMap({ ...firstMap(4096), claims }).length).toBeLessThan(200_000);
  });

  it("are refused when the format is unknown, or they are cut", () => {
    const bytes = encodeShardMap(claim(firstMap(4), [A1]));
    expect(() => decodeShardMap(Uint8Array.of(99, ...bytes.subarray(1)))).toThrow(CorruptData);
    expect(() => decodeShardMap(bytes.subarray(0, bytes.length - 3))).toThrow(CorruptData);
    expect(() => decodeShardMap(new Uint8Array(0))).toThrow(CorruptData);
  });
});

describe("what a member says of itself", () => {
  const durable = { c_a_0: 5 as LaneSeq };
  const info: MemberInfo = {
    lane: "l",
    node: "n",
    writer: 2,
    state: "serving",
    beat: 3,
    version: "1",
    httpUrl: "http://x",
    durable,
  };

  it("comes back as it went, and is refused when it is something else", () => {
    expect(decodeMember(encodeMember(info), "l")).toEqual(info);
    expect(() => decodeMember(new TextEncoder().encode('{"format":9}'), "l")).toThrow(CorruptData);
    expect(() => decodeMember(Uint8Array.of(0xff), "l")).toThrow(CorruptData);
  });
});

describe("a claim", () => {
  it("takes the next epoch, and the standbys stay but for the owner and the dead", () => {
    const one = addStandby(addStandby(claim(firstMap(3), [A1]), "B", [SHARD]), "C", [SHARD]);
    const two = claim(one, [{ ...B2, without: "A" }]);
    expect(two.claims[SHARD]).toEqual({ owner: "B", writer: 4, epoch: 2, origin: PLACE, at: 7, standbys: ["C"] });
    expect(claim(one, [{ ...B2, keeper: "A" }]).claims[SHARD]?.standbys).toEqual(["C", "A"]);
    expect(one.claims[SHARD]?.epoch).toBe(1);
  });

  it.each([
    ["skips an epoch", { ...B2, epoch: 3 }],
    ["repeats an epoch", { ...B2, epoch: 1 }],
    ["begins a shard anew that has a past", { ...A1, epoch: 2, origin: { kind: "image", name: "x" } as const }],
    ["names no owner", { ...B2, owner: "" }],
    ["names no writer", { ...B2, writer: 0 }],
    ["names an earlier writer", { ...B2, owner: "A", writer: 0 }],
    ["is of no shard", { ...B2, shard: 7 as ShardId }],
  ])("is refused when it %s", (_, wrong) => {
    expect(() => claim(claim(firstMap(3), [A1]), [wrong])).toThrow(InvariantBroken);
  });
});

describe("other changes", () => {
  it("of standbys never list the owner or anybody twice, and tell when nothing changes", () => {
    const map = addStandby(claim(firstMap(3), [A1]), "B", [SHARD, 2 as ShardId]);
    expect(map.claims[SHARD]?.standbys).toEqual(["B"]);
    expect(map.claims[2]).toBeUndefined();
    expect(addStandby(map, "B", [SHARD])).toBe(map);
    expect(addStandby(map, "A", [SHARD])).toBe(map);
    expect(removeStandby(map, "C", [SHARD])).toBe(map);
    expect(removeStandby(map, "B", [SHARD]).claims[SHARD]?.standbys).toEqual([]);
  });

  it("of drains and pins are undone by their opposites", () => {
    const map = firstMap(3);
    expect(undrain(drain(map, "n"), "n")).toEqual(map);
    expect(drain(drain(map, "n"), "n").draining).toEqual(["n"]);
    expect(unpin(pin(map, SHARD, "A"), SHARD)).toEqual(map);
    expect(() => pin(map, 3 as ShardId, "A")).toThrow(InvariantBroken);
    expect(() => firstMap(0)).toThrow(InvariantBroken);
  });
});
