/** The router of one member among others: who is asked, how often, and what the caller is told (P1 to P3, Q1 to Q5). */

import { beforeEach, describe, expect, it } from "vitest";
import { type EpochMs, hash32, type LocationId, type ReservationId, type ShardId, type Sku } from "../../src/base/index.ts";
import type { MovementResult, Reserve } from "../../src/member/index.ts";
import { createReservation, formatReservationId } from "../../src/reservation/index.ts";
import type { Answer, Command } from "../../src/router/command.ts";
import { emptyRecord, type Movement } from "../../src/stock/index.ts";
import { FakeCluster, type Place, SHARDS } from "./fake-member.ts";

const ALL = Array.from({ length: SHARDS }, (_, shard) => shard);
const EAST = "EAST" as LocationId;
const [FIRST, SECOND, THIRD] = [skuIn(0), skuIn(1), skuIn(2)];

let cluster: FakeCluster;
let a: Place;
let b: Place;
let c: Place;

beforeEach(async () => {
  cluster = new FakeCluster();
  [a, b, c] = [await cluster.add("a"), await cluster.add("b"), await cluster.add("c")];
  await a.book.put({ id: EAST, type: "dc", name: "East" });
  cluster.own("a", ALL);
});

/** A SKU of the shard. */
function skuIn(shard: number): Sku {
  for (let i = 0; ; i++) if (hash32(`sku-${i}`) % SHARDS === shard) return `sku-${i}` as Sku;
}

function reserve(sku: Sku, key?: string): Reserve {
  const idempotency = key === undefined ? undefined : { key, fingerprint: "f" };
  return {
    lines: [{ sku, location: EAST, quantity: 1 }],
    mode: "all",
    ttlMs: 60_000,
    reference: undefined,
    channel: undefined,
    idempotency,
  };
}

const receipt = (sku: Sku, location = EAST): Movement => ({ id: "m1", type: "receipt", sku, location, quantity: 1 });

/** Starts a call; its answers are collected, since more than one would be wrong (Q1). */
function call(start: (done: (answer: Answer) => void) => void): Answer[] {
  const answers: Answer[] = [];
  start((answer) => answers.push(answer));
  expect(answers).toEqual([]);
  return answers;
}

const keyless = (place = a): Answer[] => call((done) => place.router.reserve(reserve(FIRST), done));
const keyed = (place = a): Answer[] => call((done) => place.router.reserve(reserve(FIRST, "k"), done));

const REFUSED: Answer = { kind: "insufficient-stock", shortages: [] };
const MADE: Answer = {
  kind: "reserved",
  repeated: false,
  reservation: createReservation({
    ...{ kind: "held", id: formatReservationId(1 as EpochMs, 1, hash32(FIRST)), version: 1, at: 1 as EpochMs },
    ...{ expiresAt: 60_001 as EpochMs, mode: "all", reference: undefined, channel: undefined },
    lines: [{ sku: FIRST, location: EAST, requested: 1, quantity: 1 }],
  }),
};
const MOVING: Answer = { kind: "fault", code: "not-owner", retryAfterMs: 0, detail: "moving" };

describe("a command for a shard of the own member", () => {
  it("is a plain call: the caller's own callback, and no message (P1)", () => {
    const done = (): void => undefined;
    a.router.reserve(reserve(FIRST), done);
    expect(a.member.done).toBe(done);
    a.router.stock(FIRST, done, { strict: true });
    expect(a.member.done).toBe(done);
    a.router.availability([FIRST, SECOND], undefined, done);
    expect(a.member.done).toBe(done);
    expect(a.member.commands.at(-2)).toEqual({ op: "stock", sku: FIRST, strict: true });
    expect([cluster.network.sent, a.router.pending]).toEqual([0, 0]);
  });

  it("is asked of the next owner when it is a movement that stood in line while its shard moved", () => {
    const heard: unknown[] = [];
    a.router.move(receipt(FIRST), (result) => heard.push(result));
    const answer = a.member.done as (result: MovementResult) => void;
    answer({ kind: "fault", code: "not-owner", retryAfterMs: 0, detail: "moved" });
    expect([heard, a.router.pending]).toEqual([[], 1]);
  });
});

