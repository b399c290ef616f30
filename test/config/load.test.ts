import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  loadSettings,
  resolveSettings,
  type Settings,
  type SettingsProblem,
  settingRows,
  settingsProblemText,
} from "../../src/config/index.ts";

let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "stockgrid-config-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

type Env = Record<string, string>;

function settings(argv: string[] = [], env: Env = {}): Settings {
  const loaded = loadSettings({ argv, env, cwd });
  if (!("httpPort" in loaded)) throw new Error(loaded.map(settingsProblemText).join("\n"));
  return loaded;
}

function problems(argv: string[] = [], env: Env = {}): readonly SettingsProblem[] {
  const loaded = loadSettings({ argv, env, cwd });
  if ("httpPort" in loaded) throw new Error("the settings were accepted");
  return loaded;
}

function writeFile(name: string, content: unknown): void {
  writeFileSync(join(cwd, name), typeof content === "string" ? content : JSON.stringify(content));
}

describe("defaults", () => {
  it("are those of the contract", () => {
    expect(settings()).toEqual({
      httpPort: 8080,
      httpHost: "127.0.0.1",
      natsUrl: undefined,
      dataDir: join(cwd, "data"),
      members: Math.min(availableParallelism(), 8),
      shards: 256,
      nodeId: hostname().replaceAll(/[^A-Za-z0-9_-]/g, "-"),
      cluster: "default",
      apiKeys: [],
      logLevel: "info",
      natsServer: undefined,
      natsUser: undefined,
      natsPassword: undefined,
      natsCreds: undefined,
      natsCa: undefined,
      natsCert: undefined,
      natsKey: undefined,
      replicas: 1,
      handoverSeconds: 20,
      queueMax: 10_000,
      checkpointSeconds: 10,
      keyRetentionHours: 24,
      movementRetentionHours: 168,
      activeRecordsMax: 200_000,
      feedEventsPerSecondMax: 25_000,
      sample: false,
    });
  });
});

describe("precedence", () => {
  it("is flag, then environment, then file, then default", () => {
    writeFile("stockgrid.json", { httpPort: 1, shards: 2, queueMax: 3 });
    const env = { STOCKGRID_HTTP_PORT: "10", STOCKGRID_SHARDS: "20" };
    const { httpPort, shards, queueMax, checkpointSeconds } = settings(["--http-port", "100"], env);
    expect({ httpPort, shards, queueMax, checkpointSeconds }).toEqual({
      httpPort: 100,
      shards: 20,
      queueMax: 3,
      checkpointSeconds: 10,
    });
  });

  it("takes the file that --config names over the one STOCKGRID_CONFIG names over stockgrid.json", () => {
    writeFile("stockgrid.json", { shards: 1 });
    writeFile("env.json", { shards: 2 });
    writeFile("flag.json", { shards: 3 });
    expect(settings().shards).toBe(1);
    expect(settings([], { STOCKGRID_CONFIG: "env.json" }).shards).toBe(2);
    expect(settings(["--config", "flag.json"], { STOCKGRID_CONFIG: "env.json" }).shards).toBe(3);
  });

  it("reads an empty value as not set", () => {
    writeFile("stockgrid.json", { httpPort: 5, cluster: "" });
    expect(settings([], { STOCKGRID_HTTP_PORT: "" })).toMatchObject({ httpPort: 5, cluster: "default" });
  });

  it("tells where each value came from", () => {
    writeFile("stockgrid.json", { queueMax: 3 });
    const resolved = resolveSettings({ argv: ["--shards=4"], env: { STOCKGRID_CLUSTER: "north" }, cwd });
    if (!("settings" in resolved)) throw new Error("refused");
    const rows = Object.fromEntries(settingRows(resolved).map(({ name, origin, where }) => [name, [origin, where]]));
    expect(rows).toMatchObject({
      shards: ["flag", "--shards"],
      cluster: ["environment", "STOCKGRID_CLUSTER"],
      queueMax: ["file", `queueMax in ${join(cwd, "stockgrid.json")}`],
      httpPort: ["default", ""],
    });
  });
});

