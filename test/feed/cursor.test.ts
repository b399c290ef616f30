import { describe, expect, it } from "vitest";
import {
  availabilityStart,
  type EventMark,
  eventStart,
  flushMarkAt,
  flushMarkText,
  flushPointerText,
  type Progress,
  parseFlushMark,
} from "../../src/feed/cursor.ts";
import { mergedCursor } from "../../src/feed/cursor-store.ts";
import { parseVector, vectorText } from "../../src/feed/lane-vector.ts";
import { SettledProgress } from "../../src/feed/settled-progress.ts";

type Lanes = Readonly<Record<string, number>>;

const CREATED = "2026-01-01T00:00:00Z";
const at = (lanes: Lanes, streamSeq: number, created = CREATED): Progress => ({ lanes, anew: false, streamSeq, created });
const vector = (lanes: Lanes, anew = false): string => vectorText({ positions: new Map(Object.entries(lanes)), anew });
const damaged = (lanes: Lanes): string => vector(lanes).replace(/.$/, "7");

/** The ids of messages that end at `last`; `id vector` where there is one. */
function end(last: number, ...messages: readonly (string | readonly [id: string, vector: string])[]) {
  const from = last - messages.length + 1;
  const marks = messages.map((message, index): EventMark => {
    const [id, text] = typeof message === "string" ? [message, ""] : message;
    return { seq: from + index, id, vector: text };
  });
  return { created: CREATED, last, marks, from, whole: from === 1 };
}

describe("a vector of lane positions", () => {
  it.each([[{}], [{ l0: 1 }], [{ "eu=20west_n-1_0": 12, l1: 0, l2: 999_999_999_999 }]])(
    "reads back as it was written: %j",
    (lanes) => {
      for (const anew of [true, false]) {
        expect(parseVector(vector(lanes, anew))).toEqual({ positions: new Map(Object.entries(lanes)), anew });
      }
    },
  );

  it("is not read when any character of it has changed, or it was cut", () => {
    const text = vector({ l0: 12, l1: 345 });
    for (let i = 0; i < text.length; i++) {
      expect(parseVector(`${text.slice(0, i)}#${text.slice(i + 1)}`), `changed at ${i}`).toBeUndefined();
      expect(parseVector(text.slice(0, i)), `cut at ${i}`).toBeUndefined();
    }
  });

  it("takes some 2.5 kB for a hundred lanes", () => {
    const lanes = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`default_node-${i}_0`, 10_000_000 + i]));
    expect(vector(lanes).length).toBeLessThan(3_000);
  });
});

describe("where the events start again", () => {
  it.each([
    [
      "a vector and the ids behind it",
      end(50, ["l0-9-0", vector({ l0: 8, l1: 3 })], "l0-9-1", "l1-4-0", "l0-10-2"),
      undefined,
      { l0: 9, l1: 4 },
      { lane: "l0", seq: 10, index: 2 },
    ],
    [
      "a run that begins within a record",
      end(50, ["l0-9-512", vector({ l0: 8 })]),
      undefined,
      { l0: 8 },
      { lane: "l0", seq: 9, index: 512 },
    ],
    [
      "the newest vector of several",
      end(50, ["l0-1-0", vector({ l1: 7 })], ["l0-2-0", vector({ l0: 1, l1: 9 })]),
      undefined,
      { l0: 1, l1: 9 },
      { lane: "l0", seq: 2, index: 0 },
    ],
    [
      "the vector before a damaged one",
      end(50, ["l0-1-0", vector({ l1: 7 })], ["l1-8-0", damaged({ l0: 1, l1: 7 })]),
      undefined,
      { l0: 1, l1: 7 },
      { lane: "l1", seq: 8, index: 0 },
    ],
    [
      "the cursor when the only vector is damaged",
      end(50, ["l1-8-0", damaged({ l0: 1 })]),
      at({ l0: 5 }, 49),
      { l0: 5, l1: 7 },
      { lane: "l1", seq: 8, index: 0 },
    ],
    [
      "all ids from the first message on when its vector is damaged",
      end(2, ["l0-1-0", damaged({})], "l1-1-0"),
      undefined,
      { l0: 1, l1: 0 },
      { lane: "l1", seq: 1, index: 0 },
    ],
    [
      "a cursor that is further in a lane: records without events",
      end(50, ["l0-9-0", vector({ l0: 8 })]),
      at({ l0: 30, l1: 2 }, 50),
      { l0: 30, l1: 2 },
      undefined,
    ],
    [
      "a cursor of another stream: the tail alone",
      end(50, ["l0-9-0", vector({ l0: 8 })]),
      at({ l0: 30 }, 50, "before"),
      { l0: 8 },
      { lane: "l0", seq: 9, index: 0 },
    ],
    [
      "a cursor from beyond the end: the tail alone",
      end(50, ["l0-9-0", vector({ l0: 8 })]),
      at({ l0: 30 }, 51),
      { l0: 8 },
      { lane: "l0", seq: 9, index: 0 },
    ],
    ["the cursor when retention has removed every message", end(50), at({ l0: 9, l1: 3 }, 50), { l0: 9, l1: 3 }, undefined],
    [
      "a message of somebody else: passed over",
      end(50, ["l0-9-0", vector({ l0: 8 })], "", "x"),
      undefined,
      { l0: 8 },
      { lane: "l0", seq: 9, index: 0 },
    ],
  ])("%s", (_, tail, cursor, lanes, partial) => {
    const start = eventStart(tail, cursor);
    expect(Object.fromEntries(start.positions)).toEqual(lanes);
    expect(start).toMatchObject({ partial, last: tail.last, fresh: false, anew: false });
  });

  it("is the start of the lanes in an empty stream, made anew when there was one before", () => {
    expect(eventStart(end(0), undefined)).toMatchObject({ fresh: true, anew: false, last: 0 });
    expect(eventStart(end(0), at({ l0: 7 }, 40, "before"))).toMatchObject({ fresh: true, anew: true, positions: new Map() });
  });

  it.each([
    ["neither vector nor cursor", end(50, "l0-9-0"), undefined],
    ["a cursor of before what is kept", end(50, "l0-9-0"), at({ l0: 5 }, 48)],
    ["nothing kept and a cursor of before the end", end(50), at({ l0: 5 }, 49)],
  ])("is never guessed: %s", (_, tail, cursor) => {
    expect(() => eventStart(tail, cursor)).toThrow("cannot be told");
  });
});

