import { describe, expect, it } from "vitest";
import { runBenchCommand } from "../../src/cli/bench.ts";
import { parseBenchOptions } from "../../src/cli/bench-options.ts";

const URL_GIVEN = ["--url", "http://127.0.0.1:8080"];

describe("the options of stockgrid bench", () => {
  it("are a closed loop of 64 connections for 30 seconds unless told", () => {
    const parsed = parseBenchOptions(URL_GIVEN, {});
    expect(parsed).toMatchObject({
      kind: "run",
      options: { connections: 64, rate: undefined, rampSeconds: 0, durationSeconds: 30, skus: 1000, apiKey: undefined },
    });
  });

  it("take the key from the environment, and a flag before it", () => {
    const env = { STOCKGRID_API_KEY: "from-env" };
    expect(parseBenchOptions(URL_GIVEN, env)).toMatchObject({ options: { apiKey: "from-env" } });
    expect(parseBenchOptions([...URL_GIVEN, "--api-key", "given"], env)).toMatchObject({ options: { apiKey: "given" } });
  });

  it.each([
    [[], "--url is missing"],
    [["--url", "grid:8080"], "http or https"],
    [[...URL_GIVEN, "--connections", "0"], "--connections must be a number from 1"],
    [[...URL_GIVEN, "--connections", "1.5"], "whole number"],
    [[...URL_GIVEN, "--rate", "fast"], "--rate must be a number"],
    [[...URL_GIVEN, "--ramp", "5"], "--ramp needs --rate"],
    [[...URL_GIVEN, "--rate", "10", "--duration", "5", "--ramp", "6"], "--ramp must be a number from 0 to 5"],
    [[...URL_GIVEN, "--speed", "9"], "--speed"],
  ])("%j is refused with words that help", async (argv, words) => {
    const written: string[] = [];
    const io = { out: (text: string) => written.push(`out ${text}`), error: (text: string) => written.push(text) };
    expect(await runBenchCommand(argv, io)).toBe(2);
    expect(written.join("")).toContain(words);
  });

  it("--help explains every option", async () => {
    const written: string[] = [];
    const io = { out: (text: string) => written.push(text), error: (text: string) => written.push(text) };
    expect(await runBenchCommand(["--help"], io)).toBe(0);
    for (const flag of ["url", "api-key", "connections", "rate", "ramp", "duration", "skus", "json"]) {
      expect(written.join("")).toContain(`--${flag}`);
    }
  });
});
