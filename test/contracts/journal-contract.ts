/**
 * What every Journal must do (src/ports/journal.ts, J1 to J4), run on the JetStream adapter and on the simulator's.
 * Each test opens a lane of its own; `open` gives any number of journals of that lane, as separate writers see it.
 */

import { afterEach, describe, expect, it } from "vitest";
import type { LaneSeq } from "../../src/base/index.ts";
import type { AppendOutcome, Journal } from "../../src/ports/index.ts";

export interface LaneUnderTest {
  open(): Promise<Journal>;
  dispose(): Promise<void>;
}

const RACE_ROUNDS = 200;
const RACE_WRITERS = 3;

export function describeJournalContract(name: string, makeLane: () => Promise<LaneUnderTest>): void {
  describe(`journal contract: ${name}`, () => {
    const lanes: LaneUnderTest[] = [];

    afterEach(async () => {
      for (const lane of lanes.splice(0)) await lane.dispose();
    });

    async function newLane(): Promise<LaneUnderTest> {
      const lane = await makeLane();
      lanes.push(lane);
      return lane;
    }

    async function openOne(): Promise<Journal> {
      return await (await newLane()).open();
    }

    describe("bounds", () => {
      it("are 1 and 0 for a lane that never had a record", async () => {
        expect(await (await openOne()).bounds()).toEqual({ first: 1, last: 0 });
      });

      it("reach from the oldest record kept to the newest", async () => {
        const journal = await openOne();
        await fill(journal, 5);
        expect(await journal.bounds()).toEqual({ first: 1, last: 5 });
      });
    });

    describe("append", () => {
      it("numbers records 1, 2, 3 without holes (J1)", async () => {
        const journal = await openOne();
        for (let last = 0; last < 10; last++) {
          expect(await append(journal, bytes(`r${last}`), last)).toEqual({ kind: "committed", seq: last + 1 });
        }
      });

      it("never calls back before it returns, and calls back once", async () => {
        const journal = await openOne();
        let calls = 0;
        const called = Promise.withResolvers<void>();
        journal.append(bytes("a"), 0 as LaneSeq, () => {
          calls++;
          called.resolve();
        });
        expect(calls).toBe(0);
        await called.promise;
        await journal.bounds();
        expect(calls).toBe(1);
      });

      it.each([
        ["behind the end", 1],
        ["beyond the end", 3],
        ["far beyond the end", 1_000],
      ])("refuses a sequence %s and stores nothing (J2)", async (_, expectedLast) => {
        const journal = await openOne();
        await fill(journal, 2);
        expect(await append(journal, bytes("x"), expectedLast)).toEqual({ kind: "wrong-sequence" });
        expect(await journal.bounds()).toEqual({ first: 1, last: 2 });
      });

      it("lets exactly one of several racing writers win each round (J2)", async () => {
        const lane = await newLane();
        const writers: Journal[] = [];
        for (let writer = 0; writer < RACE_WRITERS; writer++) writers.push(await lane.open());
        for (let round = 0; round < RACE_ROUNDS; round++) {
          const outcomes = await Promise.all(writers.map((journal, id) => append(journal, bytes(`${round}/${id}`), round)));
          const winners = outcomes.flatMap((outcome, id) => (outcome.kind === "committed" ? [id] : []));
          expect(winners).toHaveLength(1);
          expect(outcomes.filter((outcome) => outcome.kind === "wrong-sequence")).toHaveLength(RACE_WRITERS - 1);
          expect(text(await reader(writers).read((round + 1) as LaneSeq))).toBe(`${round}/${winners[0]}`);
        }
      });

      it("keeps empty and large records byte for byte", async () => {
        const journal = await openOne();
        const large = Uint8Array.from({ length: 500_000 }, (_, index) => index % 251);
        await append(journal, new Uint8Array(0), 0);
        await append(journal, large, 1);
        expect(await journal.read(1 as LaneSeq)).toHaveLength(0);
        expect(Buffer.compare((await journal.read(2 as LaneSeq)) ?? new Uint8Array(0), large)).toBe(0);
      });
    });

    describe("read", () => {
      it("finds a committed record from another reader at once (J3)", async () => {
        const lane = await newLane();
        const [writer, other] = [await lane.open(), await lane.open()];
        for (let last = 0; last < 20; last++) {
          await append(writer, bytes(`r${last + 1}`), last);
          expect(text(await other.read((last + 1) as LaneSeq))).toBe(`r${last + 1}`);
        }
      });

      it("is undefined before the first, after the last and for a trimmed record", async () => {
        const journal = await openOne();
        await fill(journal, 3);
        await journal.trim(3 as LaneSeq);
        for (const seq of [0, 1, 2, 4]) expect(await journal.read(seq as LaneSeq)).toBeUndefined();
        expect(text(await journal.read(3 as LaneSeq))).toBe("r3");
      });
    });

    describe("replay", () => {
      it.each([
        [1, 6],
        [1, 1],
        [6, 6],
        [3, 5],
      ])("gives the records from %i to %i in order, and no other", async (from, to) => {
        const journal = await openOne();
        await fill(journal, 6);
        const expected = Array.from({ length: to - from + 1 }, (_, index) => [from + index, `r${from + index}`]);
        expect(await replayed(journal, from, to)).toEqual(expected);
      });

      it("of nothing resolves at once", async () => {
        expect(await replayed(await openOne(), 1, 0)).toEqual([]);
      });

      it("does not give records that were appended after the end that was asked for", async () => {
        const journal = await openOne();
        await fill(journal, 3);
        const seen: number[] = [];
        await journal.replay(1 as LaneSeq, 3 as LaneSeq, (seq) => {
          if (seq === 1) journal.append(bytes("r4"), 3 as LaneSeq, () => undefined);
          seen.push(seq);
        });
        expect(seen).toEqual([1, 2, 3]);
      });

      it("rejects when it is asked for more than there is", async () => {
        const journal = await openOne();
        await fill(journal, 3);
        await expect(replayed(journal, 1, 4)).rejects.toThrow();
      });

      it("rejects when the first record asked for was trimmed", async () => {
        const journal = await openOne();
        await fill(journal, 5);
        await journal.trim(3 as LaneSeq);
        await expect(replayed(journal, 2, 5)).rejects.toThrow();
        expect(await replayed(journal, 3, 5)).toHaveLength(3);
      });

      it("rejects with what the callback threw, and stops there", async () => {
        const journal = await openOne();
        await fill(journal, 5);
        const seen: number[] = [];
        const replay = journal.replay(1 as LaneSeq, 5 as LaneSeq, (seq) => {
          seen.push(seq);
          if (seq === 2) throw new RangeError("enough");
        });
        await expect(replay).rejects.toThrow(new RangeError("enough"));
        expect(seen).toEqual([1, 2]);
      });
    });

    describe("trim", () => {
      it("removes what is before, keeps the numbering, and may be repeated", async () => {
        const journal = await openOne();
        await fill(journal, 5);
        for (const keepFrom of [4, 4, 2]) await journal.trim(keepFrom as LaneSeq);
        expect(await journal.bounds()).toEqual({ first: 4, last: 5 });
        expect(await append(journal, bytes("r6"), 5)).toEqual({ kind: "committed", seq: 6 });
      });

      it("of everything leaves an empty lane that goes on with the next number", async () => {
        const journal = await openOne();
        await fill(journal, 3);
        await journal.trim(4 as LaneSeq);
        expect(await journal.bounds()).toEqual({ first: 4, last: 3 });
        expect(await append(journal, bytes("r4"), 3)).toEqual({ kind: "committed", seq: 4 });
      });
    });

    describe("close", () => {
      it("ends an append in flight once, as unknown unless its answer was already there (J4)", async () => {
        const journal = await openOne();
        const outcomes: AppendOutcome[] = [];
        const called = Promise.withResolvers<void>();
        journal.append(bytes("a"), 0 as LaneSeq, (outcome) => {
          outcomes.push(outcome);
          called.resolve();
        });
        await journal.close();
        await called.promise;
        expect(outcomes).toHaveLength(1);
        expect(["unknown", "committed"]).toContain(outcomes[0]?.kind);
      });

      it("may be called twice and answers later appends with unknown", async () => {
        const journal = await openOne();
        await journal.close();
        await journal.close();
        expect((await append(journal, bytes("a"), 0)).kind).toBe("unknown");
      });
    });
  });
}

/** One append as a promise. */
export function append(journal: Journal, record: Uint8Array, expectedLast: number): Promise<AppendOutcome> {
  return new Promise((resolve) => journal.append(record, expectedLast as LaneSeq, resolve));
}

/** Appends `r1` to `r<count>` to an empty lane. */
export async function fill(journal: Journal, count: number): Promise<void> {
  for (let last = 0; last < count; last++) {
    expect(await append(journal, bytes(`r${last + 1}`), last)).toEqual({ kind: "committed", seq: last + 1 });
  }
}

export async function replayed(journal: Journal, from: number, to: number): Promise<[number, string][]> {
  const records: [number, string][] = [];
  await journal.replay(from as LaneSeq, to as LaneSeq, (seq, record) => records.push([seq, text(record)]));
  return records;
}

export function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

export function text(record: Uint8Array | undefined): string {
  return new TextDecoder().decode(record);
}

function reader(journals: readonly Journal[]): Journal {
  return journals[0] as Journal;
}
