/** Scenes of time, stopping and recovery, told step by step on the simulator's stage. */

import { describe, expect, it } from "vitest";
import { Stage } from "./stage.ts";

const HOUR_MS = 3_600_000;

describe("a hold ends at its time", () => {
  it("and its unit is sellable in the same millisecond", async () => {
    const stage = new Stage();
    await stage.open(1);
    const begun = stage.now;
    const first = await stage.reserve(1, 1_000);
    const expiresAt = first.kind === "reserved" ? first.reservation.expiresAt : 0;
    expect(expiresAt - begun).toBe(1_000);
    await stage.world.scheduler.runFor(expiresAt - stage.now - 1);
    expect((await stage.reserve(1, 1_000)).kind).toBe("insufficient-stock");
    await stage.world.scheduler.runFor(Math.max(0, expiresAt - stage.now));
    expect((await stage.reserve(1, 1_000)).kind).toBe("reserved");
  });

  it("by itself, when nobody asks for anything", async () => {
    const stage = new Stage();
    await stage.open(3);
    await stage.hold(3, 5_000);
    await stage.world.scheduler.runFor(5_010);
    expect(stage.member.stats.expired).toBe(1);
    expect((await stage.record()).held).toBe(0);
  });

  it("while the process was down, as soon as it is back", async () => {
    const stage = new Stage();
    await stage.open(3);
    await stage.hold(3, 5_000);
    stage.reboot();
    await stage.world.scheduler.runFor(60_000);
    await stage.serve();
    expect((await stage.record()).held).toBe(0);
  });

  it("when it began beyond the horizon of the timers in memory and was checkpointed since", async () => {
    const stage = new Stage({ checkpointMs: 100, activeReservationsMax: 0, activeRecordsMax: 0 });
    await stage.open(3);
    await stage.hold(2, 300_000);
    await stage.world.scheduler.runFor(299_900);
    expect((await stage.record()).held).toBe(2);
    await stage.world.scheduler.runFor(200);
    expect((await stage.record()).held).toBe(0);
  });

  it("and cannot be confirmed or extended after it, also right after the clock jumped ahead", async () => {
    const stage = new Stage();
    await stage.open(3);
    const [one, two] = [await stage.hold(1, 120_000), await stage.hold(1, 120_000)];
    stage.world.scheduler.jumpWall(HOUR_MS);
    expect((await stage.transit(one, "confirm")).kind).toBe("reservation-expired");
    expect((await stage.transit(two, "extend", 60_000)).kind).toBe("reservation-expired");
  });

  it("and cannot be confirmed after it, also when thousands end in the same millisecond", async () => {
    const stage = new Stage();
    await stage.open(3_000);
    const asked = Array.from({ length: 3_000 }, () => stage.reserve(1, 5_000));
    const answers = await Promise.all(asked);
    const ids = answers.flatMap((answer) => (answer.kind === "reserved" ? [answer.reservation.id] : []));
    expect(ids).toHaveLength(3_000);
    stage.world.scheduler.jumpWall(6_000);
    const last = ids.at(-1);
    expect(last === undefined ? undefined : (await stage.transit(last, "confirm")).kind).toBe("reservation-expired");
  });
});

describe("the wall clock jumps back", () => {
  it("and a sale that arrives after a count still takes its units", async () => {
    const stage = new Stage();
    await stage.open(5);
    await stage.move({ type: "count", quantity: 10 });
    stage.world.scheduler.jumpWall(-50);
    await stage.move({ type: "sale", quantity: 4 });
    expect((await stage.record()).onHand).toBe(6);
  });

  it("and a count without a time replaces what was there", async () => {
    const stage = new Stage();
    await stage.open(5);
    stage.world.scheduler.jumpWall(-HOUR_MS);
    await stage.move({ type: "count", quantity: 10 });
    expect((await stage.record()).onHand).toBe(10);
  });
});

describe("a member that is told to stop", () => {
  it("while it recovers writes nothing more", async () => {
    const stage = new Stage();
    await stage.open(3);
    await stage.hold(3, 1_000);
    stage.reboot();
    const started = stage.member.start();
    await stage.member.stop();
    await stage.world.scheduler.settle(started, "the start to end", 10_000);
    const { last } = stage.world.lane;
    await stage.world.scheduler.runFor(60_000);
    expect(stage.world.lane.last).toBe(last);
    expect(stage.ports.store.mark()).toBeUndefined();
  });

  it("while it serves answers what is in flight and leaves a checkpoint of everything", async () => {
    const stage = new Stage();
    await stage.open(3);
    const held = stage.reserve(1, 60_000);
    await stage.world.scheduler.settle(stage.member.stop(), "the stop", 30_000);
    expect((await held).kind).toBe("reserved");
    stage.reboot();
    await stage.serve();
    expect(stage.member.stats.commits).toBe(0);
    expect((await stage.record()).held).toBe(1);
  });

  it("while the journal stays away tells its callers that their outcome is unknown", async () => {
    const stage = new Stage({ answerMsMax: 2_000 });
    await stage.open(3);
    stage.world.weather.rates = { ...stage.world.weather.rates, appendLate: 1, appendTimeoutMs: 60_000 };
    const held = stage.reserve(1, 60_000);
    await stage.world.scheduler.settle(stage.member.stop(), "the stop", 30_000);
    expect(await held).toMatchObject({ kind: "fault", code: "outcome-unknown" });
  });

  it("while a checkpoint is being written leaves one that covers what came after it", async () => {
    const stage = new Stage({ checkpointMs: 1 });
    stage.world.weather.rates = { ...stage.world.weather.rates, checkpointLatencyMsMax: 400 };
    await stage.open(9);
    for (let i = 0; i < 5; i++) await stage.hold(1, 600_000);
    await stage.world.scheduler.settle(stage.member.stop(), "the stop", 30_000);
    expect(stage.ports.store.count("reservations")).toBe(5);
  });
});
