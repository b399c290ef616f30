/** N2, F2: the home shard goes to another member while a reservation over several shards is under way; that one brings it to its end. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hash32, type ReservationId, type ShardId, type Sku, shardOfHash } from "../../src/base/index.ts";
import type { Peers, Read, Reserve, ReserveResult, TransitResult } from "../../src/member/index.ts";
import type { ShardSource } from "../../src/placement/index.ts";
import type { StockRecord } from "../../src/stock/index.ts";
import { type Actor, ClusterStage, PLACE, SHARD, SHARDS, SKU } from "./cluster-stage.ts";

/** Of another shard, and behind the first in order. */
const AWAY = firstWith((sku) => shardOfHash(hash32(sku), SHARDS) !== SHARD);
const AWAY_SHARD: ShardId = shardOfHash(hash32(AWAY), SHARDS);
const REST_MS = 10_000;

function firstWith(fits: (sku: Sku) => boolean): Sku {
  for (let n = 0; ; n++) if (fits(`sku-away-${n}` as Sku)) return `sku-away-${n}` as Sku;
}

let stage: ClusterStage;
let home: Actor;
let other: Actor;
/** Where `other` finds the home shard. */
let source: ShardSource;
let cutOff: boolean;

/** Asks whoever serves the shard; nobody hears it while the members are cut off from one another. */
function peersOf(self: () => Actor): Peers {
  const call =
    <A, R>(pick: (actor: Actor) => (shard: ShardId, ask: A, done: (answer: R) => void) => void) =>
    (shard: ShardId, ask: A, done: (answer: R) => void): void => {
      const target = [home, other].find((actor) => actor !== self() && actor.member.host.holding(shard)?.state === "served");
      if (cutOff || target === undefined) return;
      stage.world.scheduler.schedule(1, () => pick(target).call(target.member, shard, ask, done));
    };
  return {
    hold: call((actor) => actor.member.hold),
    follow: call((actor) => actor.member.follow),
    claimMovement: call((actor) => actor.member.claimMovement),
    freeMovement: call((actor) => actor.member.freeMovement),
  };
}

beforeEach(async () => {
  cutOff = false;
  stage = new ClusterStage();
  home = await stage.boot(
    "a",
    {},
    peersOf(() => home),
  );
  other = await stage.boot(
    "b",
    {},
    peersOf(() => other),
  );
  source = await stage.adopt(home, 1, { kind: "new" });
  await stage.adopt(other, 1, { kind: "new" }, AWAY_SHARD);
  await stage.standBy(other, source);
  await stage.receive(home, 5);
  await stage.receive(other, 5, { sku: AWAY });
});

afterEach(() => {
  expect(stage.errors).toEqual([]);
});

function command(): Reserve {
  const idempotency = { key: "key", fingerprint: "body" };
  const lines = [SKU, AWAY].map((sku) => ({ sku, location: PLACE, quantity: 2 }));
  return { lines, mode: "all", ttlMs: 600_000, idempotency };
}

function reserve({ member }: Actor): Promise<ReserveResult> {
  return stage.answer((done) => member.reserve(command(), done));
}

async function reserved(): Promise<ReservationId> {
  const result = await reserve(home);
  if (result.kind !== "reserved") throw new Error(`nothing was reserved: ${JSON.stringify(result)}`);
  return result.reservation.id;
}

async function levels(sku: Sku): Promise<unknown> {
  const read = await stage.answer<Read<StockRecord | undefined>>((done) => other.member.record(sku, PLACE, done));
  if (read.kind === "fault") return read.code;
  return { held: read.value?.held, allocated: read.value?.allocated };
}

/** The home shard's member dies, and the other takes it over. */
async function takeOver(): Promise<void> {
  home.ports.process.kill();
  cutOff = false;
  await stage.adopt(other, 2, await stage.sealed(other, "a", 1));
  await stage.world.scheduler.runFor(REST_MS);
}

describe("another member takes the home shard over", () => {
  it("while a reservation is being opened, before anybody was asked, and refuses it", async () => {
    cutOff = true;
    home.member.reserve(command(), () => undefined);
    await stage.world.scheduler.runFor(500);
    await takeOver();
    expect(await levels(SKU)).toEqual({ held: 0, allocated: 0 });
    expect(await levels(AWAY)).toEqual({ held: 0, allocated: 0 });
    expect(await reserve(other)).toMatchObject({ kind: "reserved", repeated: false });
  });

  it("while the participant holds and its answer was lost, and gives back what it holds", async () => {
    const { hold } = other.member;
    other.member.hold = (shard, ask) => hold.call(other.member, shard, ask, () => undefined);
    home.member.reserve(command(), () => undefined);
    await stage.world.scheduler.runFor(500);
    expect(await levels(AWAY)).toEqual({ held: 2, allocated: 0 });
    await takeOver();
    expect(await levels(SKU)).toEqual({ held: 0, allocated: 0 });
    expect(await levels(AWAY)).toEqual({ held: 0, allocated: 0 });
  });

  it("after a change that the participant has not followed, and makes it follow", async () => {
    const id = await reserved();
    cutOff = true;
    expect((await stage.answer<TransitResult>((done) => home.member.transit({ id, transition: "confirm" }, done))).kind).toBe(
      "reservation",
    );
    expect(await levels(AWAY)).toEqual({ held: 2, allocated: 0 });
    await takeOver();
    expect(await levels(AWAY)).toEqual({ held: 0, allocated: 2 });
    expect(await stage.answer<TransitResult>((done) => other.member.transit({ id, transition: "release" }, done))).toMatchObject({
      kind: "reservation",
      reservation: { unsettled: false },
    });
    expect(await levels(AWAY)).toEqual({ held: 0, allocated: 0 });
  });
});

describe("a planned move of the home shard", () => {
  it("while a reservation is being opened ends it: its caller is sent on, and nothing is held", async () => {
    cutOff = true;
    const heard: ReserveResult[] = [];
    home.member.reserve(command(), (result) => heard.push(result));
    await stage.world.scheduler.runFor(500);
    const writer = home.member.host.tenure()?.writer as number;
    const place = await stage.settle(home.member.host.release(writer, [SHARD], "b"), "the release");
    await stage.settle(other.member.host.reached(place), "b to reach the release");
    await stage.adopt(other, 2, { kind: "place", ...place });
    cutOff = false;
    await stage.world.scheduler.runFor(REST_MS);
    expect(heard).toMatchObject([{ kind: "fault", code: "not-owner" }]);
    expect(await levels(SKU)).toEqual({ held: 0, allocated: 0 });
    expect(await levels(AWAY)).toEqual({ held: 0, allocated: 0 });
    expect(await reserve(other)).toMatchObject({ kind: "reserved", repeated: false });
  });
});
