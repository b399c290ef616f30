/** What may be a SKU or location id. */

import { describe, expect, it } from "vitest";
import { ID_CODE_POINTS_MAX, idProblem } from "../../src/base/index.ts";

describe("an id", () => {
  it.each([
    "a",
    "A-1_b.c:d/e",
    "größe 42",
    "鞋",
    "\u{1F45F}".repeat(ID_CODE_POINTS_MAX),
    ".hidden",
    "...",
    "a..b",
    "x".repeat(64),
    "a*>%b",
    "0",
    "#",
  ])("may be %j", (text) => {
    expect(idProblem(text)).toBeUndefined();
  });

  it.each([
    ["nothing", "", "empty"],
    ["one dot", ".", "not be . or .."],
    ["two dots", "..", "not be . or .."],
    ["65 characters", "x".repeat(65), "at most 64"],
    ["65 characters of two units", "\u{1F45F}".repeat(65), "at most 64"],
    ["space before", " a", "white space"],
    ["space after", "a ", "white space"],
    ["a line end after", "a\n", "white space"],
    ["a no-break space after", "a\u00a0", "white space"],
    ["a control character", "a\u0000b", "control"],
    ["a delete character", "a\u007fb", "control"],
    ["half a pair", "a\ud800b", "control"],
    ["a zero-width joiner", "a\u200db", "control"],
    ["a line separator inside", "a\u2028b", "control"],
    ["an unassigned code point", "a\u0378b", "control"],
    ["a private one", "a\ue000b", "control"],
  ])("may not be %s", (_name, text, problem) => {
    expect(idProblem(text)).toContain(problem);
  });
});
