import { describe, expect, it } from "vitest";
import { availabilityStart, eventStart, flushMarkText, parseFlushMark } from "../../src/feed/cursor.ts";
import { SettledProgress } from "../../src/feed/settled-progress.ts";

const at = (record: number, streamSeq: number) => ({ record, streamSeq });

describe("where the events start again", () => {
  it.each([
    ["an empty stream: at the start of the lane", undefined, 0, undefined, 1, { from: 1, skipThrough: -1, skipEvents: 0 }],
    ["a tail: right after it", { seq: 9, index: 4 }, 50, undefined, 1, { from: 9, skipThrough: 4, skipEvents: 0 }],
    ["a tail and an older cursor: the tail", { seq: 9, index: 4 }, 50, at(7, 40), 5, { from: 9, skipThrough: 4, skipEvents: 0 }],
    [
      "a cursor past the tail, nothing published since",
      { seq: 9, index: 4 },
      50,
      at(30, 50),
      20,
      { from: 31, skipThrough: -1, skipEvents: 0 },
    ],
    ["no tail: after the cursor and what followed it", undefined, 50, at(7, 40), 5, { from: 8, skipThrough: -1, skipEvents: 10 }],
    ["no tail and no cursor, whole lane: counted", undefined, 50, undefined, 1, { from: 1, skipThrough: -1, skipEvents: 50 }],
    [
      "a new stream with the cursor of an old one: at the start",
      undefined,
      0,
      at(7, 40),
      5,
      { from: 5, skipThrough: -1, skipEvents: 0 },
    ],
  ])("%s", (_, tail, last, cursor, laneFirst, start) => {
    expect(eventStart(tail, last, cursor, laneFirst)).toEqual({ ...start, last });
  });

  it("is never guessed when the journal before it is gone", () => {
    expect(() => eventStart(undefined, 50, undefined, 5)).toThrow("cannot be told");
  });
});

describe("where availability starts again", () => {
  const lane = { first: 5, last: 90 };
  it.each([
    ["an empty bucket", undefined, 0, undefined, { from: 5, holdUntil: 0 }],
    ["a broken flush: holds back until its end", { before: 20, upTo: 30 }, 70, undefined, { from: 21, holdUntil: 30 }],
    ["a cursor past the last flush", { before: 20, upTo: 30 }, 70, at(60, 70), { from: 61, holdUntil: 0 }],
    ["a cursor of before the last flush", { before: 20, upTo: 30 }, 70, at(10, 50), { from: 21, holdUntil: 30 }],
    ["a tail that is not ours: all of the lane before anything is written", undefined, 70, undefined, { from: 5, holdUntil: 90 }],
  ])("%s", (_, tail, last, cursor, start) => {
    expect(availabilityStart(tail, last, cursor, lane)).toEqual({ ...start, last });
  });

  it("reads its own mark and no other lane's", () => {
    expect(parseFlushMark("l0", flushMarkText("l0", { before: 3, upTo: 9 }))).toEqual({ before: 3, upTo: 9 });
    expect(parseFlushMark("l1", flushMarkText("l0", { before: 3, upTo: 9 }))).toBeUndefined();
    expect(parseFlushMark("l0", "")).toBeUndefined();
  });
});

describe("settled progress", () => {
  const cursor = (record: number) => ({ events: at(record, record), availability: at(record, record) });

  it("is the newest that is old enough", () => {
    const progress = new SettledProgress(1_000);
    for (let second = 0; second <= 10; second++) progress.observe(second * 100, cursor(second));
    expect(progress.settled(999)).toBeUndefined();
    expect(progress.settled(1_450)).toEqual(cursor(4));
  });

  it("waits anew after the outputs were read again, and keeps what had settled", () => {
    const progress = new SettledProgress(1_000);
    progress.observe(0, cursor(1));
    progress.observe(500, cursor(2));
    expect(progress.settled(1_000)).toEqual(cursor(1));
    progress.forget();
    expect(progress.settled(9_000)).toEqual(cursor(1));
  });
});
