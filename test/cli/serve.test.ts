/** One node from an empty folder to a clean stop and back, by the command alone: what README promises. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, type Running, runStockgrid, startStockgrid } from "./run-stockgrid.ts";

const START_MS_MAX = 120_000;

let cwd = "";
let node: Running;
let firstWords = "";

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "stockgrid-serve-"));
  node = serving();
  firstWords = (await node.printed(/Ctrl-C stops the node/)).input;
}, START_MS_MAX);

afterAll(async () => {
  node.child.kill("SIGINT");
  await node.ended;
  rmSync(cwd, { recursive: true });
});

function serving(): Running {
  return startStockgrid(["serve", "--sample", "--http-port", "0", "--log-level", "warn"], { cwd });
}

function stockgrid(...args: string[]): Promise<Ended> {
  return runStockgrid(args, { cwd });
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { status, out, error } = await stockgrid(...args, "--json");
  if (status !== 0) throw new Error(error);
  return JSON.parse(out) as Record<string, unknown>;
}

describe("serve --sample on an empty folder", () => {
  it("says where everything is and imports every row of the sample", () => {
    expect(firstWords).toMatch(/HTTP +http:\/\/127\.0\.0\.1:\d+\n/);
    expect(firstWords).toMatch(/NATS +nats:\/\/127\.0\.0\.1:\d+\n/);
    expect(firstWords).toContain("Imported the sample: 6988 rows");
  });

  it("leaves every record of the sample with stock to sell", async () => {
    const products = readFileSync(new URL("../../sample/products.csv", import.meta.url), "utf8")
      .trim()
      .split("\n")
      .slice(1);
    const { httpUrl } = JSON.parse(readFileSync(join(cwd, "data", "node.json"), "utf8")) as { httpUrl: string };
    const skus = products.map((line) => line.split(",", 1)[0]);
    const response = await fetch(`${httpUrl}/v1/availability`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ skus }),
    });
    const { items } = (await response.json()) as { items: { available: number }[] };
    expect(items).toHaveLength(558);
    expect(items.filter((item) => item.available < 1)).toEqual([]);
  });

  it("prints a first reservation that works when typed in", async () => {
    const [, url = "", body = ""] = /curl (\S+) -H '[^']+' -d '([^']+)'/.exec(firstWords) ?? [];
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(response.status).toBe(201);
  });
});

describe("the lifecycle by the command", () => {
  it("reserves, confirms and fulfills a real product, and the tail shows each step", async () => {
    const before = Number((await json("get", "22423", "uk-dc"))["onHand"]);
    const tail = startStockgrid(["tail", "--sku", "22423", "--json"], { cwd });
    // The tail prints nothing until something happens: hold until one is seen.
    const seen = tail.printed(/stockgrid\.stock\.fulfilled\.v1/);
    const reservation = await heldWhileSeen(tail);
    await json("confirm", reservation);
    expect(await json("fulfill", reservation)).toMatchObject({ id: reservation, status: "fulfilled" });
    await seen;
    tail.child.kill("SIGINT");
    expect(await tail.ended).toMatchObject({ status: 0 });
    expect(await json("get", "22423", "uk-dc")).toMatchObject({ onHand: before - 2 });
  });

  it("answers a repeated key with the same reservation, and shows it", async () => {
    const first = await json("reserve", "85123A", "uk-dc", "1", "--key", "k", "--ttl", "60");
    const again = await json("reserve", "85123A", "uk-dc", "1", "--key", "k", "--ttl", "60");
    expect(again["id"]).toBe(first["id"]);
    expect((await stockgrid("get", "reservation", String(first["id"]))).out).toContain("held until");
    expect(await json("release", String(first["id"]))).toMatchObject({ status: "released" });
  });

  it("refuses more than there is with status 1 and the shortage", async () => {
    const { status, error } = await stockgrid("reserve", "85123A", "uk-dc", "1000000");
    expect(status).toBe(1);
    expect(error).toMatch(/85123A at uk-dc: 1000000 asked, \d+ available/);
  });
});

describe("a start that cannot work", () => {
  it("ends with status 2 for a wrong setting, and says all that is wrong", async () => {
    const { status, error } = await stockgrid("serve", "--http-prt", "0", "--shards", "none");
    expect(status).toBe(2);
    expect(error).toContain("Did you mean --http-port?");
    expect(error).toContain('--shards = "none"');
  });

  it("ends with status 1 when the data folder is in use", async () => {
    const { status, error } = await stockgrid("serve", "--http-port", "0", "--log-level", "silent");
    expect(status).toBe(1);
    expect(error).toContain("the node did not start");
  });
});

describe("a stop and a second start", () => {
  it("ends with status 0, forgets nothing and does not import again", async () => {
    const before = await json("get", "85123A");
    node.child.kill("SIGTERM");
    expect(await node.ended).toMatchObject({ status: 0 });
    expect(existsSync(join(cwd, "data", "node.json"))).toBe(false);

    node = serving();
    await node.printed(/access .*\n/);
    expect(await json("get", "85123A")).toEqual(before);
    node.child.kill("SIGINT");
    const { status, out } = await node.ended;
    expect(status).toBe(0);
    // An import that was begun would be in the words, or, cut short by the stop, in the note.
    expect(out).not.toContain("Imported");
    expect(JSON.parse(readFileSync(join(cwd, "data", "sample.json"), "utf8"))).toEqual({ sample: "imported" });
  });
});

/** Holds two units, as often as it takes for the tail to be there: what it missed is released. Resolves to the id. */
async function heldWhileSeen(tail: Running): Promise<string> {
  const live = tail.printed(/stockgrid\.stock\.held\.v1/).then(() => true);
  for (;;) {
    const id = String((await json("reserve", "22423", "uk-dc", "2", "--ttl", "60"))["id"]);
    const turn = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 250));
    if (await Promise.race([live, turn])) return id;
    await json("release", id);
  }
}
