/** The simulated world keeps its own promises, so that a failing seed is the member's fault and not the world's. */

import { describe, expect, it } from "vitest";
import type { LaneSeq } from "../../../src/base/index.ts";
import type { AppendOutcome } from "../../../src/ports/index.ts";
import { CALM, SimRandom, SimWorld, type WeatherRates } from "./index.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const seq = (value: number): LaneSeq => value as LaneSeq;

async function appendIn(world: SimWorld, rates: Partial<WeatherRates>): Promise<AppendOutcome> {
  world.weather.rates = { ...CALM, ...rates };
  const { journal } = world.boot();
  const outcomes: AppendOutcome[] = [];
  journal.append(bytes("record"), world.lane.last, (outcome) => outcomes.push(outcome));
  expect(outcomes, "an append must not be answered before it returns").toEqual([]);
  await world.scheduler.runFor(10_000);
  expect(outcomes).toHaveLength(1);
  return outcomes[0] as AppendOutcome;
}

describe("the simulated lane", () => {
  it.each([
    ["stored", {}, "committed", 1],
    ["lost", { appendLost: 1 }, "unknown", 0],
    ["answer lost", { appendAnswerLost: 1 }, "unknown", 1],
    ["late", { appendLate: 1 }, "unknown", 1],
    ["duplicated", { appendDuplicated: 1 }, "committed", 1],
  ] as const)("with an append that is %s answers and keeps what that means", async (_name, rates, kind, stored) => {
    const world = new SimWorld(1);
    expect((await appendIn(world, rates)).kind).toBe(kind);
    expect(world.lane.last).toBe(stored);
  });

  it("refuses a record that is not the successor of the last", async () => {
    const world = new SimWorld(1);
    const { journal } = world.boot();
    const outcomes: AppendOutcome[] = [];
    journal.append(bytes("a"), seq(0), (outcome) => outcomes.push(outcome));
    journal.append(bytes("b"), seq(0), (outcome) => outcomes.push(outcome));
    await world.scheduler.runFor(100);
    expect(outcomes).toEqual([{ kind: "committed", seq: 1 }, { kind: "wrong-sequence" }]);
  });

  it("never stores a late record whose place was taken", async () => {
    const world = new SimWorld(1);
    world.weather.rates = { ...CALM, appendLate: 1 };
    const { journal } = world.boot();
    journal.append(bytes("late"), seq(0), () => undefined);
    world.lane.store(bytes("other"), seq(0));
    await world.scheduler.runFor(10_000);
    expect(world.lane.everything().map(String)).toHaveLength(1);
  });

  it("ends appends in flight as unknown when the journal is closed", async () => {
    const world = new SimWorld(1);
    const { journal } = world.boot();
    const outcomes: AppendOutcome[] = [];
    journal.append(bytes("a"), seq(0), (outcome) => outcomes.push(outcome));
    await world.scheduler.settle(journal.close(), "the journal to close", 100);
    await world.scheduler.runFor(100);
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(["unknown"]);
  });

  it("spoils bytes that a reader keeps beyond the call", async () => {
    const world = new SimWorld(1);
    world.lane.store(bytes("abc"), seq(0));
    const { journal } = world.boot();
    const kept: Uint8Array[] = [];
    await world.scheduler.settle(
      journal.replay(seq(1), seq(1), (_seq, record) => void kept.push(record)),
      "the replay",
      100,
    );
    expect([...(kept[0] as Uint8Array)]).toEqual([0xee, 0xee, 0xee]);
  });
});

describe("a simulated process", () => {
  it("hears nothing and does nothing after it was killed, while what it sent goes on its way", async () => {
    const world = new SimWorld(1);
    const { process, journal, clock } = world.boot();
    const heard: string[] = [];
    journal.append(bytes("sent"), seq(0), () => heard.push("append"));
    journal.bounds().then(() => heard.push("bounds"));
    clock.after(1, () => heard.push("timer"));
    process.kill();
    journal.append(bytes("after death"), seq(1), () => heard.push("append"));
    await world.scheduler.runFor(10_000);
    expect(heard).toEqual([]);
    expect(world.lane.everything()).toHaveLength(1);
  });
});

