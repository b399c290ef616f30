/** The timer heap against a sorted array. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TimerHeap } from "../../src/base/index.ts";
import { propertySettings } from "../fast-check.ts";

const commands = fc.array(fc.oneof(fc.nat(50), fc.constant("pop" as const)), { maxLength: 400 });

describe("a timer heap", () => {
  it("gives back what a sorted array would, whatever the order of pushes and pops", () => {
    fc.assert(
      fc.property(commands, (taken) => {
        const heap = new TimerHeap();
        const sorted: { time: number; name: string }[] = [];
        taken.forEach((command, index) => {
          if (command !== "pop") {
            heap.push(command, `${command}-${index}`);
            sorted.push({ time: command, name: `${command}-${index}` });
            sorted.sort((a, b) => a.time - b.time);
          } else {
            expect(heap.nextTime).toBe(sorted[0]?.time ?? Number.POSITIVE_INFINITY);
            const popped = heap.pop();
            const place = sorted.findIndex((timer) => timer.name === popped);
            expect(sorted[place]?.time).toBe(sorted[0]?.time);
            if (place >= 0) sorted.splice(place, 1);
          }
          expect(heap.size).toBe(sorted.length);
        });
      }),
      propertySettings(300),
    );
  });

  it("grows beyond its first capacity and empties in order", () => {
    const heap = new TimerHeap();
    const times = Array.from({ length: 5_000 }, (_, i) => (i * 7_919) % 5_003);
    for (const time of times) heap.push(time, String(time));
    const popped = Array.from({ length: 5_000 }, () => Number(heap.pop()));
    expect(popped).toEqual([...times].sort((a, b) => a - b));
    expect([heap.pop(), heap.size, heap.nextTime]).toEqual([undefined, 0, Number.POSITIVE_INFINITY]);
  });

  it("keeps timers of one time", () => {
    const heap = new TimerHeap();
    for (const name of ["a", "b", "c"]) heap.push(1, name);
    expect([heap.pop(), heap.pop(), heap.pop()].sort()).toEqual(["a", "b", "c"]);
  });

  it("takes an empty name", () => {
    const heap = new TimerHeap();
    heap.push(1, "");
    expect([heap.size, heap.pop(), heap.size]).toEqual([1, "", 0]);
  });
});
