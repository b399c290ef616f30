/** What the keeper promises in calm weather, step by step; keeper-seeds.test.ts has the storms. */

import { describe, expect, it } from "vitest";
import type { ShardId } from "../../src/base/index.ts";
import {
  decodeShardMap,
  encodeMember,
  encodeShardMap,
  firstMap,
  MAP_KEY,
  type MemberInfo,
  removeStandby,
  type ShardMap,
} from "../../src/placement/index.ts";
import { ClusterRun, type Seat } from "./cluster-run.ts";

async function calmRun(nodes: number, shards = 12): Promise<ClusterRun> {
  const run = new ClusterRun(7, nodes, 1, shards);
  for (const seat of run.seats) run.start(seat);
  await settled(run);
  return run;
}

const settled = (run: ClusterRun): Promise<void> =>
  run.runUntil(
    () => run.unsettled().length === 0,
    () => run.unsettled().join("; "),
    60_000,
  );

const ownedBy = (run: ClusterRun, seat: Seat | undefined): number[] =>
  [...new Array(run.shards).keys()].filter((shard) => run.lanes.map?.claims[shard]?.owner === seat?.lane);

describe("a cluster", () => {
  it("of one member claims everything at its first start, in one change of the map", async () => {
    const run = await calmRun(1);
    const [life] = run.lives;
    expect(life?.keeper.counts()).toMatchObject({ claims: 12, moves: 0, failovers: 0, adoptions: 12 });
    expect(run.state.entries.get(MAP_KEY)?.revision).toBe(2);
  });

  it("claims again under a new writer what a restarted member owned", async () => {
    const run = await calmRun(1);
    const [seat] = run.seats;
    run.kill(seat as Seat);
    run.start(seat as Seat);
    await settled(run);
    expect(run.lanes.map?.claims.map((claim) => claim?.epoch)).toEqual(new Array(12).fill(2));
  });

  it("gives a new node its part, through warm copies, by releases and not by seals", async () => {
    const run = new ClusterRun(8, 2, 1, 12);
    run.start(run.seats[0] as Seat);
    await settled(run);
    run.start(run.seats[1] as Seat);
    await settled(run);
    const counts = run.lives.map(({ keeper }) => keeper.counts());
    expect(counts[1]?.moves).toBe(ownedBy(run, run.seats[1]).length);
    expect(counts[1]?.moves).toBeGreaterThan(0);
    expect(counts.map(({ seals, failovers }) => [seals, failovers])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it("takes the shards of a dead member over within three seconds", async () => {
    const run = await calmRun(3);
    run.kill(run.seats[0] as Seat);
    await run.runUntil(
      () => run.unserved().length === 0,
      () => `shards ${run.unserved()}`,
      3_000,
    );
    const failovers = run.lives.map(({ keeper }) => keeper.counts().failovers);
    expect(failovers.reduce((sum, count) => sum + count)).toBeGreaterThan(0);
  });

  it("is left without a seal by a member that hands over, and its key is gone", async () => {
    const run = await calmRun(3);
    const [seat] = run.seats;
    const left = await run.scheduler.settle(seat?.life?.keeper.leave() as Promise<number>, "the leave", 20_000);
    expect(left).toBe(0);
    expect(run.members.entries.has(seat?.lane ?? "")).toBe(false);
    run.kill(seat as Seat);
    await settled(run);
    expect(run.lives.map(({ keeper }) => keeper.counts().seals)).toEqual([0, 0]);
  });

  it("lets its last member go at once", async () => {
    const run = await calmRun(1);
    const begun = run.scheduler.elapsedMs;
    const leave = run.lives[0]?.keeper.leave() as Promise<number>;
    expect(await run.scheduler.settle(leave, "the leave", 5_000)).toBe(12);
    expect(run.scheduler.elapsedMs - begun).toBeLessThan(1_000);
  });

  it("empties a draining node, and moves a pinned shard", async () => {
    const run = await calmRun(3);
    const keeper = run.lives[0]?.keeper;
    void keeper?.drain("n1");
    void keeper?.pin(3 as ShardId, "c_n1_0");
    await run.runUntil(
      () => run.unsettled().length === 0 && ownedBy(run, run.seats[1]).join() === "3",
      () => `n1 to own shard 3 alone, not ${ownedBy(run, run.seats[1])}`,
      60_000,
    );
    void keeper?.undrain("n1");
    void keeper?.unpin(3 as ShardId);
    await run.runUntil(
      () => run.unsettled().length === 0 && ownedBy(run, run.seats[1]).length > 1,
      () => "n1 to own shards again",
      60_000,
    );
    await expect(run.scheduler.settle(keeper?.pin(99 as ShardId, "x") as Promise<void>, "the pin", 1_000)).rejects.toThrow(
      /no shard 99/,
    );
  });

  it("tells routers of owners and their changes", async () => {
    const run = await calmRun(2);
    const owners = run.lives[1]?.keeper.owners;
    const changed = new Set<number>();
    owners?.onChange((shards) => {
      for (const shard of shards) changed.add(shard);
    });
    const lost = ownedBy(run, run.seats[0]);
    run.kill(run.seats[0] as Seat);
    await settled(run);
    expect([...changed].sort((a, b) => a - b)).toEqual(lost);
    expect(owners?.of(lost[0] as ShardId)?.lane).toBe("c_n1_0");
  });
});

describe("a standby", () => {
  it("that is struck out waits before it lists itself again, so that two members that do not see each other change the map seldom", async () => {
    const run = await calmRun(2);
    const standby = run.lanes.map?.claims[0]?.standbys[0] as string;
    let strikes = 0;
    for (let ms = 0; ms < 5_000; ms += 50) {
      const { value, revision } = run.state.entries.get(MAP_KEY) as { value: Uint8Array; revision: number };
      const map = decodeShardMap(value);
      if (map.claims[0]?.standbys.includes(standby)) {
        run.state.put(MAP_KEY, encodeShardMap(removeStandby(map, standby, [0 as ShardId])), revision);
        strikes++;
      }
      await run.runFor(50);
    }
    expect(strikes).toBeGreaterThan(1);
    expect(strikes).toBeLessThan(5);
  });
});

describe("the lane of a member", () => {
  const lane = "c_n0_0";
  const claim = { owner: "c_n1_0", writer: 1, epoch: 2, origin: { kind: "place", lane, seq: 5 }, at: 7, standbys: [] };

  async function floorWhen(durable: Record<string, number> | undefined): Promise<number> {
    const run = new ClusterRun(9, 1, 1, 1);
    run.state.check = () => undefined;
    run.state.put(MAP_KEY, encodeShardMap({ ...firstMap(1), claims: [claim] } as unknown as ShardMap), 0);
    if (durable !== undefined) {
      const info = { lane: claim.owner, node: "n1", version: "1", httpUrl: "", writer: 1, state: "serving", beat: 1, durable };
      run.members.put(claim.owner, encodeMember(info as MemberInfo), 0);
    }
    run.start(run.seats[0] as Seat);
    await run.runFor(1_000);
    return run.lives[0]?.keeper.trimFloor() as number;
  }

  it("is not trimmed while a shard continues from it with an owner that has not told what its checkpoint has", async () => {
    expect(await floorWhen(undefined)).toBe(0);
    expect(await floorWhen({})).toBe(0);
    expect(await floorWhen({ c_n1_0: 7 })).toBe(0);
  });

  it("is trimmed up to where the owner's checkpoint has it, and freely once that is behind the claim", async () => {
    expect(await floorWhen({ [lane]: 4, c_n1_0: 7 })).toBe(4);
    expect(await floorWhen({ c_n1_0: 8 })).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe("a node", () => {
  it("that is set to another number of shards than the cluster has is stopped with a word on it", async () => {
    const run = new ClusterRun(9, 1, 1, 12);
    run.state.put(MAP_KEY, encodeShardMap(firstMap(16)), 0);
    run.start(run.seats[0] as Seat);
    await expect(run.runFor(2_000)).rejects.toThrow(/has 16 shards, this node is set to 12/);
  });

  it("that holds shards does not make a missing map anew", async () => {
    const run = await calmRun(1);
    const [seat] = run.seats;
    await run.runFor(5_000);
    run.kill(seat as Seat);
    run.state.entries.clear();
    run.start(seat as Seat);
    await expect(run.runFor(2_000)).rejects.toThrow(/missing and must not be made anew/);
  });
});