describe("a command for a shard of another member", () => {
  const id = formatReservationId(1_700_000_000_000 as EpochMs, 7, hash32(FIRST));
  const shard = 0 as ShardId;
  const claim = { id: "m", sku: FIRST, attempt: 1 };
  const hold = { id, mode: "all" as const, expiresAt: 5 as EpochMs, lines: [{ sku: FIRST, location: EAST, quantity: 2 }] };
  const follow = { id, version: 2, kind: "confirmed" as const, lines: [] };
  const cases: [string, (done: (answer: Answer) => void) => void, Command][] = [
    ["reserve", (done) => a.router.reserve(reserve(FIRST, "k"), done), { op: "reserve", reserve: reserve(FIRST, "k") }],
    [
      "transit",
      (done) => a.router.transit({ id, transition: "confirm" }, done),
      { op: "transit", transit: { id, transition: "confirm" } },
    ],
    ["move", (done) => a.router.move(receipt(FIRST), done), { op: "move", movement: receipt(FIRST) }],
    ["reservation", (done) => a.router.reservation(id, done), { op: "reservation", id }],
    ["stock", (done) => a.router.stock(FIRST, done, { strict: true }), { op: "stock", sku: FIRST, strict: true }],
    ["record", (done) => a.router.record(FIRST, EAST, done), { op: "record", sku: FIRST, location: EAST, strict: false }],
    ["hold", (done) => a.router.hold(shard, hold, done), { op: "hold", shard, ask: hold }],
    ["follow", (done) => a.router.follow(shard, follow, done), { op: "follow", shard, ask: follow }],
    ["claimMovement", (done) => a.router.claimMovement(shard, claim, done), { op: "claimMovement", shard, ask: claim }],
    ["freeMovement", (done) => a.router.freeMovement(shard, claim, done), { op: "freeMovement", shard, ask: claim }],
  ];

  it.each(cases)("is given to that member and answered with what it says: %s", (_, start, command) => {
    cluster.own("b", [0]);
    b.member.answer = () => ({ kind: "applied", version: 3 });
    const answers = call(start);
    cluster.clock.settle();
    expect(answers).toEqual([{ kind: "applied", version: 3 }]);
    expect(b.member.commands).toEqual([command]);
    expect([a.member.commands, c.member.commands, a.router.pending]).toEqual([[], [], 0]);
  });

  it("goes by the first SKU in the order of code units", () => {
    const [low, high] = [FIRST, SECOND].sort() as [Sku, Sku];
    cluster.own("b", [hash32(low) % SHARDS]);
    cluster.own("c", [hash32(high) % SHARDS]);
    const lines = [high, low].map((sku) => ({ sku, location: EAST, quantity: 1 }));
    a.router.reserve({ ...reserve(FIRST), lines }, () => undefined);
    cluster.clock.settle();
    expect([b.member.commands.length, c.member.commands.length]).toEqual([1, 0]);
  });

  it("is not passed on by a member that does not own the shard (P3)", () => {
    cluster.own("b", [0], false);
    const answers = keyless();
    cluster.clock.settle();
    expect([answers, b.member.commands, c.member.commands]).toEqual([[], [], []]);
  });
});

describe("ids that no reservation can have", () => {
  it("are not known, without asking anybody", () => {
    const found = call((done) => a.router.reservation("nonsense" as ReservationId, done));
    const changed = call((done) => a.router.transit({ id: "nonsense" as ReservationId, transition: "confirm" }, done));
    cluster.clock.settle();
    expect(found).toEqual([{ kind: "read", value: undefined }]);
    expect(changed).toMatchObject([{ kind: "not-found" }]);
    expect(a.member.commands).toEqual([]);
  });
});

describe("a shard that moves", () => {
  it.each(["not-owner", "not-ready"] as const)("is waited for when its owner answers %s (P2)", (code) => {
    cluster.own("b", [0]);
    b.member.answer = () => ({ ...MOVING, code });
    const answers = keyless();
    cluster.clock.advance(200);
    expect(answers).toEqual([]);
    const tries = b.member.commands.length;
    expect(tries).toBeGreaterThan(3);
    expect(tries).toBeLessThan(12);
    b.member.answer = () => REFUSED;
    cluster.clock.advance(200);
    expect(answers).toEqual([REFUSED]);
  });

  it("is asked for at once where the map says it is now, here too", () => {
    cluster.disown(0);
    const [one, two] = [keyless(a), keyless(b)];
    cluster.clock.advance(1_000);
    expect([one, two]).toEqual([[], []]);
    b.member.answer = () => REFUSED;
    cluster.own("b", [0]);
    cluster.clock.settle();
    expect([one, two]).toEqual([[REFUSED], [REFUSED]]);
  });

  it("is not-ready when it has not arrived by the deadline, with nothing done (Q3)", () => {
    cluster.disown(0);
    const answers = keyed();
    cluster.clock.advance(4_900);
    expect(answers).toEqual([]);
    cluster.clock.advance(400);
    expect(answers).toMatchObject([{ kind: "fault", code: "not-ready" }]);
    expect(a.router.pending).toBe(0);
  });
});

