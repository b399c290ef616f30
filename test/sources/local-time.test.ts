/** Times without an offset, in the zone of their place. T1 and T2 are those of src/sources/local-time.ts. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTime } from "../../src/sources/index.ts";
import { propertySettings } from "../fast-check.ts";

const iso = (text: string, zone?: string): string => {
  const read = readTime(text, zone);
  return "at" in read ? new Date(read.at).toISOString() : read.problem;
};

describe("a time of a source", () => {
  it.each([
    ["2026-03-01T09:30:00Z", undefined, "2026-03-01T09:30:00.000Z"],
    ["2026-03-01T09:30:00+01:00", "America/Chicago", "2026-03-01T08:30:00.000Z"],
    ["2026-01-15T09:30:00", "Europe/Berlin", "2026-01-15T08:30:00.000Z"],
    ["2026-07-15T09:30:00.250", "Europe/Berlin", "2026-07-15T07:30:00.250Z"],
    ["2017-10-01T15:15:25", "America/Chicago", "2017-10-01T20:15:25.000Z"],
    ["2026-01-15T00:10:00", "Pacific/Kiritimati", "2026-01-14T10:10:00.000Z"],
    ["2026-01-15T09:30:00", "Asia/Kolkata", "2026-01-15T04:00:00.000Z"],
  ])("%s in %s is %s", (text, zone, wanted) => expect(iso(text, zone)).toBe(wanted));

  it.each([
    // T1: the clock shows 02:30 twice in Berlin, and 01:30 in Chicago.
    ["2026-10-25T02:30:00", "Europe/Berlin", "2026-10-25T00:30:00.000Z"],
    ["2026-11-01T01:30:00", "America/Chicago", "2026-11-01T06:30:00.000Z"],
    ["2026-10-25T01:59:59", "Europe/Berlin", "2026-10-24T23:59:59.000Z"],
    ["2026-10-25T03:00:00", "Europe/Berlin", "2026-10-25T02:00:00.000Z"],
    // T2: it never shows 02:30.
    ["2026-03-29T02:30:00", "Europe/Berlin", "2026-03-29T01:30:00.000Z"],
    ["2026-03-08T02:30:00", "America/Chicago", "2026-03-08T08:30:00.000Z"],
    ["2026-03-29T01:59:59", "Europe/Berlin", "2026-03-29T00:59:59.000Z"],
    ["2026-03-29T03:00:00", "Europe/Berlin", "2026-03-29T01:00:00.000Z"],
    // Half an hour of summer time.
    ["2026-04-05T01:45:00", "Australia/Lord_Howe", "2026-04-04T14:45:00.000Z"],
  ])("around a change of the clock: %s in %s is %s (T1, T2)", (text, zone, wanted) => expect(iso(text, zone)).toBe(wanted));

  it.each(["2026-02-30T09:30:00", "yesterday", "2026-03-01", "", "2026-03-01T25:00:00"])("%j is refused", (text) =>
    expect(iso(text, "Europe/Berlin")).toMatch(/must be a time/),
  );

  it("without an offset and without a zone says what to do", () => {
    expect(iso("2026-03-01T09:30:00")).toMatch(/timeZone: put one there, or send Z or an offset/);
  });

  it("comes out as the moment whose clock shows it, or an hour at most beside it (T1, T2)", () => {
    const zone = fc.constantFrom("Europe/Berlin", "America/Chicago", "Australia/Lord_Howe", "Asia/Tokyo", "America/St_Johns");
    const moment = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2035, 0, 1) });
    fc.assert(
      fc.property(zone, moment, (timeZone, at) => {
        const clock = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
        const second = Math.floor(at / 1_000) * 1_000;
        const shown = clock.format(second).replace(" ", "T");
        const read = readTime(shown, timeZone);
        expect("at" in read && clock.format(read.at).replace(" ", "T")).toBe(shown);
        expect("at" in read && second - read.at).toBeOneOf([0, 1_800_000, 3_600_000]);
      }),
      propertySettings(500),
    );
  });
});
