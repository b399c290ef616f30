/** Who looks dead, counted in own beats (B1, B2), who took leave, and what trimming waits for. */

import { beforeEach, describe, expect, it } from "vitest";
import type { LaneSeq } from "../../src/base/index.ts";
import { BEAT_MS, BEATS_TO_FORGET, Beats } from "../../src/placement/index.ts";
import { Scheduler, SimRandom } from "../simulator/world/index.ts";
import { silentLog } from "../support/silent-log.ts";
import { Bucket, Proc, SimKeyValue, type Weather } from "./sim-kv.ts";

const CALM: Weather = { delayMsMax: 3, lost: 0, unanswered: 0, late: 0 };

let scheduler: Scheduler;
let bucket: Bucket;

beforeEach(() => {
  scheduler = new Scheduler();
  bucket = new Bucket();
});

function member(lane: string, durable: Record<string, number> = {}, weather = CALM): { beats: Beats; proc: Proc } {
  const proc = new Proc(scheduler);
  const beats = new Beats({
    bucket: new SimKeyValue(bucket, proc, new SimRandom(1), weather),
    clock: proc,
    log: silentLog,
    self: { lane, node: lane, version: "1", httpUrl: "" },
    durable: () => new Map(Object.entries(durable)) as Map<string, LaneSeq>,
  });
  beats.start();
  beats.announce("serving", 1);
  return { beats, proc };
}

const runFor = (beats: number): Promise<void> => scheduler.runFor(beats * BEAT_MS);

describe("a member", () => {
  it("is suspected after five beats of the other without one of its own, and not after three", async () => {
    const [a, b] = [member("a"), member("b")];
    await runFor(4);
    expect(a.beats.members().map(({ lane, state, writer }) => [lane, state, writer])).toEqual([
      ["a", "serving", 1],
      ["b", "serving", 1],
    ]);
    b.proc.kill();
    await runFor(3);
    expect(a.beats.suspected("b")).toBe(false);
    await runFor(4);
    expect(a.beats.suspected("b")).toBe(true);
    expect(a.beats.suspected("a")).toBe(false);
  });

  it("that was never seen is suspected after five beats, not at once", async () => {
    const a = member("a");
    await runFor(2);
    expect([a.beats.isReady, a.beats.suspected("c")]).toEqual([true, false]);
    await runFor(6);
    expect(a.beats.suspected("c")).toBe(true);
  });

  it("that is cut off suspects nobody, and counts anew when it is back (B2)", async () => {
    const [a, b] = [member("a"), member("b")];
    await runFor(4);
    a.proc.isCut = true;
    b.proc.kill();
    await runFor(20);
    expect([a.beats.isReady, a.beats.suspected("b")]).toEqual([false, false]);
    a.proc.isCut = false;
    await scheduler.runUntil(() => a.beats.isReady, "own beats to be stored again", 5_000);
    await runFor(2);
    expect(a.beats.suspected("b")).toBe(false);
    await runFor(6);
    expect(a.beats.suspected("b")).toBe(true);
  });

  it("that was paused does not take the others for dead when it goes on", async () => {
    const [a, b] = [member("a"), member("b")];
    await runFor(4);
    let wasSuspected = false;
    a.beats.onChange(() => {
      wasSuspected ||= a.beats.suspected("b");
    });
    a.proc.pause();
    await runFor(100);
    a.proc.resume();
    await runFor(20);
    expect([a.beats.isReady, wasSuspected, b.beats.suspected("a")]).toEqual([true, false, false]);
  });

  it("that takes leave is gone at once", async () => {
    const [a, b] = [member("a"), member("b")];
    await runFor(4);
    await scheduler.settle(b.beats.leave(), "the leave", 1_000);
    await scheduler.runFor(20);
    expect([a.beats.suspected("b"), a.beats.member("b")]).toEqual([true, undefined]);
    expect(bucket.entries.has("b")).toBe(false);
  });
});

describe("trimming", () => {
  it("waits for what others have in their checkpoints, for the dead until 3,000 own beats have passed", async () => {
    const slow = { ...CALM, delayMsMax: 250 };
    const [a, b] = [member("a", { a: 90 }, slow), member("b", { a: 20 }, slow)];
    member("c", { a: 50 }, slow);
    await runFor(8);
    expect([a.beats.durableWithOthers("a"), a.beats.durableWithOthers("b")]).toEqual([20, undefined]);
    b.proc.kill();
    await runFor(BEATS_TO_FORGET / 2);
    expect(a.beats.durableWithOthers("a")).toBe(20);
    await scheduler.runUntil(() => a.beats.silence("b") >= BEATS_TO_FORGET, "b to be forgotten", 2 * BEATS_TO_FORGET * BEAT_MS);
    expect(a.beats.durableWithOthers("a")).toBe(50);
  });
});
