/** Every transition of a reservation from every state, one row a case. */

import { describe, expect, it } from "vitest";
import {
  createReservation,
  decideTransition,
  evolveReservation,
  type Reservation,
  statusOf,
  type Transition,
} from "../../src/reservation/index.ts";
import { EXPIRES, fresh, having, isEvent, NOW, outcome, part } from "./build.ts";

type Row = readonly [name: string, before: Reservation, transition: Transition, after: unknown];

const CONFIRM: readonly Row[] = [
  ["allocates all that is held", fresh(2, 3), { kind: "confirm" }, ["confirmed", [0, 2, 0], [0, 3, 0]]],
  ["allocates the part named", fresh(2, 3), { kind: "confirm", lines: [part("b", 1)] }, ["confirmed", [2, 0, 0], [2, 1, 0]]],
  ["sums parts of one line", fresh(3), { kind: "confirm", lines: [part("a", 1), part("a", 2)] }, ["confirmed", [0, 3, 0]]],
  [
    "skips a line with nothing held",
    having("confirmed", [0, 2, 0], [3, 0, 0]),
    { kind: "confirm" },
    ["confirmed", [0, 2, 0], [0, 3, 0]],
  ],
  ["once more does nothing", having("confirmed", [0, 2, 0]), { kind: "confirm" }, "nothing"],
  ["of a part once more does nothing", having("confirmed", [0, 2, 0]), { kind: "confirm", lines: [part("a", 2)] }, "nothing"],
  ["of what is shipped does nothing", having("fulfilled", [0, 0, 2]), { kind: "confirm" }, "nothing"],
  ["of more than the line has is refused", fresh(2), { kind: "confirm", lines: [part("a", 3)] }, "conflict"],
  ["of more in two parts is refused", fresh(2), { kind: "confirm", lines: [part("a", 1), part("a", 2)] }, "conflict"],
  ["of a line it does not have is refused", fresh(2), { kind: "confirm", lines: [part("z", 1)] }, "conflict"],
  ["refuses as a whole", fresh(2, 2), { kind: "confirm", lines: [part("a", 1), part("b", 9)] }, "conflict"],
  ["after the release is refused", having("released", [0, 0, 0, 2]), { kind: "confirm" }, "reservation-released"],
  ["after the expiry is refused", having("expired", [0, 0, 0, 2]), { kind: "confirm" }, "reservation-expired"],
  [
    "of a part after the expiry is refused for the expiry",
    having("expired", [0, 0, 0, 2]),
    { kind: "confirm", lines: [part("z", 9)] },
    "reservation-expired",
  ],
  [
    "of units that have expired is refused",
    having("expired", [0, 0, 0, 2], [0, 1, 0]),
    { kind: "confirm", lines: [part("a", 1)] },
    "conflict",
  ],
];

const RELEASE: readonly Row[] = [
  ["gives back what is held", fresh(2, 3), { kind: "release" }, ["released", [0, 0, 0], [0, 0, 0]]],
  ["gives back what is allocated", having("confirmed", [0, 2, 0]), { kind: "release" }, ["released", [0, 0, 0]]],
  ["gives back both", having("confirmed", [1, 2, 0]), { kind: "release" }, ["released", [0, 0, 0]]],
  [
    "of a part takes held units first",
    having("confirmed", [1, 2, 0]),
    { kind: "release", lines: [part("a", 2)] },
    ["released", [0, 1, 0]],
  ],
  ["leaves what is shipped", having("fulfilled", [0, 1, 2]), { kind: "release" }, ["released", [0, 0, 2]]],
  ["once more does nothing", having("released", [0, 0, 0, 2]), { kind: "release" }, "nothing"],
  [
    "of a part once more does nothing",
    having("released", [0, 0, 0, 2], [1, 0, 0]),
    { kind: "release", lines: [part("a", 2)] },
    "nothing",
  ],
  ["after the expiry does nothing", having("expired", [0, 0, 0, 2]), { kind: "release" }, "nothing"],
  ["of what is shipped is refused", having("fulfilled", [0, 0, 2]), { kind: "release" }, "conflict"],
  ["of more than is left is refused", having("fulfilled", [1, 0, 2]), { kind: "release", lines: [part("a", 2)] }, "conflict"],
];

const FULFILL: readonly Row[] = [
  ["ships what is allocated", having("confirmed", [0, 2, 0]), { kind: "fulfill" }, ["fulfilled", [0, 0, 2]]],
  ["leaves what is held", having("confirmed", [1, 2, 0]), { kind: "fulfill" }, ["fulfilled", [1, 0, 2]]],
  ["ships a part", having("confirmed", [0, 3, 0]), { kind: "fulfill", lines: [part("a", 1)] }, ["fulfilled", [0, 2, 1]]],
  ["once more does nothing", having("fulfilled", [0, 0, 2]), { kind: "fulfill" }, "nothing"],
  [
    "of a part once more does nothing",
    having("fulfilled", [0, 0, 2], [0, 1, 0]),
    { kind: "fulfill", lines: [part("a", 2)] },
    "nothing",
  ],
  ["of what is only held is refused", fresh(2), { kind: "fulfill" }, "conflict"],
  ["of a part that is only held is refused", fresh(2), { kind: "fulfill", lines: [part("a", 1)] }, "conflict"],
  [
    "of more than is allocated is refused",
    having("confirmed", [0, 2, 0]),
    { kind: "fulfill", lines: [part("a", 3)] },
    "conflict",
  ],
  ["after the release is refused", having("released", [0, 0, 0, 2]), { kind: "fulfill" }, "reservation-released"],
  ["after the expiry is refused", having("expired", [0, 0, 0, 2]), { kind: "fulfill" }, "reservation-expired"],
  [
    "after a part expired ships the rest",
    having("expired", [0, 0, 0, 2], [0, 1, 0]),
    { kind: "fulfill" },
    ["fulfilled", [0, 0, 0], [0, 0, 1]],
  ],
];

