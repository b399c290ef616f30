/** Reservations over shards of two members, told step by step. */

import { beforeEach, describe, expect, it } from "vitest";
import type { ReservationId } from "../../src/base/index.ts";
import type { Reserve, ReserveResult, Transit, TransitResult } from "../../src/member/index.ts";
import type { Reservation } from "../../src/reservation/index.ts";
import { booksOf, wrongAtRest } from "./books.ts";
import { Pair, PLACE, skuOf } from "./pair.ts";

/** In the order of their names, so that the first is the home. */
const HOME = skuOf("a", "1-home");
const AWAY = skuOf("b", "2-away");
const NEAR = skuOf("a", "3-near", [HOME]);
const REST_MS = 20_000;

let pair: Pair;

beforeEach(async () => {
  pair = new Pair();
  await pair.open();
  for (const sku of [HOME, AWAY, NEAR]) await pair.receive(sku, 5);
});

function command(quantities: readonly number[], more: Partial<Reserve> = {}): Reserve {
  const lines = [HOME, AWAY, NEAR].flatMap((sku, index) => {
    const quantity = quantities[index] ?? 0;
    return quantity === 0 ? [] : [{ sku, location: PLACE, quantity }];
  });
  return { lines, mode: "all", ttlMs: 60_000, ...more };
}

function reserve(quantities: readonly number[], more: Partial<Reserve> = {}): Promise<ReserveResult> {
  return pair.answer((done) => pair.a.reserve(command(quantities, more), done));
}

async function reserved(quantities: readonly number[], more: Partial<Reserve> = {}): Promise<Reservation> {
  const result = await reserve(quantities, more);
  if (result.kind !== "reserved") throw new Error(`nothing was reserved: ${JSON.stringify(result)}`);
  return result.reservation;
}

function transit(id: ReservationId, transition: Transit["transition"], more: Partial<Transit> = {}): Promise<TransitResult> {
  return pair.answer((done) => pair.a.transit({ id, transition, ...more }, done));
}

function levels(): unknown {
  const { records } = booksOf(pair);
  return [HOME, AWAY, NEAR].map((sku) => {
    const { onHand, held, allocated } = records.get(sku) as { onHand: number; held: number; allocated: number };
    return [onHand, held, allocated];
  });
}

async function atRest(): Promise<void> {
  await pair.scheduler.runFor(REST_MS);
  expect(wrongAtRest(pair)).toEqual([]);
}

