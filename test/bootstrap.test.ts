/** The bootstrap: what a fresh clone relies on. The scripts run as processes, as npm would run them. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const RUN = join(ROOT, "scripts", "run.mjs");

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

interface Lockfile {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

interface LockEntry {
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(join(ROOT, name), "utf8")) as T;
}

/** A program of the repository that runs under run.mjs; named in the arguments so that it may be anything. */
const PRINT = "test/bootstrap/print.ts";

describe("running a program", () => {
  it("uses the pinned Node, whatever Node started it, and passes the arguments on", () => {
    const result = spawnSync(process.execPath, [RUN, PRINT, "--one", "two words"], { encoding: "utf8" });
    const said = JSON.parse(result.stdout) as { version: string; args: string[] };
    expect(said.version).toBe(`v${read<Manifest>("package.json").dependencies["node"]}`);
    expect(said.args).toEqual(["--one", "two words"]);
  });

  it("ends with the program's exit code", () => {
    expect(spawnSync(process.execPath, [RUN, PRINT, "--exit=7"]).status).toBe(7);
  });

  it("passes a signal on and waits for the clean end", async () => {
    const child = spawn(process.execPath, [RUN, PRINT, "--wait"], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(42);
  });

  it("says so when there is no such program", () => {
    const result = spawnSync(process.execPath, [RUN, "no-such-tool"], { encoding: "utf8" });
    expect(result.stderr).toMatch(/^stockgrid: there is no .*no-such-tool/);
    expect(result.status).toBe(1);
  });
});

describe("the lockfile", () => {
  const { packages } = read<Lockfile>("package-lock.json");
  const entries = Object.entries(packages);

  it("names the builds of every platform, or npm ci refuses it", () => {
    const names = new Set(entries.map(([path]) => path.split("node_modules/").at(-1)));
    const wanted = entries.flatMap(([, entry]) => Object.keys(entry.optionalDependencies ?? {}));
    expect(
      wanted.filter((name) => !names.has(name)),
      "run: node scripts/complete-lockfile.mjs",
    ).toEqual([]);
  });

  it("has no download addresses", () => {
    expect(entries.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path)).toEqual([]);
  });

  it("has no install script that package.json does not allow", () => {
    const allowed = read<Manifest>("package.json").allowScripts;
    const scripted = entries.filter(([, entry]) => entry.hasInstallScript === true);
    const names = scripted.map(([path]) => path.split("node_modules/").at(-1) ?? "");
    expect(names.filter((name) => allowed[name] === undefined)).toEqual([]);
  });
});
