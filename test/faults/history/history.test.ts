/** The history checker: what it must accept, what it must refuse, and how it says so. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { propertySettings } from "../../fast-check.ts";
import { checkHistory, mustBeLinearizable } from "./check-history.ts";
import { linearize } from "./linearize.ts";
import { type Answer, type Call, HistoryRecorder, type RecordedCall } from "./recorder.ts";
import { type Flaw, simulate } from "./simulated-grid.ts";
import { SPLIT_DEFAULTS, splitByRecord } from "./split.ts";
import { type StockOperation, stockModel } from "./stock-model.ts";

const PAIR = { sku: "sku", location: "place" };
const FAR = 1e9;
const NEVER = Number.POSITIVE_INFINITY;

/** One call: from, to (NEVER: no answer), what, and what came back. */
type Row = readonly [from: number, to: number, call: Call, answer?: Answer];

function history(...rows: readonly Row[]): readonly RecordedCall[] {
  return rows.map(([invokedAt, returnedAt, call, answer = { kind: "unknown" }], index) => ({
    client: `c${index}`,
    call,
    answer,
    invokedAt,
    returnedAt,
  }));
}

const receive = (quantity: number): Call => ({ kind: "receive", line: { ...PAIR, quantity } });
const reserve = (quantity: number, ttlMs = FAR): Call => ({ kind: "reserve", lines: [{ ...PAIR, quantity }], ttlMs });
const transit = (kind: "confirm" | "release" | "fulfill", id: string): Call => ({ kind: "transit", transit: kind, id });
const READ: Call = { kind: "read", ...PAIR, isStrict: true };
const LOOSE_READ: Call = { kind: "read", ...PAIR, isStrict: false };
const DONE: Answer = { kind: "done" };
const made = (id: string, expiresAt = FAR): Answer => ({ kind: "reserved", id, expiresAt });
const refused = (reason: string): Answer => ({ kind: "refused", reason });
const short = (requested: number, available: number): Answer => ({
  kind: "insufficient-stock",
  shortages: [{ ...PAIR, requested, available }],
});
const levels = (onHand: number, held: number, allocated = 0, version = 0): Answer => ({
  kind: "levels",
  levels: { onHand, held, allocated, version },
});
const OPENING: Row = [0, 1, receive(5), DONE];

const ACCEPTED: Readonly<Record<string, readonly RecordedCall[]>> = {
  "nothing at all": [],
  "a life from hold to shipment": history(
    OPENING,
    [2, 3, reserve(2), made("r")],
    [4, 5, transit("confirm", "r"), DONE],
    [6, 7, READ, levels(5, 0, 2)],
    [8, 9, transit("fulfill", "r"), DONE],
    [10, 11, READ, levels(3, 0)],
  ),
  "a read beside a hold that sees it, and one that does not": history(
    OPENING,
    [2, 9, reserve(2), made("r")],
    [3, 4, READ, levels(5, 0)],
    [5, 6, READ, levels(5, 2)],
  ),
  "a refusal while a hold was on its way that was released later": history(
    OPENING,
    [2, 6, reserve(5), made("r")],
    [3, 5, reserve(1), short(1, 0)],
    [7, 8, transit("release", "r"), DONE],
    [9, 10, reserve(1), made("s")],
  ),
  "a hold with no answer that shows much later": history(
    OPENING,
    [2, NEVER, reserve(2)],
    [3, 4, READ, levels(5, 0)],
    [50, 51, READ, levels(5, 2)],
  ),
  "a hold with no answer that never shows": history(OPENING, [2, NEVER, reserve(5)], [3, 4, reserve(5), made("r")]),
  "a release with no answer that frees the units for the next": history(
    OPENING,
    [2, 3, reserve(5), made("r")],
    [4, NEVER, transit("release", "r")],
    [5, 6, reserve(5), made("s")],
  ),
  "a hold that ended at its time": history(
    OPENING,
    [2, 3, reserve(5, 200), made("r", 202)],
    [400, 401, transit("confirm", "r"), refused("reservation-expired")],
    [402, 403, reserve(5), made("s")],
  ),
  "a repeated confirm and release": history(
    OPENING,
    [2, 3, reserve(2), made("r")],
    [4, 8, transit("confirm", "r"), DONE],
    [5, 7, transit("confirm", "r"), DONE],
    [9, 10, transit("release", "r"), DONE],
    [11, 12, transit("release", "r"), DONE],
    [13, 14, READ, levels(5, 0)],
  ),
  "a confirm that overtook a release": history(
    OPENING,
    [2, 3, reserve(2), made("r")],
    [4, 9, transit("release", "r"), DONE],
    [5, 10, transit("confirm", "r"), DONE],
    [11, 12, READ, levels(5, 0)],
  ),
  "a read that is not strict and old": history(OPENING, [2, 3, reserve(2), made("r")], [4, 5, LOOSE_READ, levels(5, 0)]),
};

