import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runStockgrid } from "./run-stockgrid.ts";

let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "stockgrid-cli-"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

const COMMANDS = [
  "serve",
  "verify",
  "import",
  "get",
  "reserve",
  "confirm",
  "release",
  "extend",
  "fulfill",
  "tail",
  "alias",
  "deadletter",
  "config",
  "cluster",
  "backup",
  "restore",
  "reshard",
  "bench",
];

describe("--help", () => {
  it("lists the commands", async () => {
    const { status, out } = await runStockgrid(["--help"]);
    expect(status).toBe(0);
    for (const command of COMMANDS) expect(out).toContain(`  ${command} `);
  });

  it.each(COMMANDS)("of %s teaches with examples and exit statuses", async (command) => {
    const { status, out } = await runStockgrid([command, "--help"], { cwd });
    expect(status).toBe(0);
    expect(out).toContain(`Usage: stockgrid ${command}`);
    expect(out).toContain("Examples");
    expect(out).toContain("Exit status: 0");
  });
});

describe("wrong usage ends with status 2 and says the way out", () => {
  it.each([
    [[], "stockgrid: an inventory grid", "out"],
    [["srve"], "Did you mean serve?", "error"],
    [["toString"], 'there is no command "toString"', "error"],
    [["get"], "name a SKU", "error"],
    [["get", "a", "--jsn"], "did you mean --json?", "error"],
    [["get", "a", "--url", "ftp://x"], "not an http or https URL", "error"],
    [["reserve", "a", "b", "many"], "the quantity must be a whole number from 1 to 2147483647", "error"],
    [["reserve", "a", "b", "1", "--ttl", "0"], "--ttl must be a whole number from 1 to 604800", "error"],
    [["import", "x.csv", "--kind", "things", "--url", "http://127.0.0.1:1"], "--kind is one of movements", "error"],
    [["import", "x.csv", "--map", "sku", "--url", "http://127.0.0.1:1"], "--map takes column=field", "error"],
    [["config", "--http-prt", "1"], "Did you mean --http-port?", "error"],
  ] as const)("%j", async (args, words, where) => {
    const ended = await runStockgrid(args, { cwd });
    expect(ended.status).toBe(2);
    expect(ended[where]).toContain(words);
  });
});

describe("without a node", () => {
  it("a client command fails and says how to find or start one", async () => {
    const { status, error } = await runStockgrid(["get", "A"], { cwd });
    expect(status).toBe(1);
    expect(error).toContain("no running node found");
    expect(error).toContain("stockgrid serve");
  });

  it("a client command fails when node.json names one that is gone", async () => {
    writeFileSync(join(cwd, "node.json"), JSON.stringify({ pid: 1, httpUrl: "http://127.0.0.1:1" }));
    const { status, error } = await runStockgrid(["get", "A", "--data-dir", cwd], { cwd });
    expect(status).toBe(1);
    expect(error).toContain("http://127.0.0.1:1 does not answer");
  });
});

describe("config", () => {
  it("prints effective values and where they came from, keys hidden, for machines", async () => {
    const env = { STOCKGRID_API_KEYS: "shop:read:0123456789abcdef" };
    const { status, out } = await runStockgrid(["config", "--json", "--shards", "8"], { cwd, env });
    expect(status).toBe(0);
    expect(out).not.toContain("0123456789abcdef");
    const rows = JSON.parse(out) as { name: string; value: string; where: string }[];
    expect(rows.find((row) => row.name === "shards")).toMatchObject({ value: "8", where: "--shards" });
    expect(rows.find((row) => row.name === "apiKeys")).toMatchObject({ value: "shop:read:***", where: "STOCKGRID_API_KEYS" });
  });
});
