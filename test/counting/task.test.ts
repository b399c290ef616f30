/** The life of a count task: one row a case, T1 to T4 for any commands, and what closed tasks say. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LocationId, Sku } from "../../src/base/index.ts";
import {
  believedResult,
  type CountResult,
  type CountTask,
  DISCREPANCY_REASONS,
  decideTask,
  differenceOf,
  discrepancyOf,
  evolveTask,
  isLarge,
  RESULTS_MAX,
  sumByReason,
  type TaskCommand,
  USUAL_RECOUNT,
} from "../../src/counting/index.ts";
import { propertySettings } from "../fast-check.ts";
import { ms, taskOf } from "./build.ts";

const resultOf = (by: string, quantity: number, expected = 10, countedAt = 5): CountResult => ({
  by,
  quantity,
  expected,
  countedAt: ms(countedAt),
});
const assign = (assignee: string): TaskCommand => ({ kind: "assign", assignee });
const report = (...given: Parameters<typeof resultOf>): TaskCommand => ({ kind: "report", result: resultOf(...given) });
const close = (reason: (typeof DISCREPANCY_REASONS)[number]): TaskCommand => ({ kind: "close", reason });

/** The kinds of the events and rejections of the commands in turn, and the task after them. */
function play(
  commands: readonly TaskCommand[],
  first: CountTask = taskOf(),
): { readonly said: readonly string[]; readonly task: CountTask } {
  const said: string[] = [];
  let task = first;
  for (const command of commands) {
    const decided = decideTask(task, command, ms(task.version * 10), USUAL_RECOUNT);
    if ("kind" in decided) said.push(`no: ${decided.kind}`);
    else {
      said.push(...decided.map(({ kind }) => kind));
      task = decided.reduce(evolveTask, task);
    }
  }
  return { said, task };
}

describe("a count task", () => {
  const rows: readonly (readonly [string, readonly TaskCommand[], readonly string[], CountTask["status"]])[] = [
    ["is closed by a count that agrees", [assign("ann"), report("ann", 10)], ["assigned", "counted", "closed"], "closed"],
    ["waits for a reason when a little differs", [assign("ann"), report("ann", 9)], ["assigned", "counted"], "counted"],
    ["is closed with it", [assign("ann"), report("ann", 9), close("theft")], ["assigned", "counted", "closed"], "closed"],
    [
      "asks again when much differs",
      [assign("ann"), report("ann", 2)],
      ["assigned", "counted", "recount-asked"],
      "recount-asked",
    ],
    [
      "believes two who agree",
      [assign("ann"), report("ann", 2), assign("bob"), report("bob", 2), close("misplaced")],
      ["assigned", "counted", "recount-asked", "assigned", "counted", "closed"],
      "closed",
    ],
    [
      "believes two who agree on the difference, whatever was sold between",
      [assign("ann"), report("ann", 2, 10), assign("bob"), report("bob", 1, 9)],
      ["assigned", "counted", "recount-asked", "assigned", "counted"],
      "counted",
    ],
    [
      "asks a third when two differ, also when the second finds all in order",
      [assign("ann"), report("ann", 2), assign("bob"), report("bob", 10), assign("cy"), report("cy", 9)],
      ["assigned", "counted", "recount-asked", "assigned", "counted", "recount-asked", "assigned", "counted"],
      "counted",
    ],
    [
      "does not let one person count twice",
      [assign("ann"), report("ann", 2), assign("ann")],
      ["assigned", "counted", "recount-asked", "no: recount-by-same-person"],
      "recount-asked",
    ],
    [
      "can change hands",
      [assign("ann"), assign("bob"), report("ann", 9)],
      ["assigned", "assigned", "no: task-not-assigned"],
      "assigned",
    ],
    ["takes no count that nobody was asked for", [report("ann", 9)], ["no: task-not-assigned"], "created"],
    ["is not closed before it is counted", [assign("ann"), close("theft")], ["assigned", "no: task-not-counted"], "assigned"],
    [
      "is not assigned once it is counted",
      [assign("ann"), report("ann", 9), assign("bob")],
      ["assigned", "counted", "no: task-already-counted"],
      "counted",
    ],
    [
      "takes no other count once it is counted",
      [assign("ann"), report("ann", 9), report("bob", 8)],
      ["assigned", "counted", "no: task-already-counted"],
      "counted",
    ],
    ["can be cancelled until it is closed", [assign("ann"), { kind: "cancel" }], ["assigned", "cancelled"], "cancelled"],
    [
      "stays cancelled",
      [{ kind: "cancel" }, assign("ann"), report("ann", 9), close("theft")],
      ["cancelled", "no: task-ended", "no: task-ended", "no: task-ended"],
      "cancelled",
    ],
    [
      "stays closed",
      [assign("ann"), report("ann", 10), { kind: "cancel" }],
      ["assigned", "counted", "closed", "no: task-ended"],
      "closed",
    ],
    [
      "answers repeats with nothing",
      [assign("ann"), assign("ann"), report("ann", 9), report("ann", 9), close("theft"), close("theft"), report("ann", 9)],
      ["assigned", "counted", "closed"],
      "closed",
    ],
    ["answers a repeated cancel with nothing", [{ kind: "cancel" }, { kind: "cancel" }], ["cancelled"], "cancelled"],
    [
      "closed for one reason is not closed for another",
      [assign("ann"), report("ann", 9), close("theft"), close("damage")],
      ["assigned", "counted", "closed", "no: task-ended"],
      "closed",
    ],
  ];

  it.each(rows)("%s", (_name, commands, said, status) => {
    const played = play(commands);
    expect(played.said).toEqual(said);
    expect(played.task.status).toBe(status);
  });

  it("says in a rejection which task, what it is, and the way out", () => {
    const decided = decideTask(taskOf({ status: "cancelled" }), assign("ann"), ms(9), USUAL_RECOUNT);
    expect(decided).toEqual({ kind: "task-ended", detail: "count task task-1 is cancelled; create a new one" });
  });
});

