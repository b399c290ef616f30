import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeMessage, encodeAnswer, encodeAsk } from "../../src/router/wire.ts";
import { propertySettings } from "../fast-check.ts";
import { anyAnswer, anyCommand } from "./arbitrary.ts";

const anyId = fc.integer({ min: 0, max: 2 ** 33 });

/** Copies of what fast-check made: its objects have no prototype, those that arrive have. */
describe("a message", () => {
  it("of any command comes back as it was", () => {
    fc.assert(
      fc.property(anyId, anyCommand, (id, command) => {
        expect(decodeMessage(encodeAsk(id, command))).toStrictEqual(structuredClone({ kind: "ask", id, command }));
      }),
      propertySettings(1_000),
    );
  });

  it("of any answer comes back as it was", () => {
    fc.assert(
      fc.property(anyId, anyAnswer, (id, answer) => {
        expect(decodeMessage(encodeAnswer(id, answer))).toStrictEqual(structuredClone({ kind: "answer", id, answer }));
      }),
      propertySettings(1_000),
    );
  });

  it.each([
    [[]],
    [[0x90]],
    [[0x93, 2, 0, 1]],
    [[0x94, 1, 0, 1, 99]],
    [[0x94, 1, 1, 1, 99]],
    [[0xc1]],
    [[0xdd, 0xff, 0xff, 0xff, 0xff]],
  ])("of another format or an unknown number is none: %j", (bytes) => {
    expect(decodeMessage(Uint8Array.from(bytes))).toBeUndefined();
  });
});
