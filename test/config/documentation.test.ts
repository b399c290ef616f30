import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { settingHelp, settingsTable } from "../../src/config/index.ts";

describe("docs/configuration.md", () => {
  it("has the table of settings as the code has it", () => {
    expect(readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8")).toContain(settingsTable());
  });
});

describe("the table of settings", () => {
  it("has the variables of the public contract first, with their defaults", () => {
    const rows = settingHelp().map((row) => [row.variable, row.default]);
    expect(rows.slice(0, 9)).toEqual([
      ["STOCKGRID_HTTP_PORT", "8080"],
      ["STOCKGRID_HTTP_HOST", "127.0.0.1"],
      ["STOCKGRID_NATS_URL", "empty"],
      ["STOCKGRID_DATA_DIR", "./data"],
      ["STOCKGRID_MEMBERS", "number of cores, at most 8"],
      ["STOCKGRID_SHARDS", "256"],
      ["STOCKGRID_NODE_ID", "host name"],
      ["STOCKGRID_CLUSTER", "default"],
      ["STOCKGRID_API_KEYS", "empty"],
    ]);
  });
});
