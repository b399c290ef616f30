import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeGrid } from "./fake-grid.ts";
import { type Ended, type RunOptions, runStockgrid } from "./run-stockgrid.ts";

let grid: FakeGrid;
let dir = "";
beforeEach(async () => {
  grid = await FakeGrid.start();
  dir = mkdtempSync(join(tmpdir(), "stockgrid-import-"));
});
afterEach(async () => {
  await grid.stop();
  rmSync(dir, { recursive: true });
});

function importing(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return runStockgrid(["import", ...args, "--url", grid.url], { cwd: dir, ...options });
}

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(dir, name), content);
  return name;
}

function sales(rows: number): string {
  const lines = Array.from({ length: rows }, (_, index) => `m${index + 1},sale,S${index % 7},uk,1`);
  return `id,type,sku,location,quantity\n${lines.join("\n")}\n`;
}

function balances(rows: number): string {
  return `sku,location,quantity\n${Array.from({ length: rows }, (_, index) => `S${index},uk,${index}`).join("\n")}\n`;
}

function rejects(name: string): { row: number; reason: string; source: unknown }[] {
  const lines = readFileSync(join(dir, name), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as { row: number; reason: string; source: unknown });
}

describe("what is imported", () => {
  it("movements from CSV, each field as the API has it, once", async () => {
    file("a.csv", 'id,type,sku,location,quantity,occurredAt,reason,colour\nm1,sale,"a,b",uk,3,2026-01-01T00:00:00Z,,red\n');
    const first = await importing(["a.csv", "--json"]);
    expect(first).toMatchObject({ status: 0, error: "ignored columns: colour\n" });
    expect([...grid.movements.values()]).toEqual([
      { id: "m1", type: "sale", sku: "a,b", location: "uk", quantity: 3, occurredAt: "2026-01-01T00:00:00Z" },
    ]);
    expect(JSON.parse((await importing(["a.csv", "--json"])).out)).toMatchObject({ counts: { applied: 0, duplicate: 1 } });
  });

  it("opening balances, as counts with an id from the content and the row", async () => {
    file("b.csv", balances(3));
    file("copy.csv", balances(3));
    file("other.csv", balances(4));
    expect((await importing(["b.csv"])).out).toContain("3 balances: 3 applied, 0 known before, 0 rejected");
    expect([...grid.movements.values()].map(({ type, sku, quantity }) => [type, sku, quantity])).toEqual([
      ["count", "S0", 0],
      ["count", "S1", 1],
      ["count", "S2", 2],
    ]);
    expect((await importing(["copy.csv"])).out).toContain("0 applied, 3 known before");
    expect((await importing(["other.csv"])).out).toContain("4 applied, 0 known before");
  });

  it("locations, with numbers as numbers", async () => {
    file("l.csv", "location,type,name,latitude,longitude\nuk/dc,dc,Warehouse,51.5,-0.1\n");
    expect((await importing(["l.csv"])).status).toBe(0);
    expect(grid.locations.get("uk/dc")).toEqual({ type: "dc", name: "Warehouse", latitude: 51.5, longitude: -0.1 });
  });

  it("NDJSON, and gzip whatever its name", async () => {
    const lines = [1, 2].map((n) => JSON.stringify({ id: `n${n}`, type: "receipt", sku: "A", location: "uk", quantity: n }));
    file("plain.csv", gzipSync(lines.join("\n")));
    expect(await importing(["plain.csv"])).toMatchObject({ status: 0 });
    expect([...grid.movements.keys()]).toEqual(["n1", "n2"]);
  });

  it("foreign columns and separators", async () => {
    file("f.csv", "\uFEFFArtikel;Lager;Menge\r\nA;uk;5\r\n");
    const maps = ["Artikel=sku", "Lager=location", "Menge=quantity"].flatMap((map) => ["--map", map]);
    expect(await importing(["f.csv", ...maps])).toMatchObject({ status: 0 });
    expect([...grid.movements.values()]).toMatchObject([{ sku: "A", location: "uk", quantity: 5 }]);
  });

  it("standard input, named with --batch-id when its rows have no id", async () => {
    expect(await importing(["-"], { input: balances(2) })).toMatchObject({ status: 2 });
    expect(grid.requests).toBe(0);
    expect(await importing(["-", "--batch-id", "monday"], { input: balances(2) })).toMatchObject({ status: 0 });
    expect((await importing(["-", "--batch-id", "monday"], { input: balances(2) })).out).toContain("2 known before");
  });

  it("the API key goes with every request", async () => {
    file("a.csv", sales(1));
    await importing(["a.csv"], { env: { STOCKGRID_API_KEY: "secret" } });
    expect([...grid.authorizations]).toEqual(["Bearer secret"]);
  });
});

