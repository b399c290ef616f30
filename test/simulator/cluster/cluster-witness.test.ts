/** The witness accepts what is right and catches each rule broken once. */

import { beforeEach, describe, expect, it } from "vitest";
import type { EpochMs, ReservationId } from "../../../src/base/index.ts";
import { adopted, HandMade, NEW, place, released, skuIn } from "./hand-made.ts";

let hand: HandMade;

beforeEach(() => {
  hand = new HandMade();
});

/** Shard 0 with five units, in lane a. */
function openA(): void {
  hand.open("a", [0, 1]);
  hand.append("a", [hand.stock("received", skuIn(0), { onHand: 5 }), hand.stock("received", skuIn(1), { onHand: 5 })]);
}

function hold(lane: string, units = 1): ReservationId {
  const id = hand.newId(skuIn(0));
  hand.append(lane, [hand.made(id, [[skuIn(0), units]]), hand.stock("held", skuIn(0), { held: units }, { cause: id })]);
  return id;
}

/** A dies, B seals its lane, claims and adopts shard 0. */
function failOver(): void {
  hand.announce("b");
  const sealed = hand.announce("a");
  hand.claim(0, "b", 2, place("a", sealed));
  hand.append("b", [adopted(0, 2, place("a", sealed))]);
}

describe("a witness over many lanes accepts", () => {
  it("a planned move, a failover and a restart, and follows the records through them", () => {
    openA();
    hold("a");
    hand.announce("b");
    const seq = hand.append("a", [released(0, 1, "b")]);
    hand.claim(0, "b", 2, place("a", seq));
    hand.append("b", [adopted(0, 2, place("a", seq))]);
    hold("b");
    const restarted = hand.announce("b");
    hand.claim(0, "b", 3, place("b", restarted));
    hand.append("b", [adopted(0, 3, place("b", restarted))]);
    hold("b");
    const sealed = hand.announce("b");
    hand.announce("c");
    hand.claim(0, "c", 4, place("b", sealed));
    hand.append("c", [adopted(0, 4, place("b", sealed))]);
    hold("c");
    const witness = hand.read();
    expect(witness.books.levels(`${skuIn(0)} at here`)?.held).toBe(4);
    expect([witness.chains.adoptions, witness.chains.segment(0 as never)]).toMatchObject([5, { lane: "c", epoch: 4 }]);
    witness.books.atRest();
  });

  it("claims that never led to an adoption, in a lane that was sealed", () => {
    openA();
    hand.announce("b");
    hand.announce("c");
    const first = hand.announce("a");
    hand.claim(0, "b", 2, place("a", first));
    const second = hand.announce("b");
    hand.claim(0, "c", 3, place("b", second));
    hand.append("c", [adopted(0, 3, place("b", second))]);
    hand.announce("c");
    hand.claim(0, "c", 4, place("c", 3));
    expect(hand.read().chains.segment(0 as never)?.epoch).toBe(3);
  });

  it("the same claim with other standbys", () => {
    openA();
    hand.claim(0, "a", 1, NEW);
    expect(hand.read().chains.shards).toBe(2);
  });
});

describe("W1 catches", () => {
  it("a record of another lane", () => {
    openA();
    hand.append("a", [hand.stock("received", skuIn(0), { onHand: 1 })], { lane: "b" });
    expect(() => hand.read()).toThrow(/W1.*is of lane b/);
  });

  it("a record that does not follow the one before", () => {
    openA();
    hand.append("a", [hand.stock("received", skuIn(0), { onHand: 1 })], { previous: 7 });
    expect(() => hand.read()).toThrow(/W1.*does not follow/);
  });

  it("a record of an older writer", () => {
    openA();
    hand.announce("a");
    hand.append("a", [{ entry: "barrier" }], { epoch: 1 });
    expect(() => hand.read()).toThrow(/W1.*writer 1 after 2/);
  });
});