describe("an owner that does not answer", () => {
  beforeEach(() => {
    cluster.own("b", [0]);
    b.member.answer = () => undefined;
  });

  it("is asked once for what must not be done twice, and its outcome is unknown (Q2)", () => {
    const answers = keyless();
    cluster.clock.advance(4_900);
    expect(answers).toEqual([]);
    cluster.clock.advance(400);
    expect(answers).toMatchObject([{ kind: "fault", code: "outcome-unknown" }]);
    expect(b.member.commands).toHaveLength(1);
  });

  it("is asked again for what has a key, and outcome-unknown is answered at the deadline (Q3)", () => {
    const answers = keyed();
    cluster.clock.advance(5_300);
    expect(b.member.commands.length).toBeGreaterThan(2);
    expect(answers).toMatchObject([{ kind: "fault", code: "outcome-unknown" }]);
  });

  it("is not-ready for a read", () => {
    const answers = call((done) => a.router.stock(FIRST, done));
    cluster.clock.advance(5_300);
    expect(answers).toMatchObject([{ kind: "fault", code: "not-ready" }]);
  });

  it("may answer an earlier ask late: what was done is the answer, once", () => {
    const answers = keyed();
    cluster.clock.settle();
    const late = b.member.done as (answer: Answer) => void;
    cluster.clock.advance(1_500);
    late(MADE);
    cluster.clock.settle();
    expect(answers).toEqual([MADE]);
    cluster.clock.advance(10_000);
    expect(answers).toHaveLength(1);
  });

  it("may refuse an earlier ask late: a later one may have been granted since, so that is no answer (Q4)", () => {
    const answers = keyed();
    cluster.clock.settle();
    const late = b.member.done as (answer: Answer) => void;
    cluster.clock.advance(1_500);
    late(REFUSED);
    cluster.clock.settle();
    expect(answers).toEqual([]);
    (b.member.done as (answer: Answer) => void)(MADE);
    cluster.clock.settle();
    expect(answers).toEqual([MADE]);
  });

  it("that says late that the shard is not there does not have the next one asked twice", () => {
    keyed();
    cluster.clock.settle();
    const late = b.member.done as (answer: Answer) => void;
    c.member.answer = () => undefined;
    cluster.own("c", [0]);
    cluster.clock.settle();
    late(MOVING);
    cluster.clock.advance(200);
    expect(c.member.commands).toHaveLength(1);
  });

  it("gives way to the next owner for what has a key", () => {
    const answers = keyed();
    cluster.clock.settle();
    c.member.answer = () => REFUSED;
    cluster.own("c", [0]);
    cluster.clock.settle();
    expect(answers).toEqual([REFUSED]);
  });

  it("that is gone leaves what must not be done twice unknown at once, and the rest to the next owner", () => {
    const [once, again] = [keyless(), keyed()];
    cluster.clock.settle();
    cluster.disown(0);
    a.router.peerGone("b");
    cluster.clock.settle();
    expect(once).toMatchObject([{ kind: "fault", code: "outcome-unknown" }]);
    c.member.answer = () => REFUSED;
    cluster.own("c", [0]);
    cluster.clock.settle();
    expect(again).toEqual([REFUSED]);
  });

  it("that was cut off is outcome-unknown even when the shard moves and does not arrive (Q3)", () => {
    const answers = keyed();
    cluster.clock.settle();
    cluster.disown(0);
    a.router.peerGone("b");
    cluster.clock.advance(6_000);
    expect(answers).toMatchObject([{ kind: "fault", code: "outcome-unknown" }]);
  });
});

describe("an owner that lost its lane", () => {
  it("answers outcome-unknown: what has a key is asked again, what has none is not", () => {
    cluster.own("b", [0]);
    b.member.answer = () => ({ kind: "fault", code: "outcome-unknown", retryAfterMs: 0, detail: "fenced" });
    const [once, again] = [keyless(), keyed()];
    cluster.clock.settle();
    expect([once, again]).toMatchObject([[{ code: "outcome-unknown" }], []]);
    b.member.answer = () => REFUSED;
    cluster.clock.advance(100);
    expect(again).toEqual([REFUSED]);
  });
});

