/** L1 to L4: movements whose ids have their registry at another member. */

import { beforeEach, describe, expect, it } from "vitest";
import type { LocationId, Sku } from "../../src/base/index.ts";
import type { MovementResult } from "../../src/member/index.ts";
import type { Movement } from "../../src/stock/index.ts";
import { booksOf } from "./books.ts";
import { ownerOf, Pair, PLACE, shardOf, skuOf } from "./pair.ts";
import { idAt } from "./story.ts";

const HERE = skuOf("a", "here");
const ALSO_HERE = skuOf("a", "also", [HERE]);
const THERE = skuOf("b", "there");

let pair: Pair;

beforeEach(async () => {
  pair = new Pair();
  await pair.open();
});

function movement(id: string, more: Partial<Movement> = {}): Movement {
  return { id, type: "receipt", sku: HERE, location: PLACE, quantity: 1, ...more };
}

function start(given: Movement, heard: (result: MovementResult) => void): void {
  pair.sides[ownerOf(shardOf(given.sku))].member.move(given, heard);
}

function move(id: string, more: Partial<Movement> = {}): Promise<MovementResult> {
  return pair.answer((done) => start(movement(id, more), done));
}

function onHand(sku: Sku): number {
  return booksOf(pair).records.get(sku)?.onHand ?? 0;
}

describe("the id of a movement with its registry at the other member", () => {
  const id = idAt("b", "m");

  it("is claimed there and recorded here", async () => {
    expect(await move(id)).toEqual({ kind: "applied", version: 1 });
    expect(booksOf(pair).movements.get(id)).toEqual([shardOf(HERE)]);
  });

  it("is a duplicate when it is sent again, also while the other member is silent", async () => {
    await move(id);
    pair.fate = () => "is lost";
    expect(await move(id, { quantity: 9 })).toEqual({ kind: "duplicate", version: 1 });
  });

  it.each([
    ["of the same member", ALSO_HERE],
    ["of the other member", THERE],
  ])("is a duplicate for another SKU %s, and changes nothing", async (_name, sku) => {
    await move(id);
    expect((await move(id, { sku })).kind).toBe("duplicate");
    expect(onHand(sku)).toBe(0);
  });

  it("is a duplicate for another SKU that comes at the same time", async () => {
    const heard: string[] = [];
    for (const sku of [HERE, ALSO_HERE, THERE]) start(movement(id, { sku }), ({ kind }) => heard.push(kind));
    await pair.until(() => heard.length === 3, "three answers");
    expect(heard.sort()).toEqual(["applied", "duplicate", "duplicate"]);
  });

  it.each([
    ["same SKU", HERE],
    ["other member's SKU", THERE],
  ])("is free for the %s after a refusal", async (_name, sku) => {
    expect((await move(id, { location: "nowhere" as LocationId })).kind).toBe("not-found");
    expect((await move(id, { sku })).kind).toBe("applied");
  });

  it("is spent by the second of two that come together when the first is refused", async () => {
    const heard: string[] = [];
    start(movement(id, { location: "nowhere" as LocationId }), ({ kind }) => heard.push(kind));
    start(movement(id), ({ kind }) => heard.push(kind));
    await pair.until(() => heard.length === 2, "two answers");
    expect(heard.sort()).toEqual(["applied", "not-found"]);
    expect((await move(id, { sku: THERE })).kind).toBe("duplicate");
  });

  it("is not freed by a late word for a claim that has a successor", async () => {
    const refused = movement(id, { location: "nowhere" as LocationId });
    const { messages } = pair;
    // The claim, its answer, then the word that frees it.
    pair.fate = (n) => (n === messages + 3 ? "comes twice" : "arrives");
    expect((await pair.answer<MovementResult>((done) => start(refused, done))).kind).toBe("not-found");
    expect((await move(id)).kind).toBe("applied");
    await pair.scheduler.runFor(2_000);
    expect((await move(id, { sku: THERE })).kind).toBe("duplicate");
  });

  it("is answered not-ready, with nothing done, when the other member is silent, and may be sent again", async () => {
    pair.fate = () => "is lost";
    expect(await move(id)).toMatchObject({ kind: "fault", code: "not-ready" });
    pair.fate = () => "arrives";
    expect((await move(id)).kind).toBe("applied");
  });

  it("is left to its SKU by a crash between claim and movement", async () => {
    const { messages } = pair;
    pair.fate = (n) => (n === messages + 2 ? "is lost" : "arrives");
    start(movement(id), () => undefined);
    await pair.scheduler.runFor(1_000);
    pair.sides.a.process.kill();
    await pair.open();
    expect((await move(id, { sku: THERE })).kind).toBe("duplicate");
    expect((await move(id)).kind).toBe("applied");
    expect(onHand(HERE)).toBe(1);
  });
});

describe("movements of one SKU", () => {
  it("are decided in the order in which they came, with registries here and there", async () => {
    const order: string[] = [];
    const ids = ["p", "q", "r", "s", "t", "u"].map((name, index) => idAt(index % 2 === 0 ? "b" : "a", name));
    for (const id of ids) start(movement(id), () => order.push(id));
    await pair.until(() => order.length === ids.length, "all answers");
    expect(order).toEqual(ids);
    const { records } = booksOf(pair);
    expect(records.get(HERE)?.version).toBe(ids.length);
  });

  it("go on behind one whose claim is not answered", async () => {
    const first = idAt("b", "v");
    const { messages } = pair;
    pair.fate = (n) => (n === messages + 1 ? "is lost" : "arrives");
    const heard: string[] = [];
    start(movement(first), ({ kind }) => heard.push(kind));
    start(movement(idAt("a", "w")), ({ kind }) => heard.push(kind));
    await pair.until(() => heard.length === 2, "two answers");
    expect(heard).toEqual(["fault", "applied"]);
  });
});
