/** Networks that can be cut, disks that can be filled, files that can be damaged: the tools themselves. */

import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type DamageKind, damageFile } from "./damage.ts";
import { TestNetwork, unsupportedNetworks } from "./netns.ts";
import { SmallDisk, unsupportedTmpfs } from "./tmpfs.ts";

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const ECHO = `
  const server = require("node:net").createServer((socket) => socket.on("data", (chunk) => socket.write(chunk)).on("error", () => 0));
  server.listen(7777, process.argv[1], () => process.stdout.write("ready"));`;
const ASK = `
  const socket = require("node:net").connect(7777, process.argv[1], () => socket.write("hello"));
  socket.setTimeout(400, () => process.exit(3));
  socket.on("error", () => process.exit(4));
  socket.on("data", () => process.exit(0));`;
const HEARD = 0;
const SILENCE = 3;

async function network(): Promise<TestNetwork> {
  const made = await TestNetwork.create(["a", "b", "c"]);
  ends.push(() => made.close());
  for (const host of ["a", "b", "c"]) {
    const server = made.spawn(host, process.execPath, ["-e", ECHO, made.address(host)], { stdio: ["ignore", "pipe", "ignore"] });
    await new Promise((resolve) => server.stdout?.once("data", resolve));
  }
  return made;
}

/** The exit code of a process on `from` that asks one on `to`. */
function ask(made: TestNetwork, from: string, to: string): Promise<number | null> {
  const child = made.spawn(from, process.execPath, ["-e", ASK, made.address(to)], { stdio: "ignore" });
  return new Promise((resolve) => child.once("exit", resolve));
}

describe("a network of hosts", () => {
  it("is cut and mended between two hosts, while others talk", async (context) => {
    const reason = await unsupportedNetworks();
    if (reason !== undefined) context.skip(reason);
    const made = await network();
    expect(await ask(made, "a", "b")).toBe(HEARD);
    await made.cut(["a"], ["b"]);
    const answers = await Promise.all([ask(made, "a", "b"), ask(made, "b", "a"), ask(made, "a", "c"), ask(made, "c", "b")]);
    expect(answers).toEqual([SILENCE, SILENCE, HEARD, HEARD]);
    await made.mend(["a"], ["b"]);
    expect(await ask(made, "a", "b")).toBe(HEARD);
  });

  it("loses packets of one direction only when told so", async (context) => {
    const reason = await unsupportedNetworks();
    if (reason !== undefined) context.skip(reason);
    const made = await network();
    const count = (host: string): number => tcpSegmentsIn(snmp(made, host));
    await made.cutOneWay("a", "b");
    const [atA, atB] = [count("a"), count("b")];
    expect(await ask(made, "b", "a")).toBe(SILENCE);
    expect(count("a")).toBeGreaterThan(atA);
    expect(count("b")).toBe(atB);
    await made.mendAll();
    expect(await ask(made, "b", "a")).toBe(HEARD);
  });

  it("leaves nothing behind", async (context) => {
    const reason = await unsupportedNetworks();
    if (reason !== undefined) context.skip(reason);
    const made = await network();
    await made.close();
    const left = spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout;
    expect(left).not.toContain(`sgb${process.pid.toString(36)}`);
  });
});

function snmp(made: TestNetwork, host: string): string {
  return spawnSync("ip", ["netns", "exec", made.namespace(host), "cat", "/proc/net/snmp"], { encoding: "utf8" }).stdout;
}

/** Segments that TCP has received on this host. */
function tcpSegmentsIn(text: string): number {
  const [names, values] = text
    .split("\n")
    .filter((line) => line.startsWith("Tcp:"))
    .map((line) => line.split(" "));
  return Number(values?.[names?.indexOf("InSegs") ?? -1]);
}

describe("a small disk", () => {
  it("is full when filled, and has room again", async (context) => {
    const reason = await unsupportedTmpfs();
    if (reason !== undefined) context.skip(reason);
    const disk = await SmallDisk.mount(1 << 20);
    ends.push(() => disk.close());
    await disk.fill();
    await expect(writeFile(join(disk.path, "more"), Buffer.alloc(100_000))).rejects.toMatchObject({ code: "ENOSPC" });
    await disk.free();
    await writeFile(join(disk.path, "more"), Buffer.alloc(100_000));
    await disk.fill(200_000);
    expect(await disk.freeBytes()).toBeLessThanOrEqual(200_000);
    await writeFile(join(disk.path, "and more"), Buffer.alloc(100_000));
  });
});

describe("damage to a file", () => {
  const PAGES = 12;
  const EMPTY_PAGE = 7;

  async function file(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "stockgrid-damaged-"));
    ends.push(() => rm(folder, { recursive: true }));
    const path = join(folder, "data.mdb");
    const pages = Array.from({ length: PAGES }, (_, page) => Buffer.alloc(4_096, page === EMPTY_PAGE ? 0 : page + 1));
    await writeFile(path, Buffer.concat(pages));
    return path;
  }

  async function damaged(kind: DamageKind, seed: number, places = 1): Promise<{ before: Buffer; after: Buffer; done: string }> {
    const path = await file();
    const before = await readFile(path);
    const done = await damageFile(path, { kind, seed, places });
    return { before, after: await readFile(path), done };
  }

  it("flips as many bits as asked, in pages in use, the same for the same seed", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { before, after, done } = await damaged("flip-bits", seed);
      const changed = [...before.keys()].filter((at) => before[at] !== after[at]);
      expect(changed).toHaveLength(1);
      const page = Math.floor((changed[0] as number) / 4_096);
      expect(page).toBeGreaterThanOrEqual(2);
      expect(page).not.toBe(EMPTY_PAGE);
      expect((await damaged("flip-bits", seed)).done).toBe(done);
    }
  });

  it("zeroes pages, cuts off, or wipes the headers", async () => {
    const zeroed = await damaged("zero-pages", 1);
    expect(zeroed.after.filter((byte) => byte === 0)).toHaveLength(2 * 4_096);
    const { after } = await damaged("cut-off", 1);
    expect(after.length).toBeLessThan(PAGES * 4_096);
    expect(after.length).toBeGreaterThanOrEqual(2 * 4_096);
    const headless = await damaged("headers", 1);
    expect(headless.after.subarray(0, 8_192).every((byte) => byte === 0)).toBe(true);
    expect(headless.after.subarray(8_192).equals(headless.before.subarray(8_192))).toBe(true);
  });

  it("needs a page in use", async () => {
    const path = await file();
    await writeFile(path, Buffer.alloc(8_192));
    await expect(damageFile(path, { kind: "flip-bits", seed: 1 })).rejects.toThrow(/no page in use/);
    expect((await stat(path)).size).toBe(8_192);
  });
});
