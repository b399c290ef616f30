/** L12: what waits outlives a crash, in the journal and in the checkpoint, and is settled by whoever serves the shard then. */

import { describe, expect, it } from "vitest";
import { SKU, Stage } from "../simulator/stage.ts";

const LIMITS = { checkpointMs: 50, reversalWaitMs: 600_000 };

async function waitingStage(withCheckpoint: boolean): Promise<Stage> {
  const stage = new Stage(LIMITS);
  await stage.open(10);
  expect(await stage.move({ id: "v", type: "void", quantity: 3, reverses: "s" })).toEqual({ kind: "pending", version: 2 });
  expect((await stage.move({ id: "r", type: "return", quantity: 1, reverses: "t" })).kind).toBe("pending");
  if (withCheckpoint) {
    const before = stage.member.stats.checkpoints;
    await stage.world.scheduler.runUntil(() => stage.member.stats.checkpoints > before, "a checkpoint", 20_000);
  }
  stage.reboot(LIMITS);
  await stage.serve();
  return stage;
}

describe.each([
  ["from the journal", false],
  ["from a checkpoint", true],
])("L12: what waits, read %s after a crash", (_name, withCheckpoint) => {
  it("is settled when its movement comes", async () => {
    const stage = await waitingStage(withCheckpoint);
    expect((await stage.record()).ledger.waiting.map(({ id }) => id)).toEqual(["r", "v"]);
    await stage.move({ id: "s", type: "sale", quantity: 3 });
    await stage.move({ id: "t", type: "sale", quantity: 2 });
    expect(await stage.record()).toMatchObject({ onHand: 9, ledger: { waiting: [] } });
    expect(stage.failures).toEqual([]);
  });

  it("is settled without anything else coming, once it has waited long enough", async () => {
    const stage = await waitingStage(withCheckpoint);
    await stage.world.scheduler.runFor(LIMITS.reversalWaitMs + 5_000);
    expect(await stage.record()).toMatchObject({ onHand: 11, ledger: { waiting: [] } });
    expect(stage.failures).toEqual([]);
  });
});

describe("the row that says that something waits", () => {
  it("is there with the checkpoint, and gone with the one after it is settled", async () => {
    const stage = await waitingStage(true);
    const rows = (): string[] => [...stage.world.disk.flushed.tables.waits.keys()];
    expect(rows()).toHaveLength(1);
    expect(rows()[0]).toContain(SKU);
    await stage.move({ id: "s", type: "sale", quantity: 3 });
    await stage.move({ id: "t", type: "sale", quantity: 2 });
    await stage.world.scheduler.runUntil(() => rows().length === 0, "a checkpoint without the row", 20_000);
  });
});