describe("the simulated disk", () => {
  function checkpoint(world: SimWorld, value: string): { error?: Error | undefined; done: boolean } {
    const result: { error?: Error | undefined; done: boolean } = { done: false };
    const writer = world.boot().store.begin();
    writer.put("records", "k", bytes(value));
    writer.commit(bytes(value), (error) => Object.assign(result, { error, done: true }));
    return result;
  }

  it("shows a checkpoint whole with its mark, and keeps it once it was reported", async () => {
    const world = new SimWorld(1);
    const result = checkpoint(world, "one");
    expect(world.boot().store.mark()).toBeUndefined();
    await world.scheduler.runFor(100);
    world.disk.losePower();
    const { store } = world.boot();
    expect([result.done, result.error, String(Buffer.from(store.get("records", "k") ?? []))]).toEqual([true, undefined, "one"]);
    expect(String(Buffer.from(store.mark() ?? []))).toBe("one");
  });

  it("loses, with the power, a checkpoint that was visible but not yet reported", async () => {
    const world = new SimWorld(1);
    world.weather.rates = { ...CALM, checkpointLatencyMsMax: 50 };
    const result = checkpoint(world, "one");
    await world.scheduler.runUntil(() => world.disk.visible.mark !== undefined, "the checkpoint to be visible", 1_000);
    expect(result.done).toBe(false);
    world.disk.losePower();
    expect(world.boot().store.get("records", "k")).toBeUndefined();
  });

  it("reports a checkpoint that failed and shows nothing of it", async () => {
    const world = new SimWorld(1);
    world.weather.rates = { ...CALM, checkpointFails: 1 };
    const result = checkpoint(world, "one");
    await world.scheduler.runFor(100);
    expect(result.error).toBeInstanceOf(Error);
    expect(world.boot().store.mark()).toBeUndefined();
  });

  it("scans in the order of UTF-8 bytes", async () => {
    const world = new SimWorld(1);
    const writer = world.boot().store.begin();
    for (const key of ["\u{1F600}", "\uFF5E", "a", "b"]) writer.put("keys", key, bytes(key));
    writer.commit(bytes("m"), () => undefined);
    await world.scheduler.runFor(100);
    const scanned = [...world.boot().store.scan("keys", { from: "a", to: "\u{10FFFF}", limit: 4 })];
    expect(scanned.map((pair) => pair.key)).toEqual(["a", "b", "\uFF5E", "\u{1F600}"]);
  });
});

describe("virtual time", () => {
  it("runs events by time, then in the order they were scheduled, with continuations in between", async () => {
    const { scheduler } = new SimWorld(1);
    const order: string[] = [];
    scheduler.schedule(5, () => order.push("late"));
    scheduler.schedule(1, () => void Promise.resolve().then(() => order.push("continuation")));
    scheduler.schedule(1, () => order.push("second"));
    await scheduler.runFor(10);
    expect(order).toEqual(["continuation", "second", "late"]);
    expect(scheduler.elapsedMs).toBe(10);
  });

  it("keeps timers when the wall clock jumps", async () => {
    const { scheduler } = new SimWorld(1);
    const before = scheduler.wallMs;
    let fired = false;
    scheduler.schedule(10, () => {
      fired = true;
    });
    scheduler.jumpWall(-3_600_000);
    await scheduler.runFor(10);
    expect([fired, scheduler.wallMs - before]).toEqual([true, 10 - 3_600_000]);
  });
});

describe("seeded chance", () => {
  it("gives the same numbers for the same seed for ever", () => {
    const random = new SimRandom(42, 7);
    expect([random.uint32(), random.uint32(), random.below(1_000)]).toMatchInlineSnapshot(`
      [
        470765371,
        1815261665,
        427,
      ]
    `);
  });

  it("gives other numbers for another seed or stream", () => {
    const firsts = [new SimRandom(1), new SimRandom(2), new SimRandom(1, 1), new SimRandom(2 ** 32 + 1)].map((r) => r.uint32());
    expect(new Set(firsts).size).toBe(4);
  });
});
