/** Where a nats-server comes from: the order of the places, what is refused, and how a fetched one is put in its place. */
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cachedBinary, fillCache } from "../../src/embedded-nats/binary-cache.ts";
import { mirrorOfLines, mirrorOfStanzas } from "../../src/embedded-nats/debian-mirror.ts";
import { archiveName, requireChecksum } from "../../src/embedded-nats/fetch-from-release.ts";
import { findNatsServer, NatsServerMissing } from "../../src/embedded-nats/index.ts";
import { isUsable, parseVersion } from "../../src/embedded-nats/nats-version.ts";
import { tempFolder } from "./helpers.ts";

/** A program that answers `--version` as a nats-server of that version would. */
function pretender(folder: string, version: string, name = "nats-server"): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("finding a nats-server", () => {
  it("takes STOCKGRID_NATS_SERVER before anything else", async () => {
    const folder = tempFolder();
    const wished = pretender(folder, "2.11.0", "mine");
    pretender(join(folder, "bin"), "2.15.1");
    const environment = { STOCKGRID_NATS_SERVER: wished, PATH: join(folder, "bin") };
    expect(await findNatsServer({ environment, fetch: false, systemFolders: [] })).toBe(wished);
  });

  it("refuses a STOCKGRID_NATS_SERVER that is too old, and does not quietly take another", async () => {
    const folder = tempFolder();
    pretender(join(folder, "bin"), "2.15.1");
    const environment = { STOCKGRID_NATS_SERVER: pretender(folder, "2.9.25"), PATH: join(folder, "bin") };
    await expect(findNatsServer({ environment })).rejects.toThrow(/is 2\.9\.25, older than 2\.10/);
  });

  it("takes a new enough one from PATH and passes over an old one", async () => {
    const folder = tempFolder();
    pretender(join(folder, "old"), "2.9.10");
    const usable = pretender(join(folder, "new"), "2.10.0");
    const environment = { PATH: `${join(folder, "old")}:${join(folder, "new")}`, STOCKGRID_CACHE_DIR: folder };
    expect(await findNatsServer({ environment, fetch: false, systemFolders: [] })).toBe(usable);
  });

  it("takes the cached copy when PATH has none", async () => {
    const environment = { PATH: "", STOCKGRID_CACHE_DIR: tempFolder() };
    const cached = cachedBinary(environment);
    copyFileSync(pretender(tempFolder(), "2.15.1"), cached);
    expect(await findNatsServer({ environment, fetch: false, systemFolders: [] })).toBe(cached);
  });

  it("names the choices when none can be had", async () => {
    const environment = { PATH: "", STOCKGRID_CACHE_DIR: tempFolder() };
    const missing = findNatsServer({ environment, fetch: false, systemFolders: [] });
    await expect(missing).rejects.toThrow(NatsServerMissing);
    await expect(missing).rejects.toThrow(/STOCKGRID_NATS_SERVER[\s\S]*STOCKGRID_NATS_URL/);
  });
});

describe("the cache", () => {
  it("puts a fetched binary in its place only when it is usable, and leaves no work folder", async () => {
    const environment = { STOCKGRID_CACHE_DIR: tempFolder() };
    await expect(fillCache(environment, async (folder) => pretender(folder, "2.9.1"))).rejects.toThrow(/2\.9\.1, older/);
    expect(existsSync(cachedBinary(environment))).toBe(false);
    const path = await fillCache(environment, async (folder) => pretender(folder, "2.15.1"));
    expect(readdirSync(environment.STOCKGRID_CACHE_DIR)).toEqual([path.split("/").at(-1)]);
  });

  it("ends with a whole binary when two fetch at once", async () => {
    const environment = { STOCKGRID_CACHE_DIR: tempFolder(), PATH: "" };
    const both = [1, 2].map(() => fillCache(environment, async (folder) => pretender(folder, "2.15.1")));
    expect(new Set(await Promise.all(both)).size).toBe(1);
    expect(await findNatsServer({ environment, fetch: false, systemFolders: [] })).toBe(cachedBinary(environment));
  });

  it("removes what an interrupted fetch left, and not what one under way has", async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, "fetch-abandoned"));
    utimesSync(join(folder, "fetch-abandoned"), 0, 0);
    mkdirSync(join(folder, "fetch-recent"));
    await fillCache({ STOCKGRID_CACHE_DIR: folder }, async (work) => pretender(work, "2.15.1"));
    expect(readdirSync(folder).filter((name) => name.startsWith("fetch-"))).toEqual(["fetch-recent"]);
  });
});

describe("versions", () => {
  it.each([
    ["nats-server: v2.15.1", "2.15.1", true],
    ["nats-server: v2.10.0-RC.1\n", "2.10.0-RC.1", true],
    ["2.10.27", "2.10.27", true],
    ["nats-server: v2.9.25", "2.9.25", false],
    ["nats-server: v3.0.0", "3.0.0", true],
  ])("reads %j as %s, usable: %s", (answer, text, usable) => {
    const version = parseVersion(answer);
    expect(version?.text).toBe(text);
    expect(version !== undefined && isUsable(version)).toBe(usable);
  });

  it("reads nothing out of what is no version", () => {
    expect(parseVersion("command not found")).toBeUndefined();
  });
});

describe("the machine's Debian mirror", () => {
  it("is read from one-line sources, past comments, options and security updates", () => {
    const text = `# deb http://old.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main
deb [arch=amd64 signed-by=/x.gpg] https://mirror.example/debian/ bookworm main contrib`;
    expect(mirrorOfLines(text)).toBe("https://mirror.example/debian/");
  });

  it("is read from stanzas, past comments, disabled ones and third parties", () => {
    const text = `Types: deb
# URIs: http://snapshot.example/debian
URIs: http://third.example/node_20.x
Suites: nodistro

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm

Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main`;
    expect(mirrorOfStanzas(text)).toBe("http://mirror.example/debian");
  });

  it("is unknown where no source is Debian's", () => {
    expect(mirrorOfLines("deb http://archive.ubuntu.com/ubuntu noble main")).toBeUndefined();
    expect(mirrorOfStanzas("Types: deb\nURIs: http://archive.ubuntu.com/ubuntu\nSuites: noble")).toBeUndefined();
  });
});

describe("the official release", () => {
  const bytes = new TextEncoder().encode("archive");
  const sum = createHash("sha256").update(bytes).digest("hex");

  it("is taken when its checksum is the listed one", () => {
    expect(() => requireChecksum(`aa  other.zip\n${sum}  it.tar.gz\n`, "it.tar.gz", bytes)).not.toThrow();
  });

  it("is refused when its checksum differs or is not listed", () => {
    expect(() => requireChecksum(`${"0".repeat(64)}  it.tar.gz`, "it.tar.gz", bytes)).toThrow(/has checksum/);
    expect(() => requireChecksum(`${sum}  other.tar.gz`, "it.tar.gz", bytes)).toThrow(/does not name it\.tar\.gz/);
  });

  it("is named after the platform, and a platform without one is told so", () => {
    expect(archiveName("darwin", "arm64")).toMatch(/^nats-server-v\d+\.\d+\.\d+-darwin-arm64$/);
    expect(() => archiveName("win32", "x64")).toThrow("there is no release for win32 x64");
  });
});
