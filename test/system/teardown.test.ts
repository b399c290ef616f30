import { describe, expect, it } from "vitest";
import type { Log } from "../../src/ports/index.ts";
import { Teardown } from "../../src/system/index.ts";

function recordingLog(): { log: Log; errors: object[] } {
  const errors: object[] = [];
  return { log: { info: () => undefined, warn: () => undefined, error: (fields) => errors.push(fields) }, errors };
}

describe("the teardown of a node", () => {
  it("stops the parts in the opposite order of their start", async () => {
    const { log, errors } = recordingLog();
    const teardown = new Teardown(log);
    const stopped: string[] = [];
    for (const name of ["first", "second", "third"]) teardown.add(name, () => void stopped.push(name));
    await teardown.run();
    expect(stopped).toEqual(["third", "second", "first"]);
    expect(errors).toEqual([]);
  });

  it("goes on when a part fails to stop, and names it", async () => {
    const { log, errors } = recordingLog();
    const teardown = new Teardown(log);
    const stopped: string[] = [];
    teardown.add("first", () => void stopped.push("first"));
    teardown.add("broken", () => Promise.reject(new Error("no")));
    await teardown.run();
    expect(stopped).toEqual(["first"]);
    expect(errors).toEqual([{ part: "broken", error: "Error: no" }]);
  });

  it("goes on when a part does not stop in time", async () => {
    const { log, errors } = recordingLog();
    const teardown = new Teardown(log, 20);
    const stopped: string[] = [];
    teardown.add("first", () => void stopped.push("first"));
    teardown.add("hanging", () => new Promise<void>(() => undefined));
    await teardown.run();
    expect(stopped).toEqual(["first"]);
    expect(errors).toEqual([{ part: "hanging", error: "Error: it took longer than 20 ms" }]);
  });
});