describe("the number of calls under way", () => {
  it("is bounded (Q5)", async () => {
    const d = await cluster.add("d", { pendingMax: 2 });
    cluster.disown(0);
    const calls = [keyless(d), keyless(d), keyless(d)];
    cluster.clock.settle();
    expect(calls).toMatchObject([[], [], [{ code: "too-many-requests" }]]);
    cluster.clock.advance(6_000);
    expect(calls.map(([answer]) => answer)).toMatchObject([{ code: "not-ready" }, { code: "not-ready" }, {}]);
    expect(d.router.pending).toBe(0);
  });
});

describe("availability of SKUs of several members", () => {
  const found = (command: Command): Answer => {
    const { skus } = command as Extract<Command, { op: "availability" }>;
    return { kind: "read", value: skus.map((sku) => emptyRecord(sku, EAST)) };
  };
  const expected = [THIRD, FIRST, SECOND, FIRST].map((sku) => emptyRecord(sku, EAST));
  const ask = (): Answer[] => call((done) => a.router.availability([THIRD, FIRST, SECOND, FIRST], [EAST], done));

  beforeEach(() => {
    for (const { member } of [a, b, c]) member.answer = found;
  });

  it("is one ask for each, answered in the order that was asked for", () => {
    cluster.own("b", [0, 1]);
    const answers = ask();
    cluster.clock.settle();
    expect(answers).toEqual([{ kind: "read", value: expected }]);
    expect(b.member.commands).toEqual([{ op: "availability", skus: [FIRST, SECOND], locations: [EAST] }]);
    expect(a.member.commands).toEqual([{ op: "availability", skus: [THIRD], locations: [EAST] }]);
  });

  it("follows a shard that moves meanwhile", () => {
    cluster.own("b", [0, 1]);
    const answers = ask();
    cluster.own("c", [1]);
    cluster.clock.advance(200);
    expect(answers).toEqual([{ kind: "read", value: expected }]);
  });

  it("is not-ready when a shard of it is nowhere", () => {
    cluster.own("b", [0]);
    cluster.disown(1);
    const answers = ask();
    cluster.clock.advance(6_000);
    expect(answers).toMatchObject([{ kind: "fault", code: "not-ready" }]);
  });
});

describe("a movement to a location that the member has not heard of", () => {
  it.each(["a", "b"])("asks the bucket once before the member is asked: shard at %s", async (owner) => {
    cluster.own(owner, [0]);
    const west = "WEST" as LocationId;
    cluster.bucket.silent = true;
    await c.book.put({ id: west, type: "dc", name: "West" });
    const place = owner === "a" ? a : b;
    const answered = new Promise((resolve) => a.router.move(receipt(FIRST, west), resolve));
    cluster.clock.settle();
    await expect.poll(() => place.member.commands).toHaveLength(1);
    expect(place.book.has(west)).toBe(true);
    cluster.clock.settle();
    expect(await answered).toEqual({ kind: "applied", version: 1 });
  });

  it("is given to the member when nobody knows the location, and waits when the bucket is away", async () => {
    const nowhere = "NOWHERE" as LocationId;
    a.router.move(receipt(FIRST, nowhere), () => undefined);
    await expect.poll(() => a.member.commands).toHaveLength(1);
    cluster.bucket.away = true;
    const answered = new Promise<Answer>((resolve) => a.router.move(receipt(FIRST, nowhere), resolve));
    const passing = setInterval(() => cluster.clock.advance(100), 1);
    expect(await answered).toMatchObject({ kind: "fault", code: "not-ready" });
    clearInterval(passing);
    expect(a.member.commands).toHaveLength(1);
  });
});

describe("locations", () => {
  it("are put, found and listed without the member", async () => {
    const put = await new Promise((resolve) =>
      b.router.putLocation({ id: "NEW" as LocationId, type: "store", name: "n" }, resolve),
    );
    expect(put).toMatchObject({ kind: "created", location: { version: 1 } });
    expect(await new Promise((resolve) => a.router.location("NEW" as LocationId, resolve))).toMatchObject({
      value: { id: "NEW" },
    });
    const listed = call((done) => a.router.locations(undefined, 10, (read) => done(read as unknown as Answer)));
    cluster.clock.settle();
    expect(listed).toMatchObject([{ value: [{ id: "EAST" }, { id: "NEW" }] }]);
    expect([a, b, c].flatMap(({ member }) => member.commands)).toEqual([]);
  });
});