describe("reserving over two members", () => {
  it("holds on both, and is seen only when it is whole", async () => {
    const { id, lines, version } = await reserved([2, 3, 1]);
    expect(lines.map(({ quantity, held }) => [quantity, held]).sort()).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(version).toBe(2);
    expect(levels()).toEqual([
      [5, 2, 0],
      [5, 3, 0],
      [5, 1, 0],
    ]);
    expect(await pair.answer((done) => pair.a.reservation(id, done))).toMatchObject({ value: { id } });
    await atRest();
  });

  it("is not seen and not changed while it is being opened", async () => {
    pair.fate = () => "is lost";
    const heard: ReserveResult[] = [];
    pair.a.reserve(command([1, 1]), (result) => heard.push(result));
    await pair.until(() => booksOf(pair).reservations.length === 1, "it to be opened");
    const { id } = booksOf(pair).reservations[0] as Reservation;
    expect(await pair.answer((done) => pair.a.reservation(id, done))).toEqual({ kind: "read", value: undefined });
    expect((await transit(id, "confirm")).kind).toBe("not-found");
    pair.fate = () => "arrives";
    await pair.until(() => heard.length > 0, "the outcome");
    expect(heard).toMatchObject([{ kind: "reserved" }]);
    await atRest();
  });

  it("in mode all with too little away holds nothing anywhere, and says what is short", async () => {
    const result = await reserve([2, 9, 1]);
    expect(result).toEqual({
      kind: "insufficient-stock",
      shortages: [{ sku: AWAY, location: PLACE, requested: 9, available: 5 }],
    });
    await atRest();
    expect(levels()).toEqual([
      [5, 0, 0],
      [5, 0, 0],
      [5, 0, 0],
    ]);
  });

  it("in mode all with too little at home does not ask the other member", async () => {
    const { messages } = pair;
    expect((await reserve([9, 1])).kind).toBe("insufficient-stock");
    expect(pair.messages).toBe(messages);
    await atRest();
  });

  it("in mode partial holds what is there", async () => {
    const { lines } = await reserved([2, 9, 9], { mode: "partial" });
    expect(lines.map(({ sku, requested, quantity }) => [sku, requested, quantity])).toEqual([
      [HOME, 2, 2],
      [AWAY, 9, 5],
      [NEAR, 9, 5],
    ]);
    await atRest();
  });

  it("in mode partial with nothing at all is refused", async () => {
    await reserved([5, 5]);
    const result = await reserve([1, 1], { mode: "partial" });
    expect(result).toMatchObject({ kind: "insufficient-stock", shortages: [{ available: 0 }, { available: 0 }] });
    await atRest();
  });

  it("of a member that stays silent is given up in time, and nothing is held", async () => {
    pair.fate = () => "is lost";
    const begun = pair.scheduler.elapsedMs;
    expect(await reserve([1, 1])).toMatchObject({ kind: "fault", code: "not-ready" });
    expect(pair.scheduler.elapsedMs - begun).toBeLessThan(3_500);
    pair.fate = () => "arrives";
    await atRest();
    expect(booksOf(pair).reservations).toMatchObject([{ stage: "refused" }]);
  });

  it("is refused when its time is over before it is whole", async () => {
    pair.fate = () => "is lost";
    expect((await reserve([1, 1], { ttlMs: 1_000 })).kind).toBe("fault");
    pair.fate = () => "arrives";
    await atRest();
    expect(pair.a.stats.reservations.get("not-ready")).toBe(1);
  });

  it("is answered not-owner by the member of another shard", async () => {
    expect(await pair.answer((done) => pair.b.reserve(command([1, 1]), done))).toMatchObject({
      kind: "fault",
      code: "not-owner",
    });
  });
});

describe("a key over two members", () => {
  const idempotency = { key: "k", fingerprint: "f" };

  it("repeated while the reservation is being opened waits for the same outcome", async () => {
    const heard: ReserveResult[] = [];
    const { member } = pair.sides.a;
    for (let i = 0; i < 3; i++) member.reserve(command([1, 1], { idempotency }), (result) => heard.push(result));
    await pair.until(() => heard.length === 3, "three answers");
    const ids = new Set(heard.map((result) => (result.kind === "reserved" ? result.reservation.id : result.kind)));
    expect(ids.size).toBe(1);
    expect(heard.map((result) => result.kind === "reserved" && result.repeated)).toEqual([false, true, true]);
    await atRest();
  });

  it("with another body is refused, also while the reservation is being opened", async () => {
    const heard: ReserveResult[] = [];
    const { member } = pair.sides.a;
    member.reserve(command([1, 1], { idempotency }), (result) => heard.push(result));
    expect((await reserve([2, 1], { idempotency: { key: "k", fingerprint: "other" } })).kind).toBe("idempotency-key-reused");
    await pair.until(() => heard.length === 1, "the first answer");
  });

  it("is free again after a refusal, also for another body", async () => {
    expect((await reserve([1, 9], { idempotency })).kind).toBe("insufficient-stock");
    const { id } = await reserved([1, 1], { idempotency: { key: "k", fingerprint: "other" } });
    expect(await reserve([1, 1], { idempotency: { key: "k", fingerprint: "other" } })).toMatchObject({
      repeated: true,
      reservation: { id },
    });
    await atRest();
  });
});

