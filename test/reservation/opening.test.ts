/** R1 to R4 for reservations that are opened over several shards, one row a case and for any story. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EpochMs } from "../../src/base/index.ts";
import {
  createReservation,
  decideGrant,
  decideRefusal,
  decideSettlement,
  decideTransition,
  evolveReservation,
  type Reservation,
  type ReservationMode,
  statusOf,
} from "../../src/reservation/index.ts";
import { propertySettings } from "../fast-check.ts";
import { EXPIRES, ID, isEvent, MADE, NOW, part } from "./build.ts";

/** Being opened: of each line what was asked and what is held at home. */
function opening(mode: ReservationMode, ...lines: readonly (readonly [requested: number, held: number])[]): Reservation {
  return createReservation({
    kind: "opened",
    id: ID,
    version: 1,
    at: MADE,
    expiresAt: EXPIRES,
    mode,
    lines: lines.map(([requested, quantity], index) => ({
      ...part(String.fromCharCode(97 + index), quantity),
      requested,
    })),
    reference: undefined,
    channel: undefined,
  });
}

function granted(reservation: Reservation, grants: readonly (readonly [number, number])[]): unknown {
  const event = decideGrant(reservation, new Map(grants), NOW);
  if (event === undefined) return "not enough";
  const { lines, stage, unsettled } = evolveReservation(reservation, event);
  expect([stage, unsettled]).toEqual(["standing", false]);
  return lines.map((line) => [line.quantity, line.held]);
}

describe("granting", () => {
  // biome-ignore format: one row a case
  it.each([
    ["all, with every line in full", opening("all", [2, 2], [3, 0]), [[1, 3]], [[2, 2], [3, 3]]],
    ["all, with a line short", opening("all", [2, 2], [3, 0]), [[1, 2]], "not enough"],
    ["all, with a line that nobody granted", opening("all", [2, 2], [3, 0], [1, 0]), [[1, 3]], "not enough"],
    ["partial, with less", opening("partial", [2, 2], [3, 0]), [[1, 1]], [[2, 2], [1, 1]]],
    ["partial, with nothing away", opening("partial", [2, 1], [3, 0]), [[1, 0]], [[1, 1], [0, 0]]],
    ["partial, with nothing at home", opening("partial", [2, 0], [3, 0]), [[1, 3]], [[0, 0], [3, 3]]],
    ["partial, with nothing at all", opening("partial", [2, 0], [3, 0]), [[1, 0]], "not enough"],
  ] as const)("%s", (_name, reservation, grants, after) => {
    expect(granted(reservation, grants)).toEqual(after);
  });
});

describe("a reservation that is being opened", () => {
  it("is unsettled", () => {
    expect(opening("all", [2, 2], [3, 0])).toMatchObject({ stage: "opening", unsettled: true, version: 1 });
  });

  it.each(["confirm", "release", "fulfill"] as const)("cannot %s", (kind) => {
    expect(decideTransition(opening("all", [2, 2], [3, 0]), { kind }, NOW)).toMatchObject({ kind: "conflict" });
  });

  it("is refused, not expired, when its time is over", () => {
    const reservation = opening("all", [2, 2], [3, 0]);
    expect(decideTransition(reservation, { kind: "expire" }, (EXPIRES - 1) as EpochMs)).toBeUndefined();
    expect(decideTransition(reservation, { kind: "expire" }, EXPIRES)).toMatchObject({ kind: "refused" });
  });

  it("refused gives back what it held and keeps its stage", () => {
    const reservation = opening("all", [2, 2], [3, 0]);
    const refused = evolveReservation(reservation, { ...decideRefusal(reservation, NOW), unsettled: true });
    expect(refused).toMatchObject({ stage: "refused", unsettled: true, version: 2, lines: [{ held: 0 }, { held: 0 }] });
    const settled = evolveReservation(refused, decideSettlement(refused, NOW));
    expect(settled).toMatchObject({ stage: "refused", unsettled: false, version: 3 });
    expect(decideTransition(settled, { kind: "confirm" }, NOW)).toMatchObject({ kind: "conflict" });
    expect(decideTransition(settled, { kind: "expire" }, EXPIRES)).toBeUndefined();
  });
});

describe("settling", () => {
  it("changes nothing that anybody sees but the version", () => {
    const event = decideGrant(opening("all", [2, 2], [3, 0]), new Map([[1, 3]]), NOW);
    const standing = evolveReservation(opening("all", [2, 2], [3, 0]), event as NonNullable<typeof event>);
    const { version, ...seen } = { ...standing, unsettled: false };
    const { version: after, ...seenAfter } = evolveReservation(standing, decideSettlement(standing, EXPIRES));
    expect(seenAfter).toEqual(seen);
    expect(after).toBe(version + 1);
  });
});

type Step = "confirm" | "release" | "fulfill" | "extend" | "expire" | "settle";

describe("any story of an opened reservation", () => {
  it("R1 to R4 hold, and a transition is unsettled exactly when it says so", () => {
    const lines = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(5)), { minLength: 2, maxLength: 4 });
    const steps = fc.array(
      fc.tuple(fc.constantFrom<Step>("confirm", "release", "fulfill", "extend", "expire", "settle"), fc.boolean()),
    );
    fc.assert(
      fc.property(lines, fc.boolean(), steps, (asked, refuse, story) => {
        let reservation = opening("partial", ...asked.map(([requested]) => [requested, 0] as const));
        const grants = new Map(asked.map(([requested, there], index) => [index, Math.min(requested, there)]));
        const grant = decideGrant(reservation, grants, NOW);
        reservation = evolveReservation(reservation, refuse || grant === undefined ? decideRefusal(reservation, NOW) : grant);
        for (const [step, unsettled] of story) {
          const before = reservation;
          reservation = after(before, step, unsettled);
          expect(reservation.version - before.version).toBe(reservation === before ? 0 : 1);
          expect(reservation.stage).toBe(before.stage);
          expect(sound(reservation)).toBe(true);
          if (before.stage === "refused") expect(statusOf(reservation)).toBe("released");
        }
      }),
      propertySettings(500),
    );
  });
});

function after(before: Reservation, step: Step, unsettled: boolean): Reservation {
  if (step === "settle") return before.unsettled ? evolveReservation(before, decideSettlement(before, NOW)) : before;
  const decision = decideTransition(before, step === "extend" ? { kind: step, ttlMs: 1_000_000 } : { kind: step }, NOW);
  if (!isEvent(decision)) return before;
  const evolved = evolveReservation(before, unsettled && step !== "extend" ? { ...decision, unsettled } : decision);
  expect(evolved.unsettled).toBe(step === "extend" ? before.unsettled : unsettled);
  return evolved;
}

function sound({ lines, stage }: Reservation): boolean {
  return lines.every(({ held, allocated, fulfilled, quantity, requested }) => {
    const inBounds = held >= 0 && allocated >= 0 && fulfilled >= 0 && held + allocated + fulfilled <= quantity;
    return inBounds && quantity <= requested && (stage !== "refused" || held + allocated + fulfilled === 0);
  });
}