describe("W2 to W4 catch", () => {
  it("a version left out", () => {
    openA();
    hand.append("a", [hand.stock("received", skuIn(0), { onHand: 1 }, { skip: 1 })]);
    expect(() => hand.read()).toThrow(/W2/);
  });

  it("a reservation made twice", () => {
    openA();
    hand.append("a", [hand.made(hold("a"), [[skuIn(0), 0]])]);
    expect(() => hand.read()).toThrow(/W2.*second time/);
  });

  it("levels that are not the fold", () => {
    openA();
    hand.append("a", [hand.stock("received", skuIn(0), { onHand: 1 }, { wrong: { onHand: 99 } })]);
    expect(() => hand.read()).toThrow(/W3/);
  });

  it("a hold of more than there is", () => {
    openA();
    hold("a", 6);
    expect(() => hand.read()).toThrow(/W4.*oversold/);
  });

  it("a hold of more than was asked", () => {
    openA();
    const id = hand.newId(skuIn(0));
    hand.append("a", [hand.made(id, [[skuIn(0), 2, 1]]), hand.stock("held", skuIn(0), { held: 2 }, { cause: id })]);
    expect(() => hand.read()).toThrow(/W4.*more than was asked/);
  });
});

describe("W5 catches", () => {
  it("a line in the shard of its reservation that its record does not have", () => {
    openA();
    hand.append("a", [hand.made(hand.newId(skuIn(0)), [[skuIn(0), 1]])]);
    expect(() => hand.read()).toThrow(/W5/);
  });

  it("a line in another shard that does not follow although the reservation is settled", () => {
    openA();
    const id = hand.newId(skuIn(0));
    const lines = [[skuIn(0), 1] as const, [skuIn(1), 1] as const];
    hand.append("a", [hand.made(id, lines), hand.stock("held", skuIn(0), { held: 1 }, { cause: id })]);
    expect(() => hand.read()).toThrow(/W5.*settled/);
  });

  it("a record that follows a reservation that was never made", () => {
    openA();
    hand.append("a", [hand.stock("held", skuIn(1), { held: 1 }, { cause: hand.newId(skuIn(0)) })]);
    expect(() => hand.read()).toThrow(/W5.*never made/);
  });

  it("a movement that changes what is held", () => {
    openA();
    hand.append("a", [hand.stock("sold", skuIn(0), { held: 1 })]);
    expect(() => hand.read()).toThrow(/W5.*movement/);
  });
});

describe("W6 catches", () => {
  it("a hold that ends before its time", () => {
    openA();
    const id = hold("a");
    const ended = { kind: "expired" as const, changes: [{ line: 0, held: -1, allocated: 0, fulfilled: 0 }] };
    hand.append("a", [hand.changed(id, ended), hand.stock("expired", skuIn(0), { held: -1 }, { cause: id })]);
    expect(() => hand.read()).toThrow(/W6.*before its time/);
  });

  it("a hold confirmed after its time", () => {
    openA();
    const id = hold("a");
    const changes = [{ line: 0, held: -1, allocated: 1, fulfilled: 0 }];
    const confirmed = hand.changed(id, { kind: "confirmed", at: 2_000 as EpochMs, changes });
    hand.append("a", [confirmed, hand.stock("confirmed", skuIn(0), { held: -1, allocated: 1 }, { cause: id })]);
    expect(() => hand.read()).toThrow(/W6.*after its hold has ended/);
  });
});

describe("W7 catches", () => {
  it("a key used twice, also in two lanes", () => {
    openA();
    const key = (reservation: ReservationId) =>
      ({ entry: "key", sku: skuIn(0), key: "k", fingerprint: "f", reservation, at: 1_000 as EpochMs }) as const;
    hand.append("a", [key(hold("a"))]);
    failOver();
    hand.append("b", [key(hold("b"))]);
    expect(() => hand.read()).toThrow(/W7.*key/);
  });

  it("a movement applied twice, to one record or to two", () => {
    openA();
    hand.append("a", [hand.stock("received", skuIn(0), { onHand: 1 }, { cause: "m" })]);
    hand.append("a", [hand.stock("received", skuIn(1), { onHand: 1 }, { cause: "m" })]);
    expect(() => hand.read()).toThrow(/W7.*movement m/);
  });
});

