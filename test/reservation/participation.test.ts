/** Q1 to Q3: what a participant takes over from a word of the home shard, one row a case, and for any order of words. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EpochMs, LocationId, Sku } from "../../src/base/index.ts";
import { decideFollow, isOver, type Participation, type ParticipationLine } from "../../src/reservation/index.ts";
import { propertySettings } from "../fast-check.ts";
import { ID } from "./build.ts";

type Units = readonly [held: number, allocated: number, fulfilled: number];

function line(sku: string, [held, allocated, fulfilled]: Units): ParticipationLine {
  return { sku: sku as Sku, location: "place" as LocationId, held, allocated, fulfilled };
}

/** A participation of lines a, b, c ... */
function at(version: number, ...units: readonly Units[]): Participation {
  const lines = units.map((each, index) => line(String.fromCharCode(97 + index), each));
  return { id: ID, version, lines, at: version as EpochMs };
}

type Row = readonly [name: string, recorded: Participation | undefined, word: Participation, after: unknown];

const ROWS: readonly Row[] = [
  ["of a newer version is taken over", at(1, [2, 0, 0]), at(3, [0, 2, 0]), [[0, -2, 2, 0]]],
  ["of the same version changes nothing", at(3, [2, 0, 0]), at(3, [0, 2, 0]), "nothing"],
  ["of an older version changes nothing", at(4, [0, 2, 0]), at(3, [2, 0, 0]), "nothing"],
  ["that says what is known is only remembered", at(1, [2, 0, 0]), at(2, [2, 0, 0]), []],
  ["does what all before it would have done", at(1, [2, 0, 0]), at(5, [0, 0, 1]), [[0, -2, 0, 1]]],
  // biome-ignore format: one row a case
  ["names every line that differs", at(1, [2, 0, 0], [1, 0, 0], [4, 0, 0]), at(2, [0, 0, 0], [1, 0, 0], [0, 4, 0]), [[0, -2, 0, 0], [2, -4, 4, 0]]],
  ["before any hold is remembered, so that the hold comes too late", undefined, at(2, [0, 0, 0]), []],
  ["about what was forgotten ships nothing a second time", undefined, at(9, [0, 0, 3]), []],
];

describe("a word of the home shard", () => {
  it.each(ROWS)("%s", (_name, recorded, word, after) => {
    const followed = decideFollow(recorded, word);
    const changes = followed?.changes.map((each) => [each.line, each.held, each.allocated, each.fulfilled]);
    expect(changes ?? "nothing").toEqual(after);
    if (followed !== undefined) expect(followed.participation).toEqual(word);
  });

  it("with levels to count from, when nothing is recorded, changes the difference to those", () => {
    const followed = decideFollow(undefined, at(2, [0, 2, 0]), at(1, [2, 0, 0]).lines);
    expect(followed?.changes).toEqual([{ line: 0, held: -2, allocated: 2, fulfilled: 0 }]);
  });

  it("finds its lines whatever their order is", () => {
    const recorded = { ...at(1), lines: [line("b", [1, 0, 0]), line("a", [2, 0, 0])] };
    expect(decideFollow(recorded, at(2, [0, 0, 0], [1, 0, 0]))?.changes).toEqual([
      { line: 0, held: -2, allocated: 0, fulfilled: 0 },
    ]);
  });

  it("Q1, Q2: leads to the levels of the newest, whichever words come, in whatever order and however often", () => {
    const units = fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5));
    fc.assert(
      fc.property(
        fc.array(units, { minLength: 2, maxLength: 8 }),
        fc.array(fc.nat(7), { minLength: 1, maxLength: 20 }),
        (story, order) => {
          const words = story.map((each, index) => at(index + 1, each));
          const [hold] = words as [Participation];
          let recorded = hold;
          const stock = { ...(hold.lines[0] as ParticipationLine) };
          for (const index of order) {
            const followed = decideFollow(recorded, words[index % words.length] as Participation);
            for (const change of followed?.changes ?? []) {
              stock.held += change.held;
              stock.allocated += change.allocated;
              stock.fulfilled += change.fulfilled;
            }
            recorded = followed?.participation ?? recorded;
          }
          const newest = Math.max(0, ...order.map((index) => index % words.length));
          expect(recorded).toEqual(words[newest]);
          expect(stock).toEqual(words[newest]?.lines[0]);
        },
      ),
      propertySettings(300),
    );
  });
});

describe("a participation", () => {
  it.each([
    ["with units held is not over", at(1, [1, 0, 0]), false],
    ["with units allocated is not over", at(1, [0, 0, 1], [0, 1, 0]), false],
    ["with all shipped or given back is over", at(1, [0, 0, 3], [0, 0, 0]), true],
  ] as const)("%s", (_name, participation, over) => {
    expect(isOver(participation)).toBe(over);
  });
});
