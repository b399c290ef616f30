/** Copies of shards that do not show one moment are noticed by the reservations that they share. */

import { describe, expect, it } from "vitest";
import { type EpochMs, hash32, type LocationId, type Sku, shardOfHash } from "../../src/base/index.ts";
import { CutCheck } from "../../src/cli/cut-check.ts";
import { encodeParticipation, encodeReservation, participationKey, reservationKey } from "../../src/codec/index.ts";
import type { ImageRow } from "../../src/member/index.ts";
import { formatReservationId, type Reservation } from "../../src/reservation/index.ts";

const SHARDS = 8;
const UK = "uk" as LocationId;
const AT = 1_000 as EpochMs;
const HERE = "sku-0" as Sku;
const HOME = shardOfHash(hash32(HERE), SHARDS);
const THERE = Array.from({ length: 40 }, (_, index) => `sku-${index}` as Sku).find(
  (sku) => shardOfHash(hash32(sku), SHARDS) !== HOME,
) as Sku;
const OTHER = shardOfHash(hash32(THERE), SHARDS);
const ID = formatReservationId(AT, 1, hash32(HERE));

function atHome(version: number, held: number, unsettled = false): ImageRow {
  const line = { location: UK, requested: 2, quantity: 2, allocated: 0, fulfilled: 0 };
  const lines = [HERE, THERE].map((sku) => ({ ...line, sku, held }));
  const times = { createdAt: AT, expiresAt: AT, updatedAt: AT };
  const words = { mode: "all", lastTransition: "held", stage: "standing", reference: undefined, channel: undefined } as const;
  const reservation: Reservation = { id: ID, version, lines, unsettled, ...times, ...words };
  return { table: "reservations", key: reservationKey(HOME, ID), value: encodeReservation(reservation) };
}

function atOther(version: number, held: number): ImageRow {
  const lines = [{ sku: THERE, location: UK, held, allocated: 0, fulfilled: 0 }];
  return {
    table: "participations",
    key: participationKey(OTHER, ID),
    value: encodeParticipation({ id: ID, version, lines, at: AT }),
  };
}

function wrong(home: readonly ImageRow[], other: readonly ImageRow[]): string | undefined {
  const check = new CutCheck(SHARDS);
  check.add(OTHER, other);
  check.add(HOME, home);
  return check.wrong();
}

describe("one moment", () => {
  it.each<[string, ImageRow[], ImageRow[]]>([
    ["all have followed", [atHome(3, 2)], [atOther(3, 2)]],
    ["home went on without the other's lines", [atHome(5, 2)], [atOther(3, 2)]],
    ["the other is still to be told", [atHome(4, 0, true)], [atOther(3, 2)]],
    ["the other was not asked yet", [atHome(1, 0, true)], []],
    ["home has forgotten what is over", [], [atOther(4, 0)]],
    ["the other has forgotten what is over", [atHome(4, 0)], []],
  ])("%s", (_, home, other) => expect(wrong(home, other)).toBeUndefined());
});

describe("no moment", () => {
  it.each<[string, ImageRow[], ImageRow[], RegExp]>([
    ["the other holds what home knows nothing of", [], [atOther(1, 2)], /not to its home/],
    ["the other is ahead of home", [atHome(2, 2, true)], [atOther(3, 0)], /version 3 in the shard, 2 at home/],
    ["home is settled and the other has not followed", [atHome(4, 0)], [atOther(3, 2)], /settled at home, not in the shard/],
    ["home is settled and the other never held", [atHome(3, 2)], [], /settled at home, not in the shard/],
  ])("%s", (_, home, other, words) => expect(wrong(home, other)).toMatch(words));
});