const REFUSED: Readonly<Record<string, readonly RecordedCall[]>> = {
  "a stale strict read": history(OPENING, [2, 3, reserve(2), made("r")], [4, 5, READ, levels(5, 0)]),
  "a strict read that goes back": history(
    OPENING,
    [2, 9, reserve(2), made("r")],
    [3, 4, READ, levels(5, 2)],
    [5, 6, READ, levels(5, 0)],
  ),
  "an oversell": history(OPENING, [2, 3, reserve(4), made("r")], [4, 5, reserve(2), made("s")]),
  "two concurrent holds for one unit too much": history(OPENING, [2, 6, reserve(3), made("r")], [3, 5, reserve(3), made("s")]),
  "a lost acknowledged hold": history(
    OPENING,
    [2, 3, reserve(2), made("r")],
    [4, 5, transit("confirm", "r"), refused("not-found")],
  ),
  "a refusal that nothing explains": history(OPENING, [2, 3, reserve(5), short(5, 4)]),
  "a refusal that names the wrong number": history(OPENING, [2, 3, reserve(4), made("r")], [4, 5, reserve(3), short(3, 0)]),
  "a hold that ended before its time": history(
    OPENING,
    [2, 3, reserve(5, 5_000), made("r", 5_002)],
    [400, 401, transit("confirm", "r"), refused("reservation-expired")],
  ),
  "a confirm of what was released before": history(
    OPENING,
    [2, 3, reserve(2), made("r")],
    [4, 5, transit("release", "r"), DONE],
    [6, 7, transit("confirm", "r"), DONE],
  ),
  "a read of one strict version after a newer one": history(
    OPENING,
    [2, 3, READ, levels(5, 0, 0, 9)],
    [4, 5, READ, levels(5, 0, 0, 8)],
  ),
};

describe("a history with an explanation", () => {
  it.each(Object.entries(ACCEPTED))("is accepted: %s", (_, calls) => {
    expect(checkHistory(calls)).toMatchObject({ violations: [], undecided: [] });
  });
});

describe("a history without one", () => {
  it.each(Object.entries(REFUSED))("is refused: %s", (_, calls) => {
    expect(checkHistory(calls).violations).toHaveLength(1);
  });

  it("is refused for a hold that outlives its time, when lateness is bounded", () => {
    const calls = history(OPENING, [2, 3, reserve(5, 200), made("r", 202)], [4_000, 4_001, reserve(1), short(1, 0)]);
    expect(checkHistory(calls).violations).toEqual([]);
    expect(checkHistory(calls, { expiryLateMs: 1_000 }).violations).toHaveLength(1);
  });

  it("is told from the last certain state to the answer that nothing explains", () => {
    const calls = history(OPENING, [2, 3, reserve(2), made("r")], [4, 9, reserve(1), made("s")], [5, 6, READ, levels(5, 1)]);
    expect(() => mustBeLinearizable(calls)).toThrow(
      [
        "sku@place: no order of the operations explains this answer:",
        "  5.0 .. 6.0 ms  c3  read onHand 5, held 1, allocated 0",
        "the state when it came back may have been",
        "  onHand 5, held 2, allocated 0, available 3",
        "with or without what was still under way then (marked ?)",
        "nothing was under way and it was certain before: onHand 5, held 2, allocated 0, available 3; since then",
        "? 4.0 .. 9.0 ms  c2  held 1 as s",
      ].join("\n"),
    );
  });
});