describe("values", () => {
  it("accepts what is in bounds", () => {
    const env = {
      STOCKGRID_NATS_URL: "nats://a:4222, b:4223",
      STOCKGRID_HTTP_PORT: "0",
      STOCKGRID_MEMBERS: "1",
      STOCKGRID_KEY_RETENTION_HOURS: "48",
      STOCKGRID_API_KEYS: "shop:read+write:0123456789abcdef,ops:admin:fedcba:9876543210",
    };
    expect(settings(["--sample", "--http-host", "0.0.0.0"], env)).toMatchObject({
      natsUrl: "nats://a:4222,b:4223",
      httpPort: 0,
      httpHost: "0.0.0.0",
      sample: true,
      keyRetentionHours: 48,
      apiKeys: [
        { name: "shop", scopes: ["read", "write"], secret: "0123456789abcdef" },
        { name: "ops", scopes: ["admin"], secret: "fedcba:9876543210" },
      ],
    });
  });

  it.each([
    ["STOCKGRID_HTTP_PORT", "http", "whole number from 0 to 65535"],
    ["STOCKGRID_HTTP_PORT", "65536", "whole number from 0 to 65535"],
    ["STOCKGRID_HTTP_PORT", "80.5", "whole number"],
    ["STOCKGRID_HTTP_PORT", "-1", "whole number"],
    ["STOCKGRID_HTTP_HOST", "http://x", "IP address or a host name"],
    ["STOCKGRID_HTTP_HOST", "0.0.0.0", "without API keys"],
    ["STOCKGRID_HTTP_HOST", "::", "without API keys"],
    ["STOCKGRID_NATS_URL", "http://x", "not a NATS address"],
    ["STOCKGRID_MEMBERS", "65", "whole number from 1 to 64"],
    ["STOCKGRID_MEMBERS", "0", "whole number"],
    ["STOCKGRID_SHARDS", "0", "whole number from 1 to 4096"],
    ["STOCKGRID_NODE_ID", "a.b", "characters A-Z a-z 0-9 _ -"],
    ["STOCKGRID_CLUSTER", "a b", "characters A-Z a-z 0-9 _ -"],
    ["STOCKGRID_API_KEYS", "shop:read:short", "at least 16 characters"],
    ["STOCKGRID_API_KEYS", "shop:look:0123456789abcdef", "scopes are read, write, admin"],
    ["STOCKGRID_API_KEYS", "0123456789abcdef", "name:scope+scope:secret"],
    ["STOCKGRID_API_KEYS", "a:read:0123456789abcdef,a:read:0123456789abcdeg", "same name"],
    ["STOCKGRID_API_KEYS", "a:read:0123456789abcdef,b:read:0123456789abcdef", "same secret"],
    ["STOCKGRID_LOG_LEVEL", "verbose", "one of trace, debug"],
    ["STOCKGRID_REPLICAS", "2", "one of 1, 3, 5"],
    ["STOCKGRID_HANDOVER_SECONDS", "601", "whole number from 0 to 600"],
    ["STOCKGRID_NATS_CA", "ca.pem", "no meaning for the embedded NATS server"],
    ["STOCKGRID_NATS_CREDS", "grid.nk", "no meaning for the embedded NATS server"],
    ["STOCKGRID_KEY_RETENTION_HOURS", "23", "whole number from 24"],
    ["STOCKGRID_SAMPLE", "maybe", "true or false"],
  ])("refuses %s=%s", (variable, value, words) => {
    const [problem, ...others] = problems([], { [variable]: value });
    expect(others).toEqual([]);
    expect(problem?.where).toBe(variable);
    expect(problem?.wrong).toContain(words);
    expect(problem?.remedy).not.toBe("");
  });

  it("names variable, value and the way out in the text", () => {
    const text = problems([], { STOCKGRID_HTTP_PORT: "http" }).map(settingsProblemText).join();
    expect(text).toContain('STOCKGRID_HTTP_PORT = "http": must be a whole number from 0 to 65535. Meaning: port of HTTP');
  });

  it("reports an invalid value that a stronger layer would have hidden", () => {
    expect(problems(["--shards", "8"], { STOCKGRID_SHARDS: "many" })).toHaveLength(1);
  });
});

