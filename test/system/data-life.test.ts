/** A store of another life is set aside, never deleted, and never taken for one of this life. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { settleLife } from "../../src/system/index.ts";

let folder = "";
let path = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stockgrid-life-"));
  path = join(folder, "lmdb", "member-0");
});
afterEach(() => rmSync(folder, { recursive: true }));

function makeStore(text: string): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "data"), text);
}

describe("a cluster that was never restored", () => {
  it("leaves everything as it is", () => {
    makeStore("old");
    expect(settleLife(path, undefined)).toBeUndefined();
    expect(readFileSync(join(path, "data"), "utf8")).toBe("old");
  });

  it("does not take a store of a life that it knows nothing of", () => {
    settleLife(path, "one");
    makeStore("of one");
    expect(() => settleLife(path, undefined)).toThrow(/is of life one/);
    expect(readFileSync(join(path, "data"), "utf8")).toBe("of one");
  });
});

describe("a restored cluster", () => {
  it("sets aside what was there before, once", () => {
    makeStore("old");
    const aside = settleLife(path, "one");
    expect([existsSync(path), readFileSync(join(aside ?? "", "data"), "utf8")]).toEqual([false, "old"]);
    makeStore("of one");
    expect(settleLife(path, "one")).toBeUndefined();
    expect(settleLife(path, "two")).toBe(`${path}.before-two`);
    expect(readFileSync(join(`${path}.before-two`, "data"), "utf8")).toBe("of one");
  });

  it("goes on where a crash between the two steps left it", () => {
    makeStore("old");
    settleLife(path, "one");
    rmSync(`${path}.life`);
    expect(settleLife(path, "one")).toBeUndefined();
    expect(readFileSync(`${path}.life`, "utf8")).toBe("one");
  });
});