describe("lines of a refused reservation over several shards", () => {
  const other = { sku: "other", location: "place" };
  const both: Call = {
    kind: "reserve",
    lines: [
      { ...PAIR, quantity: 2 },
      { ...other, quantity: 1 },
    ],
    ttlMs: FAR,
  };
  const shortOfOther: Answer = { kind: "insufficient-stock", shortages: [{ ...other, requested: 1, available: 0 }] };
  const seenAt = (from: number): readonly RecordedCall[] =>
    history(OPENING, [2, 6, both, shortOfOther], [from, from + 1, READ, levels(5, 2)], [900, 901, READ, levels(5, 0)]);

  it("may be held while it is decided, and shortly after, where that is allowed", () => {
    expect(checkHistory(seenAt(3), { passingMs: 100 }).violations).toEqual([]);
    expect(checkHistory(seenAt(50), { passingMs: 100 }).violations).toEqual([]);
  });

  it("may not stay", () => {
    expect(checkHistory(seenAt(200), { passingMs: 100 }).violations).toHaveLength(1);
    expect(checkHistory(seenAt(3)).violations).toHaveLength(1);
  });
});

describe("lines of other SKUs than the first in order", () => {
  const first = { sku: "a", location: "place" };
  const lines = [
    { ...PAIR, quantity: 2 },
    { ...first, quantity: 1 },
  ];
  const two: Call = { kind: "reserve", lines, ttlMs: FAR };
  const stillHeld = (sku: string, held: number): readonly RecordedCall[] => {
    const pair = { sku, location: "place" };
    return history(
      [0, 1, { kind: "receive", line: { ...pair, quantity: 5 } }, DONE],
      [0, 1, { kind: "receive", line: { sku: sku === "a" ? "sku" : "a", location: "place", quantity: 5 } }, DONE],
      [2, 3, two, made("r")],
      [4, 5, transit("release", "r"), DONE],
      [50, 51, { kind: "read", ...pair, isStrict: true }, levels(5, held)],
    );
  };

  it("may follow a transition later, that of the first may not", () => {
    expect(checkHistory(stillHeld("sku", 2), { followMs: 100 }).violations).toEqual([]);
    expect(checkHistory(stillHeld("sku", 2), { followMs: 10 }).violations).toHaveLength(1);
    expect(checkHistory(stillHeld("a", 1), { followMs: 100 }).violations).toHaveLength(1);
  });

  it("may follow an expiry later", () => {
    const ends: Call = { kind: "reserve", lines, ttlMs: 10 };
    const calls = history(
      OPENING,
      [0, 1, { kind: "receive", line: { ...first, quantity: 5 } }, DONE],
      [2, 3, ends, made("r", 12)],
      [200, 201, READ, levels(5, 2)],
    );
    expect(checkHistory(calls, { expiryLateMs: 50, followMs: 300 }).violations).toEqual([]);
    expect(checkHistory(calls, { expiryLateMs: 50, followMs: 20 }).violations).toHaveLength(1);
  });

  it("may have been held and given back before, when the call took so long that it was tried again", () => {
    const took = (ms: number): readonly RecordedCall[] =>
      history(
        OPENING,
        [0, 1, { kind: "receive", line: { ...first, quantity: 5 } }, DONE],
        [2, ms, two, made("r")],
        [10, 11, READ, levels(5, 2)],
        [20, 21, READ, levels(5, 0)],
        [ms + 1, ms + 2, READ, levels(5, 2)],
      );
    for (const ms of [400, 900]) expect(checkHistory(took(ms), { passingMs: 100 }).violations).toEqual([]);
    expect(checkHistory(took(100), { passingMs: 100 }).violations).toHaveLength(1);
  });
});