describe("a reservation over two members", () => {
  it.each([
    ["confirm", [2, 3, 1]],
    ["release", [0, 0, 0]],
  ] as const)("is followed by the other when it comes to %s, before the answer", async (transition, allocated) => {
    const { id } = await reserved([2, 3, 1]);
    expect((await transit(id, transition)).kind).toBe("reservation");
    expect(levels()).toEqual(allocated.map((units) => [5, 0, units]));
    await atRest();
  });

  it("is followed when it is fulfilled, and a part at a time", async () => {
    const { id } = await reserved([2, 3, 1]);
    await transit(id, "confirm", { lines: [{ sku: AWAY, location: PLACE, quantity: 2 }] });
    await transit(id, "fulfill", { lines: [{ sku: AWAY, location: PLACE, quantity: 1 }] });
    expect(levels()).toEqual([
      [5, 2, 0],
      [4, 1, 1],
      [5, 1, 0],
    ]);
    await transit(id, "release");
    await atRest();
    expect(levels()).toEqual([
      [5, 0, 0],
      [4, 0, 0],
      [5, 0, 0],
    ]);
  });

  it("ends on both at its time", async () => {
    await reserved([2, 3, 1], { ttlMs: 2_000 });
    await pair.scheduler.runFor(2_100);
    expect(levels()).toEqual([
      [5, 0, 0],
      [5, 0, 0],
      [5, 0, 0],
    ]);
    await atRest();
  });

  it("ends at its time also when nothing was held at home while it was opened", async () => {
    await reserved([5], { ttlMs: 600_000 });
    await pair.scheduler.runFor(1_000);
    const { messages } = pair;
    // Long enough for the timers in memory to have passed it by.
    pair.fate = (n) => (n <= messages + 4 ? "is lost" : "arrives");
    const { lines } = await reserved([1, 4], { mode: "partial", ttlMs: 30_500 });
    expect(lines.map((line) => line.held)).toEqual([0, 4]);
    await pair.scheduler.runFor(31_000);
    expect(booksOf(pair).records.get(AWAY)?.held).toBe(0);
    await atRest();
  });

  it("is answered after half a second when the other member is silent, and followed when it is back", async () => {
    const { id } = await reserved([2, 3]);
    await pair.scheduler.runFor(1_000);
    pair.fate = () => "is lost";
    const begun = pair.scheduler.elapsedMs;
    expect((await transit(id, "confirm")).kind).toBe("reservation");
    expect(pair.scheduler.elapsedMs - begun).toBeGreaterThanOrEqual(500);
    expect(pair.scheduler.elapsedMs - begun).toBeLessThan(700);
    expect((await transit(id, "fulfill")).kind).toBe("reservation");
    pair.fate = () => "arrives";
    await atRest();
    expect(levels()).toEqual([
      [3, 0, 0],
      [2, 0, 0],
      [5, 0, 0],
    ]);
  });

  it("is followed up from the outbox after a checkpoint and a restart", async () => {
    pair = new Pair({ checkpointMs: 50, activeReservationsMax: 0, activeRecordsMax: 0 });
    await pair.open();
    for (const sku of [HOME, AWAY, NEAR]) await pair.receive(sku, 5);
    const { id } = await reserved([2, 3]);
    await pair.scheduler.runFor(1_000);
    pair.fate = () => "is lost";
    await transit(id, "release");
    await pair.scheduler.runFor(5_000);
    const { disk, process } = pair.sides.a;
    expect([...disk.flushed.tables.outbox.keys()]).toHaveLength(1);
    process.kill();
    pair.fate = () => "arrives";
    await atRest();
    expect(levels()).toEqual([
      [5, 0, 0],
      [5, 0, 0],
      [5, 0, 0],
    ]);
    await pair.scheduler.runFor(1_000);
    expect([...pair.sides.a.disk.flushed.tables.outbox.keys()]).toEqual([]);
  });

  it("that is not settled is kept although it has ended, and forgotten later", async () => {
    pair = new Pair({ checkpointMs: 50, keyRetentionMs: 10_000 });
    await pair.open();
    for (const sku of [HOME, AWAY, NEAR]) await pair.receive(sku, 5);
    const { id } = await reserved([2, 3]);
    pair.fate = () => "is lost";
    await transit(id, "release");
    await pair.scheduler.runFor(60_000);
    const home = (): number => pair.sides.a.disk.flushed.tables.reservations.size;
    expect(home()).toBe(1);
    pair.fate = () => "arrives";
    await atRest();
    await pair.receive(HOME, 1);
    await pair.receive(AWAY, 1);
    await pair.scheduler.runFor(60_000);
    await pair.receive(HOME, 1);
    await pair.receive(AWAY, 1);
    await pair.scheduler.runFor(1_000);
    expect(home()).toBe(0);
    expect(pair.sides.b.disk.flushed.tables.participations.size).toBe(0);
  });
});