describe("rows that cannot be imported", () => {
  it("go to the rejects file with row and reason, and the others are imported", async () => {
    const rows = ["m1,sale,A,uk,1", "m2,sale,A,uk", "m3,sale,A,uk,many", "m4,sale,A,nowhere,1", "m5,,A,uk,1", "m6,sale,A,uk,1"];
    file("a.csv", `id,type,sku,location,quantity\n${rows.join("\n")}\n`);
    const ended = await importing(["a.csv"]);
    expect(ended).toMatchObject({ status: 1 });
    expect(ended.out).toContain("2 applied, 0 known before, 4 rejected");
    expect(rejects("a.csv.rejects.ndjson").map(({ row, reason }) => [row, reason])).toEqual([
      [2, "has 4 fields where the header has 5"],
      [3, 'quantity "many" is not a whole number'],
      [4, "Not found: no location nowhere"],
      [5, "has no type"],
    ]);
    expect([...grid.movements.keys()]).toEqual(["m1", "m6"]);
  });

  it("are found in NDJSON too", async () => {
    file("a.ndjson", '{"id":"m1","type":"sale","sku":"A","location":"uk","quantity":1}\nnot json\n[]\n');
    expect(await importing(["a.ndjson"])).toMatchObject({ status: 1 });
    expect(rejects("a.ndjson.rejects.ndjson")).toMatchObject([
      { row: 2, source: "not json" },
      { row: 3, source: "[]" },
    ]);
  });

  it("are singled out when the grid refuses a batch as a whole", async () => {
    grid.trouble = (_, items) =>
      items.some(({ sku }) => sku === "S3") ? { status: 400, body: { title: "Invalid request" } } : undefined;
    file("a.csv", sales(7));
    expect(await importing(["a.csv"])).toMatchObject({ status: 1 });
    expect(rejects("a.csv.rejects.ndjson")).toMatchObject([{ row: 4, reason: "Invalid request" }]);
    expect(grid.movements.size).toBe(6);
  });
});

describe("a grid in trouble", () => {
  it("gets the rows again after 429 with Retry-After, 503, and a cut connection", async () => {
    const troubles = [{ status: 429, headers: { "retry-after": "0" } }, { status: 503 }, "cut"] as const;
    grid.trouble = (request) => troubles[request];
    file("a.csv", sales(2_500));
    expect(await importing(["a.csv"])).toMatchObject({ status: 0 });
    expect(grid.movements.size).toBe(2_500);
  });

  it("waits as long as Retry-After says", async () => {
    const times: number[] = [];
    grid.trouble = (request) => {
      times.push(performance.now());
      return request === 0 ? { status: 429, headers: { "retry-after": "1" } } : undefined;
    };
    file("a.csv", sales(1));
    await importing(["a.csv"]);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it("gets only the rows again that it had no room for", async () => {
    const asked: number[] = [];
    grid.trouble = (request, items) => {
      asked.push(items.length);
      if (request > 0) return undefined;
      const busy = { status: "rejected", problem: { status: 429, title: "Too many requests" } };
      return {
        status: 200,
        body: { results: items.map(({ id }, index) => (index < 3 ? { id, ...busy } : { id, status: "applied" })) },
      };
    };
    file("a.csv", sales(10));
    expect(await importing(["a.csv"])).toMatchObject({ status: 0 });
    expect(asked).toEqual([10, 3]);
  });

  it("ends the import at once when it refuses the caller", async () => {
    grid.trouble = () => ({ status: 401, body: { title: "Unauthorized", detail: "no such key" } });
    file("a.csv", sales(5_000));
    expect(await importing(["a.csv"])).toMatchObject({ status: 1, error: "stockgrid import: Unauthorized: no such key\n" });
  });

  it("ends the import when patience is over, and says that it can go on", async () => {
    grid.trouble = () => ({ status: 503, headers: { "retry-after": "0" }, body: { title: "Not ready" } });
    file("a.csv", sales(1));
    const ended = await importing(["a.csv", "--patience", "0"]);
    expect(ended).toMatchObject({ status: 1 });
    expect(ended.error).toContain("gave up after 0 s: Not ready");
  });
});

describe("a stopped import", () => {
  it("goes on after the rows that are done, and counts all of them", async () => {
    grid.trouble = (request) => (request >= 3 ? { status: 401, body: { title: "Unauthorized" } } : undefined);
    file("a.csv", `${sales(5_500)}bad\n`);
    expect(await importing(["a.csv", "--in-flight", "1"])).toMatchObject({ status: 1 });
    expect(grid.movements.size).toBe(3_000);
    expect(existsSync(join(dir, "a.csv.import-state.json"))).toBe(true);

    const resent: string[] = [];
    grid.trouble = (_, items) => {
      resent.push(...items.map((item) => item.id));
      return undefined;
    };
    const ended = await importing(["a.csv", "--json"]);
    expect(JSON.parse(ended.out)).toMatchObject({
      rows: 5_501,
      resumedRows: 3_000,
      counts: { applied: 5_500, duplicate: 0, rejected: 1 },
    });
    expect(resent[0]).toBe("m3001");
    expect(existsSync(join(dir, "a.csv.import-state.json"))).toBe(false);
  });

  it("begins anew when the file is another one", async () => {
    grid.trouble = (request) => (request >= 1 ? { status: 401 } : undefined);
    file("a.csv", sales(2_000));
    await importing(["a.csv", "--in-flight", "1"]);
    grid.trouble = () => undefined;
    file("a.csv", sales(1_500));
    expect((await importing(["a.csv"])).out).toContain("1500 movements: 500 applied, 1000 known before");
  });
});

describe("many rows", () => {
  it("go out in batches, at most so many at a time", async () => {
    file("a.csv", sales(20_000));
    expect(await importing(["a.csv", "--in-flight", "3"])).toMatchObject({ status: 0 });
    expect({ requests: grid.requests, rows: grid.movements.size }).toEqual({ requests: 20, rows: 20_000 });
    expect(grid.inFlightMost).toBeLessThanOrEqual(3);
  });
});