describe("W8 catches", () => {
  it("an entry of a shard that was never adopted", () => {
    openA();
    hand.append("a", [hand.stock("received", skuIn(2), { onHand: 1 })]);
    expect(() => hand.read()).toThrow(/W8.*never adopted/);
  });

  it("an entry after the release", () => {
    openA();
    hand.append("a", [released(0, 1)]);
    hold("a");
    expect(() => hand.read()).toThrow(/W8.*released/);
  });

  it("an entry of a later writer that did not adopt again", () => {
    openA();
    hand.announce("a");
    hold("a");
    expect(() => hand.read()).toThrow(/W8.*by writer 2/);
  });

  it("an owner that writes on after another one took over", () => {
    openA();
    failOver();
    hold("a");
    expect(() => hand.read()).toThrow(/W8.*belongs to writer 1 of b/);
  });

  it("an adoption that leaves out the last entries", () => {
    openA();
    hold("a");
    hand.announce("b");
    hand.announce("a");
    hand.claim(0, "b", 2, place("a", 3));
    hand.append("b", [adopted(0, 2, place("a", 3))]);
    expect(() => hand.read()).toThrow(/W8.*not at the end/);
  });

  it("an adoption from before the seal", () => {
    openA();
    const last = hand.append("a", [{ entry: "barrier" }]);
    hand.announce("b");
    hand.announce("a");
    hand.claim(0, "b", 2, place("a", last));
    hand.append("b", [adopted(0, 2, place("a", last))]);
    expect(() => hand.read()).toThrow(/W8.*not at the end/);
  });

  it("an adoption that begins anew", () => {
    openA();
    hand.announce("a");
    hand.claim(0, "a", 2, NEW);
    hand.append("a", [adopted(0, 2, NEW)]);
    expect(() => hand.read()).toThrow(/W8.*anew/);
  });

  it("an adoption from what is not committed", () => {
    openA();
    hand.announce("b");
    hand.announce("a");
    hand.claim(0, "b", 2, place("a", 99));
    hand.append("b", [adopted(0, 2, place("a", 99))]);
    expect(() => hand.read()).toThrow(/W8.*not committed/);
  });

  it("an adoption with an epoch that is over", () => {
    openA();
    failOver();
    hand.append("a", [adopted(0, 1, NEW)], { epoch: 2 });
    expect(() => hand.read()).toThrow(/W[89]/);
  });

  it("a release of another epoch", () => {
    openA();
    hand.append("a", [released(0, 2)]);
    expect(() => hand.read()).toThrow(/W8.*releases epoch 2/);
  });
});

describe("W9 catches", () => {
  it("an adoption that was never claimed", () => {
    hand.announce("a");
    hand.append("a", [adopted(0, 1, NEW)]);
    expect(() => hand.read()).toThrow(/W9.*never claimed/);
  });

  it("an adoption that was claimed only later", () => {
    hand.announce("a");
    hand.append("a", [adopted(0, 1, NEW)]);
    hand.claim(0, "a", 1, NEW, { at: 0 as never });
    expect(() => hand.read()).toThrow(/W9.*never claimed/);
  });

  it.each([
    ["member", { owner: "b" }],
    ["writer", { writer: 7 }],
    ["origin", { origin: place("b", 1) }],
  ])("an adoption claimed by another %s", (_, change) => {
    hand.announce("a");
    hand.announce("b");
    hand.claim(0, "a", 1, NEW, change);
    hand.append("a", [adopted(0, 1, NEW)]);
    expect(() => hand.read()).toThrow(/W9.*was claimed as/);
  });

  it("a claim changed without a new epoch", () => {
    openA();
    hand.announce("b");
    hand.claim(0, "b", 1, NEW);
    expect(() => hand.read()).toThrow(/W9.*without a new epoch/);
  });

  it("an epoch left out", () => {
    openA();
    hand.claim(0, "a", 3, NEW);
    expect(() => hand.read()).toThrow(/W9.*epoch 3 after 1/);
  });

  it("a claim while the owner may still write", () => {
    openA();
    hand.announce("b");
    hand.claim(0, "b", 2, place("a", 3));
    expect(() => hand.read()).toThrow(/W9.*may still write/);
  });
});