describe("where availability starts again", () => {
  const bucket = { created: CREATED, last: 70 };
  const mark = {
    before: {
      positions: new Map([
        ["l0", 20],
        ["l1", 5],
      ]),
      anew: false,
    },
    upTo: new Map([["l0", 30]]),
  };

  it.each([
    ["a broken flush: holds back until its end", mark, undefined, { l0: 20, l1: 5 }, new Map([["l0", 30]])],
    ["a cursor past the last flush", mark, at({ l0: 60, l1: 4 }, 70), { l0: 60, l1: 5 }, new Map([["l0", 30]])],
    ["a cursor of another bucket", mark, at({ l0: 60 }, 70, "before"), { l0: 20, l1: 5 }, new Map([["l0", 30]])],
    ["no mark and a cursor of the end", undefined, at({ l0: 60 }, 70), { l0: 60 }, new Map()],
    ["no mark: everything before anything is written", undefined, at({ l0: 60 }, 69), { l0: 60 }, "end"],
    ["neither", undefined, undefined, {}, "end"],
  ])("%s", (_, flush, cursor, lanes, hold) => {
    const start = availabilityStart(flush, bucket, cursor);
    expect(Object.fromEntries(start.positions)).toEqual(lanes);
    expect(start).toMatchObject({ hold, last: 70, fresh: false });
  });

  it("is the start of the lanes in an empty bucket", () => {
    expect(availabilityStart(undefined, { created: CREATED, last: 0 }, undefined)).toMatchObject({
      fresh: true,
      hold: new Map(),
    });
  });

  it("reads its own mark, follows a pointer to it, and knows nothing else", () => {
    expect(parseFlushMark(flushMarkText(mark))).toEqual(mark);
    expect(flushMarkAt(9, flushMarkText(mark))).toBe(9);
    expect(flushMarkAt(9, flushPointerText(4))).toBe(4);
    for (const text of ["", "@", "3 9 l0", flushMarkText(mark).slice(1)]) expect(flushMarkAt(9, text), text).toBeUndefined();
  });
});

describe("the stored cursor", () => {
  const cursor = (lanes: Lanes, seq: number, created = CREATED) => ({
    events: at(lanes, seq, created),
    availability: at(lanes, seq, created),
  });

  it("keeps the further position of each lane, whoever saves", () => {
    expect(mergedCursor(cursor({ l0: 9, gone: 4 }, 50), cursor({ l0: 7, l1: 2 }, 40))).toEqual(
      cursor({ l0: 9, gone: 4, l1: 2 }, 50),
    );
  });

  it("is replaced when the streams are others", () => {
    expect(mergedCursor(cursor({ l0: 9, gone: 4 }, 50, "before"), cursor({ l0: 7 }, 40))).toEqual(cursor({ l0: 7 }, 40));
  });
});

describe("settled progress", () => {
  const cursor = (record: number) => ({ events: at({ l0: record }, record), availability: at({ l0: record }, record) });

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