describe("the recorder", () => {
  it("keeps a lost try as a call of its own when a later try was refused, until its outcome is known", () => {
    let now = 0;
    const recorder = new HistoryRecorder(() => now++);
    const lost = recorder.begin("c", reserve(2)).answered(short(2, 1), 1);
    expect(recorder.calls().map(({ answer }) => answer.kind)).toEqual(["insufficient-stock", "unknown"]);
    lost?.answered(made("r"));
    expect(recorder.calls()).toMatchObject([
      { answer: { kind: "insufficient-stock" }, invokedAt: 0, returnedAt: 1 },
      { answer: { kind: "reserved" }, invokedAt: 0, returnedAt: 2 },
    ]);
  });
});

const RUNS = 150;
const SOME_RUN = fc.record({
  seed: fc.nat(),
  clients: fc.integer({ min: 1, max: 5 }),
  callsEach: fc.integer({ min: 0, max: 12 }),
});
/** The simulated grid ends a hold at its very time, before anything else happens then. */
const EXACT = { clockSlackMs: 0, expiryLateMs: 0 };

describe("histories of a simulated grid", () => {
  it("are accepted when it is right, whatever the delays and lost answers", () => {
    fc.assert(
      fc.property(SOME_RUN, fc.constantFrom(0, 0.05), (run, lostPart) => {
        const calls = simulate({ ...run, lostPart, flaw: "none" });
        expect(checkHistory(calls, EXACT)).toMatchObject({ violations: [], undecided: [] });
      }),
      propertySettings(RUNS),
    );
  });

  it.each<Flaw>(["lost-hold", "oversell", "stale-read"])("are refused when it has the flaw %s", (flaw) => {
    fc.assert(
      fc.property(SOME_RUN, (run) => {
        const calls = simulate({ ...run, lostPart: 0, flaw });
        expect(checkHistory(calls, EXACT).violations).toHaveLength(1);
      }),
      propertySettings(RUNS),
    );
  });

  it("of 2,000 calls on one record are decided within seconds", () => {
    const begun = performance.now();
    const calls = simulate({ seed: 1, clients: 5, callsEach: 400, lostPart: 0, flaw: "none" });
    expect(checkHistory(calls, EXACT)).toMatchObject({ violations: [], undecided: [] });
    expect(performance.now() - begun).toBeLessThan(20_000);
  });
});

describe("the shortcuts of the search", () => {
  it("decide as a search without them does", () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom<Flaw>("none", "none", "lost-hold", "stale-read"), fc.nat(), (seed, flaw, bend) => {
        const calls = simulate({ seed, clients: 3, callsEach: 4, lostPart: 0.1, flaw });
        const operations = bent(calls, bend);
        const fast = stockModel(operations);
        const slow = { ...fast, groupOf: () => "one", twinOf: () => undefined };
        expect(linearize(fast, operations).kind).toBe(linearize(slow, operations).kind);
      }),
      propertySettings(RUNS),
    );
  });
});

/** The operations of the only record, one read of them changed by a unit or not at all: right and wrong histories alike. */
function bent(calls: readonly RecordedCall[], bend: number): readonly StockOperation[] {
  const operations = splitByRecord(calls, { ...SPLIT_DEFAULTS, clockSlackMs: 0 }).get("sku@place") ?? [];
  return operations.map((operation, index) => {
    const { action } = operation;
    if (action.kind !== "read" || index % 7 !== bend % 7) return operation;
    return { ...operation, action: { ...action, held: action.held + (bend % 3) - 1 } };
  });
}