describe("the connection to NATS", () => {
  const URL = { STOCKGRID_NATS_URL: "tls://a:4222" };

  it("takes a file of credentials, or user and password, and certificates; paths are from the working folder", () => {
    const files = {
      STOCKGRID_NATS_CREDS: "grid.nk",
      STOCKGRID_NATS_CA: "/ca.pem",
      STOCKGRID_NATS_CERT: "c",
      STOCKGRID_NATS_KEY: "k",
    };
    expect(settings([], { ...URL, ...files })).toMatchObject({
      natsCreds: join(cwd, "grid.nk"),
      natsCa: "/ca.pem",
      natsCert: join(cwd, "c"),
      natsKey: join(cwd, "k"),
    });
    const words = { STOCKGRID_NATS_USER: "grid", STOCKGRID_NATS_PASSWORD: "secret" };
    expect(settings([], { ...URL, ...words })).toMatchObject({ natsUser: "grid", natsPassword: "secret" });
  });

  it.each([
    [{ STOCKGRID_NATS_USER: "grid" }, "STOCKGRID_NATS_USER", "half of a pair"],
    [{ STOCKGRID_NATS_PASSWORD: "secret" }, "STOCKGRID_NATS_PASSWORD", "half of a pair"],
    [{ STOCKGRID_NATS_CERT: "c" }, "STOCKGRID_NATS_CERT", "half of a pair"],
    [{ STOCKGRID_NATS_KEY: "k" }, "STOCKGRID_NATS_KEY", "half of a pair"],
    [
      { STOCKGRID_NATS_CREDS: "f", STOCKGRID_NATS_USER: "u", STOCKGRID_NATS_PASSWORD: "p" },
      "STOCKGRID_NATS_CREDS",
      "beside a user and password",
    ],
  ])("refuses %j", (env, where, wrong) => {
    expect(problems([], { ...URL, ...env } as Env)).toEqual([
      expect.objectContaining({ where, wrong: expect.stringContaining(wrong) }),
    ]);
  });
});

describe("unknown settings", () => {
  it.each([
    [["--http-prt", "1"], {}, "--http-prt", "Did you mean --http-port?"],
    [[], { STOCKGRID_HTTP_HOTS: "x" }, "STOCKGRID_HTTP_HOTS", "Did you mean STOCKGRID_HTTP_HOST?"],
    [
      [],
      { STOCKGRID_ENTIRELY_DIFFERENT_THING: "x" },
      "STOCKGRID_ENTIRELY_DIFFERENT_THING",
      "`stockgrid config` lists all settings.",
    ],
    [["serve"], {}, "serve", "--name value"],
    [["--shards"], {}, "--shards", "Write --shards value."],
  ])("refuses %j %j", (argv, env, where, remedy) => {
    const found = problems(argv, env as Env);
    expect(found.map((problem) => problem.where)).toEqual([where]);
    expect(found[0]?.remedy).toContain(remedy);
  });

  it("lets the variables of client commands and tools pass", () => {
    const env = {
      STOCKGRID_URL: "http://x",
      STOCKGRID_API_KEY: "k",
      STOCKGRID_CACHE_DIR: "/c",
      STOCKGRID_TEST_SEED: "1",
      OTHER: "x",
    };
    expect(settings([], env).httpPort).toBe(8080);
  });
});

describe("the settings file", () => {
  it.each([
    ["[1]", "is not a JSON object"],
    ["{", "is not JSON"],
    [{ htpPort: 1 }, "is not a setting that StockGrid knows"],
    [{ httpPort: { a: 1 } }, "must be a text, a number"],
    [{ httpPort: "x" }, "whole number"],
  ])("is refused as %j", (content, words) => {
    writeFile("stockgrid.json", content);
    expect(problems()[0]?.wrong).toContain(words);
  });

  it("must be there when it was named", () => {
    expect(problems(["--config", "none.json"])[0]?.wrong).toContain("cannot be read");
  });

  it("takes API keys as a list", () => {
    writeFile("stockgrid.json", { apiKeys: ["a:read:0123456789abcdef", "b:write:0123456789abcdeg"] });
    expect(settings().apiKeys.map((key) => key.name)).toEqual(["a", "b"]);
  });
});

describe("secrets", () => {
  it("are not shown in the rows of the effective settings", () => {
    const env = { STOCKGRID_API_KEYS: "shop:read:0123456789abcdef", STOCKGRID_NATS_URL: "nats://me:hidden@host:4222,u:pw@b" };
    const user = { STOCKGRID_NATS_USER: "grid", STOCKGRID_NATS_PASSWORD: "topsecret" };
    const resolved = resolveSettings({ argv: [], env: { ...env, ...user }, cwd });
    if (!("settings" in resolved)) throw new Error("refused");
    const shown = JSON.stringify(settingRows(resolved));
    expect(shown).not.toMatch(/0123456789abcdef|hidden|pw|topsecret/);
    expect(shown).toContain("shop:read:***");
    expect(shown).toContain("nats://***@host:4222,***@b");
  });

  it("are not repeated in errors", () => {
    const env = { STOCKGRID_API_KEYS: "shop:read:tellnobody", STOCKGRID_NATS_URL: "http://me:hidden@host" };
    expect(problems([], env).map(settingsProblemText).join()).not.toMatch(/tellnobody|hidden/);
  });
});