describe("a difference", () => {
  it.each([
    ["small: few units", resultOf("a", 8, 10), 5, false],
    ["small: a small share", resultOf("a", 95, 100), 5, false],
    ["large: units and share", resultOf("a", 7, 10), 5, true],
    ["large: found as well as lost", resultOf("a", 14, 10), 5, true],
    ["large: all of little", resultOf("a", 0, 3), 5, true],
    ["large: one unit that costs much", resultOf("a", 9, 10), 100, true],
    ["none, whatever a unit costs", resultOf("a", 10, 10), 1e9, false],
    ["from a record below zero", resultOf("a", 1, -4), 1, true],
  ])("is %s", (_name, result, unitCost, large) => {
    expect(isLarge(result, unitCost, USUAL_RECOUNT)).toBe(large);
  });

  it("that three people see three ways is the middle one", () => {
    const results = [resultOf("a", 2), resultOf("b", 10), resultOf("c", 6)];
    expect(believedResult(taskOf({ results }), USUAL_RECOUNT)).toBe(results[2]);
  });
});

const anyCommand: fc.Arbitrary<TaskCommand> = fc.oneof(
  fc.constantFrom("ann", "bob", "cy", "dee").map(assign),
  fc
    .tuple(fc.constantFrom("ann", "bob", "cy", "dee"), fc.nat(12), fc.integer({ min: -2, max: 12 }), fc.nat(9))
    .map((given) => report(...given)),
  fc.constantFrom(...DISCREPANCY_REASONS).map(close),
  fc.constant<TaskCommand>({ kind: "cancel" }),
);

describe("any commands", () => {
  it("T1 to T4: leave a task whose version is the number of its events, whose end is the end, and whose large differences were seen twice", () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 25 }), (commands) => {
        let task = taskOf();
        for (const command of commands) {
          const before = structuredClone(task);
          const decided = decideTask(task, command, ms(7), USUAL_RECOUNT);
          expect(task).toEqual(before);
          if ("kind" in decided) continue;
          expect(decided.map(({ version }) => version)).toEqual(decided.map((_, i) => task.version + 1 + i));
          if (before.status === "closed" || before.status === "cancelled") expect(decided).toEqual([]);
          task = decided.reduce(evolveTask, task);
          expect(task.version).toBe(before.version + decided.length);
          expect(task.results.length).toBeLessThanOrEqual(RESULTS_MAX);
          expect(new Set(task.results.map(({ by }) => by)).size).toBe(task.results.length);
          if (task.status !== "counted" && task.status !== "closed") continue;
          const believed = believedResult(task, USUAL_RECOUNT) as CountResult;
          expect(believed).toBeDefined();
          const agreeing = task.results.filter((result) => differenceOf(result) === differenceOf(believed)).length;
          if (isLarge(believed, task.unitCost, USUAL_RECOUNT))
            expect(agreeing > 1 || task.results.length === RESULTS_MAX).toBe(true);
          if (task.status === "closed" && differenceOf(believed) !== 0) expect(task.reason).toBeDefined();
        }
      }),
      propertySettings(2_000),
    );
  });
});

describe("a discrepancy", () => {
  const closed = (quantity: number, reason: "theft" | "found", id: string): CountTask =>
    taskOf({ id, status: "closed", reason, results: [resultOf("ann", quantity)] });

  it("is what a closed task found", () => {
    expect(discrepancyOf(closed(8, "theft", "t"), USUAL_RECOUNT)).toEqual({
      task: "t",
      sku: "sku" as Sku,
      location: "place" as LocationId,
      why: "risk",
      quantity: 8,
      expected: 10,
      difference: -2,
      cost: -10,
      reason: "theft",
      countedAt: 5,
    });
  });

  it("is nothing for a task that is open, cancelled, or found nothing", () => {
    const results = [resultOf("ann", 8)];
    expect(discrepancyOf(taskOf({ status: "counted", results }), USUAL_RECOUNT)).toBeUndefined();
    expect(discrepancyOf(taskOf({ status: "cancelled", results }), USUAL_RECOUNT)).toBeUndefined();
    expect(discrepancyOf(taskOf({ status: "closed", results: [resultOf("ann", 10)] }), USUAL_RECOUNT)).toBeUndefined();
  });

  it("is summed by reason, the dearest first", () => {
    const tasks = [closed(8, "theft", "a"), closed(9, "theft", "b"), closed(11, "found", "c")];
    const discrepancies = tasks.flatMap((task) => discrepancyOf(task, USUAL_RECOUNT) ?? []);
    expect(sumByReason(discrepancies)).toEqual([
      { reason: "theft", tasks: 2, missingUnits: 3, foundUnits: 0, cost: -15 },
      { reason: "found", tasks: 1, missingUnits: 0, foundUnits: 1, cost: 5 },
    ]);
  });
});