const EXTEND: readonly Row[] = [
  ["moves the end", fresh(2), { kind: "extend", ttlMs: 5_000 }, ["extended", [2, 0, 0]]],
  [
    "with a part confirmed moves the end of the rest",
    having("confirmed", [1, 1, 0]),
    { kind: "extend", ttlMs: 1 },
    ["extended", [1, 1, 0]],
  ],
  ["of what is confirmed is refused", having("confirmed", [0, 2, 0]), { kind: "extend", ttlMs: 1 }, "conflict"],
  ["of what is shipped is refused", having("fulfilled", [0, 0, 2]), { kind: "extend", ttlMs: 1 }, "conflict"],
  ["after the release is refused", having("released", [0, 0, 0, 2]), { kind: "extend", ttlMs: 1 }, "reservation-released"],
  ["after the expiry is refused", having("expired", [0, 0, 0, 2]), { kind: "extend", ttlMs: 1 }, "reservation-expired"],
];

describe.each([
  ["confirming", CONFIRM],
  ["releasing", RELEASE],
  ["fulfilling", FULFILL],
  ["extending", EXTEND],
])("%s", (_title, rows) => {
  it.each(rows)("%s", (_name, before, transition, after) => {
    expect(outcome(before, transition)).toEqual(after);
  });
});

describe("expiring", () => {
  it.each([
    ["before its time does nothing", fresh(2), EXPIRES - 1, "nothing"],
    ["at its time gives back what is held", fresh(2), EXPIRES, ["expired", [0, 0, 0]]],
    ["later gives back what is held", fresh(2), EXPIRES + 9_999, ["expired", [0, 0, 0]]],
    ["leaves what is confirmed", having("confirmed", [1, 2, 0]), EXPIRES, ["expired", [0, 2, 0]]],
    ["of what is confirmed does nothing", having("confirmed", [0, 2, 0]), EXPIRES, "nothing"],
    ["once more does nothing", having("expired", [0, 0, 0, 2]), EXPIRES, "nothing"],
  ])("%s", (_name, before, now, after) => {
    expect(outcome(before, { kind: "expire" }, now as never)).toEqual(after);
  });
});

describe("the end of a hold", () => {
  it("is counted from the moment of the extension", () => {
    const decision = decideTransition(fresh(1), { kind: "extend", ttlMs: 5_000 }, NOW);
    expect(decision).toMatchObject({ kind: "extended", expiresAt: NOW + 5_000, changes: [], version: 2 });
  });

  it("is kept by every other transition", () => {
    for (const kind of ["confirm", "release"] as const) {
      expect(decideTransition(fresh(1), { kind }, NOW)).toMatchObject({ expiresAt: EXPIRES });
    }
  });
});

describe("the status of a reservation", () => {
  it.each([
    ["held", fresh(2)],
    ["held", having("confirmed", [1, 1, 0])],
    ["held", having("fulfilled", [1, 0, 1])],
    ["confirmed", having("confirmed", [0, 2, 0])],
    ["confirmed", having("expired", [0, 0, 0, 2], [0, 1, 0])],
    ["confirmed", having("released", [0, 1, 0, 2])],
    ["fulfilled", having("fulfilled", [0, 0, 2])],
    ["released", having("released", [0, 0, 0, 2])],
    ["released", having("released", [0, 0, 1, 2])],
    ["expired", having("expired", [0, 0, 0, 2])],
  ] as const)("is %s", (status, reservation) => {
    expect(statusOf(reservation)).toBe(status);
  });

  it("of an extension is that of the units, not of the extension", () => {
    const decision = decideTransition(fresh(1), { kind: "extend", ttlMs: 1 }, NOW);
    expect(isEvent(decision) && evolveReservation(fresh(1), decision).lastTransition).toBe("held");
  });
});

describe("a reservation in part", () => {
  it("holds what was there and remembers what was asked", () => {
    const made = createReservation({
      kind: "held",
      id: fresh(1).id,
      version: 1,
      at: NOW,
      expiresAt: EXPIRES,
      mode: "partial",
      lines: [{ ...part("a", 2), requested: 5 }],
      reference: "order 7",
      channel: "web",
    });
    expect(made).toMatchObject({ mode: "partial", version: 1, reference: "order 7", channel: "web", createdAt: NOW });
    expect(made.lines).toMatchObject([{ requested: 5, quantity: 2, held: 2, allocated: 0, fulfilled: 0 }]);
  });
});
