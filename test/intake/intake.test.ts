/** The way of an event into the grid. N1 to N4 are those of src/intake/intake.ts. */

import { beforeEach, describe, expect, it } from "vitest";
import { parseMovement } from "../../src/api/index.ts";
import type { LocationId } from "../../src/base/index.ts";
import { type Arrival, Intake, type Outcome } from "../../src/intake/index.ts";
import type { Grid, MovementResult } from "../../src/member/index.ts";
import type { Location } from "../../src/shard/index.ts";
import type { Movement } from "../../src/stock/index.ts";
import { SystemClock } from "../../src/system/index.ts";
import { MemoryLetters, MemorySignals } from "../support/memory-letters.ts";
import { silentLog } from "../support/silent-log.ts";

/** A grid that knows ids and locations, and answers when it is told. */
class Desk implements Pick<Grid, "move" | "location"> {
  readonly moved: Movement[] = [];
  readonly locations = new Set(["dc-1", "dc-2"]);
  readonly #owed: (() => void)[] = [];
  readonly #ids = new Set<string>();
  isHeld = false;
  fault: MovementResult | undefined;

  move(movement: Movement, done: (result: MovementResult) => void): void {
    this.moved.push(movement);
    const result = this.#resultOf(movement);
    this.#answer(() => done(result));
  }

  location(id: LocationId, done: Parameters<Grid["location"]>[1]): void {
    this.#answer(() => done({ kind: "read", value: this.locations.has(id) ? ({ id } as Location) : undefined }));
  }

  release(): void {
    for (const answer of this.#owed.splice(0)) answer();
  }

  #answer(answer: () => void): void {
    if (this.isHeld) this.#owed.push(answer);
    else queueMicrotask(answer);
  }

  #resultOf({ id, location, reverses }: Movement): MovementResult {
    if (this.fault !== undefined) return this.fault;
    if (!this.locations.has(location)) return { kind: "not-found", detail: `location ${location} is not known` };
    const waits = reverses !== undefined && !this.#ids.has(reverses);
    const kind = this.#ids.has(id) ? "duplicate" : waits ? "pending" : "applied";
    this.#ids.add(id);
    return { kind, version: this.#ids.size };
  }
}

let desk: Desk;
let letters: MemoryLetters;
let signals: MemorySignals;
let intake: Intake;
beforeEach(() => {
  desk = new Desk();
  letters = new MemoryLetters();
  signals = new MemorySignals();
  intake = new Intake({
    grid: desk,
    codesOf: () => ({ item: () => undefined, place: () => undefined }),
    locationOf: () => undefined,
    parseMovement,
    deadLetters: letters,
    signals,
    clock: new SystemClock(),
    log: silentLog,
  });
});

let events = 0;
const event = (data: unknown, more: object = {}): object => ({
  specversion: "1.0",
  id: `e${++events}`,
  source: "/s",
  type: "x",
  data,
  ...more,
});
const arrival = (value: unknown, more: Partial<Arrival> = {}): Arrival => ({
  ...{ source: "wms", value, subject: "http", key: `k${++events}` },
  bytes: () => Buffer.from(JSON.stringify(value)),
  ...more,
});
const take = (given: Arrival): Promise<Outcome> => new Promise((resolve) => intake.take(given, resolve));
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

const lines = [
  { item: "A", quantity: 1 },
  { item: "B", quantity: 2 },
];
const SHIP = { event: "ship", warehouse: "dc-1", lines };
const VIEW = { event: "page-view", item: "A" };

describe("an event", () => {
  it("is answered once all of its movements are committed (N1)", async () => {
    desk.isHeld = true;
    let outcome: Outcome | undefined;
    intake.take(arrival(event(SHIP)), (given) => {
      outcome = given;
    });
    await settled();
    expect([desk.moved.length, outcome]).toEqual([2, undefined]);
    desk.release();
    expect(outcome).toMatchObject({ kind: "applied", movements: 2, version: 2 });
  });

  it("that is a signal is answered once that is kept (N1)", async () => {
    expect(await take(arrival(event(VIEW), { source: "ecommerce" }))).toMatchObject({
      kind: "accepted",
      why: expect.stringMatching(/no stock/),
    });
    expect(signals.signals).toMatchObject([
      { source: "ecommerce", kind: "page-view", sku: "A", id: expect.stringMatching(/^\/s e\d+-1$/) },
    ]);
    signals.away = true;
    expect(await take(arrival(event(VIEW), { source: "ecommerce" }))).toMatchObject({
      kind: "retry",
      fault: { code: "outcome-unknown" },
    });
  });

  it("reaches the grid in its turn (N2)", async () => {
    desk.isHeld = true;
    for (const sku of ["A", "B", "C"]) {
      void take(arrival(event({ type: "receipt", sku, location: "dc-1", quantity: 1 })));
    }
    expect(desk.moved.map(({ sku }) => sku)).toEqual(["A", "B", "C"]);
  });

  it("given again is a duplicate and changes nothing (N4)", async () => {
    const same = event(SHIP);
    expect(await take(arrival(same))).toMatchObject({ kind: "applied" });
    expect(await take(arrival(same))).toMatchObject({ kind: "duplicate", movements: 2 });
  });

  it("that waits for another is pending, and is answered (N1)", async () => {
    const move = desk.move.bind(desk);
    desk.move = (movement, done) =>
      movement.sku === "B" ? queueMicrotask(() => done({ kind: "pending", version: 3 })) : move(movement, done);
    expect(await take(arrival(event(SHIP)))).toMatchObject({ kind: "pending", movements: 2 });
  });

  it("that met a fault is to be given again, and becomes no dead letter (N3)", async () => {
    desk.fault = { kind: "fault", code: "not-ready", retryAfterMs: 50, detail: "recovering" };
    expect(await take(arrival(event(SHIP)))).toMatchObject({ kind: "retry", fault: { code: "not-ready" } });
    expect(letters.letters.size).toBe(0);
  });

  it("of two places moves nothing while one of them is unknown", async () => {
    const move = { event: "move", warehouse: "dc-1", toWarehouse: "dc-3", lines };
    const same = event(move);
    expect(await take(arrival(same))).toMatchObject({
      kind: "rejected",
      reason: expect.stringMatching(/location dc-3 is not known; none/),
    });
    expect(desk.moved).toEqual([]);
    desk.locations.add("dc-3");
    expect(await take(arrival(same))).toMatchObject({ kind: "applied", movements: 4 });
  });

  it("on which the grid throws has failed, and has one answer", async () => {
    desk.move = () => {
      throw new Error("broken");
    };
    const outcomes: Outcome[] = [];
    intake.take(arrival(event(SHIP)), (outcome) => outcomes.push(outcome));
    await settled();
    expect(outcomes).toMatchObject([{ kind: "failed", event: { source: "/s" } }]);
  });
});

