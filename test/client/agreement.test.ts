/** The types and names that the client has of its own agree with those of the API and the feed. Types are compared by the type checker. */

import { describe, expect, it } from "vitest";
import type * as api from "../../src/api/contract/index.ts";
import { PROBLEM_SLUGS } from "../../src/api/contract/index.ts";
import type { ClusterMap } from "../../src/api/nats/index.ts";
import { hash32 } from "../../src/base/index.ts";
import { hashOfReservationId, hashOfReserve } from "../../src/client/call.ts";
import { availabilityKeys, eventSubjects, positionOf, recordOfKey, sequenceOf } from "../../src/client/feed-names.ts";
import type * as client from "../../src/client/index.ts";
import { FAULT_SLUGS, REFUSAL_REASONS } from "../../src/client/problem.ts";
import { positionOf as feedPositionOf, filterSubject } from "../../src/feed/event-tail.ts";
import { availabilityKey, eventSubject } from "../../src/feed/tokens.ts";
import { formatReservationId, skuHashOfReservationId } from "../../src/reservation/index.ts";

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** True when each can stand for the other, and neither has a member that the other lacks. */
type Same<A, B> = [DeepReadonly<A>] extends [DeepReadonly<B>]
  ? [DeepReadonly<B>] extends [DeepReadonly<A>]
    ? [Names<A>, Names<B>] extends [Names<B>, Names<A>]
      ? true
      : "a member is missing"
    : "the second is wider"
  : "the first is wider";

/** Names of all members of all alternatives. */
type Names<T> = T extends unknown ? keyof T : never;

function agree<A, B>(_same: Same<A, B>): void {
  expect(_same).toBe(true);
}

describe("the types of the client", () => {
  it("agree with the schemas of the requests", () => {
    agree<client.ReserveOne, api.ReserveOneBody>(true);
    agree<client.ReserveLines, api.ReserveLinesBody>(true);
    agree<client.Line, api.LinePartBody>(true);
    agree<client.Movement, api.MovementBody>(true);
    agree<client.AvailabilityQuery, api.AvailabilityBody>(true);
    agree<client.LocationBody, api.LocationBody>(true);
  });

  it("agree with the schemas of the answers", () => {
    agree<client.Reservation, api.ReservationView>(true);
    agree<client.ReservationLine, api.ReservationLineView>(true);
    agree<client.StockRecord, api.StockRecordView>(true);
    agree<client.StockLevels, api.StockTotals>(true);
    agree<client.Stock, api.StockView>(true);
    agree<client.Availability, api.AvailabilityView>(true);
    agree<client.Location, api.LocationView>(true);
    agree<client.Locations, api.LocationsView>(true);
    agree<client.ShardMap, ClusterMap>(true);
  });

  it("agree with the problems", () => {
    agree<client.ProblemSlug, api.ProblemSlug>(true);
    // The grid's ids are branded; on the wire they are texts.
    type Unbranded = Omit<api.Problem, "shortages"> & { readonly shortages?: readonly client.Shortage[] };
    agree<client.Problem, Unbranded>(true);
    agree<client.MovementResult, Omit<api.MovementResultView, "problem"> & { readonly problem?: client.Problem }>(true);
  });

  it("are told apart by the comparison itself", () => {
    // @ts-expect-error a member is missing on one side
    agree<client.Line, Omit<api.LinePartBody, "sku">>(true);
    // @ts-expect-error an optional member is missing on one side, which plain assignability does not see
    agree<client.Movement, Omit<api.MovementBody, "reason">>(true);
    // @ts-expect-error a status is missing on one side
    agree<client.Reservation["status"], "held" | "confirmed">(true);
  });

  it("know every problem as a refusal or as a fault", () => {
    expect([...REFUSAL_REASONS, ...FAULT_SLUGS].sort()).toEqual([...PROBLEM_SLUGS].sort());
  });
});

const NAMES = ["plain", "a.b", "a/b", "50% *>", "Größe ä", "日本", "a=b", "🙂"];

describe("the names of the client", () => {
  it("are those that the feed writes", () => {
    for (const name of NAMES) {
      expect(eventSubjects({ sku: name, location: "x.1", type: "held" })).toBe(eventSubject("x.1", name, "held"));
      expect(eventSubjects({ location: name })).toBe(filterSubject({ location: name }));
      expect(availabilityKeys({ sku: name, location: "x.1" })).toBe(availabilityKey("x.1", name));
      expect(recordOfKey(availabilityKey(name, "x.1"))).toEqual({ location: name, sku: "x.1" });
    }
  });

  it("hold positions that the feed gives out, and no others", () => {
    const created = "2026-01-02T03:04:05.678Z";
    for (const seq of [0, 1, 35, 1_000_000]) {
      expect(positionOf(created, seq)).toBe(feedPositionOf(created, seq));
      expect(sequenceOf(created, feedPositionOf(created, seq))).toBe(seq);
    }
    expect(sequenceOf("2027-01-02T03:04:05.678Z", feedPositionOf(created, 7))).toBeUndefined();
    expect(sequenceOf(created, "e7-zzz")).toBeUndefined();
  });

  it("route a reservation by the SKU that its id will carry", () => {
    const id = formatReservationId(1_767_323_045_678 as Parameters<typeof formatReservationId>[0], 1, hash32("A"));
    expect(hashOfReservationId(id)).toBe(skuHashOfReservationId(id));
    expect(hashOfReservationId("no id")).toBeUndefined();
    const lines = ["B", "A", "C"].map((sku) => ({ sku, location: "dc", quantity: 1 }));
    expect(hashOfReserve({ lines })).toBe(hash32("A"));
  });
});