describe("what cannot be read or applied", () => {
  it.each<[string, unknown, Partial<Arrival>, string, RegExp]>([
    ["no JSON", undefined, {}, "", /must be a CloudEvent/],
    ["no envelope", {}, {}, "/specversion", /must be "1.0"/],
    ["no id", event(SHIP, { id: "" }), {}, "/id", /not empty/],
    ["a source with white space", event(SHIP, { source: "a b" }), {}, "/source", /white space/],
    ["a broken time", event(SHIP, { time: "noon" }), {}, "/time", /RFC 3339/],
    ["data twice", event(SHIP, { data_base64: "e30=" }), {}, "/data_base64", /together with data/],
    ["no base64", event(undefined, { data_base64: "?" }), {}, "/data_base64", /must be base64/],
    ["base64 of no JSON", event(undefined, { data_base64: "fQ==" }), {}, "/data_base64", /UTF-8, and JSON/],
    ["an unknown source", event(SHIP), { source: "fax" }, "", /the source must be one of pos, ecommerce/],
    ["an unknown form", event({ event: "dance" }), {}, "/data/event", /must be one of receive/],
    ["another location", event(SHIP), { location: "dc-2" as LocationId }, "/data/warehouse", /the event was sent for dc-2/],
    ["an unknown location", event({ ...SHIP, warehouse: "x" }), {}, "", /location x is not known/],
  ])("is kept as it came, with its reason: %s (N3)", async (_, value, more, path, reason) => {
    const given = arrival(value, { ...more, bytes: () => Buffer.from("as it came") });
    expect(await take(given)).toMatchObject({ kind: "rejected", path, reason: expect.stringMatching(reason), deadLetter: 1 });
    expect([...letters.letters.values()]).toMatchObject([
      { path, reason: expect.stringMatching(reason), subject: "http", source: given.source },
    ]);
    expect(Buffer.from(letters.letters.get(1)?.body ?? []).toString()).toBe("as it came");
  });

  it("is to be given again when it cannot be kept (N3)", async () => {
    letters.away = true;
    expect(await take(arrival({}))).toMatchObject({
      kind: "retry",
      fault: { detail: expect.stringMatching(/dead letters did not answer/) },
    });
  });

  it("makes one letter for one delivery that comes twice", async () => {
    const given = arrival({});
    expect([await take(given), await take(given)]).toMatchObject([{ deadLetter: 1 }, { deadLetter: 1 }]);
  });

  it("stays the letter that it is when it is tried again", async () => {
    expect(await take(arrival({}, { isReplay: true }))).toMatchObject({ kind: "rejected" });
    expect(letters.letters.size).toBe(0);
  });

  it("applies on replay only what the first time left out (N4)", async () => {
    const both = event({ event: "ship", warehouse: "dc-1", lines });
    let left = 1;
    const move = desk.move.bind(desk);
    desk.move = (movement, done) => {
      if (movement.sku === "B" && left-- > 0) queueMicrotask(() => done({ kind: "level-out-of-range", detail: "too much" }));
      else move(movement, done);
    };
    expect(await take(arrival(both))).toMatchObject({ kind: "rejected", reason: "too much" });
    expect(await take(arrival(both, { isReplay: true }))).toMatchObject({ kind: "applied", movements: 2 });
    expect(desk.moved.map(({ sku }) => sku)).toEqual(["A", "A", "B"]);
  });

  it("may be text in base64, as EDI is", async () => {
    const data_base64 = Buffer.from("ISA no").toString("base64");
    const given = event(undefined, { data_base64, datacontenttype: "application/edi-x12" });
    expect(await take(arrival(given, { source: "supplier" }))).toMatchObject({ reason: expect.stringMatching(/no whole X12/) });
  });
});
