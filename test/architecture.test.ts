/**
 * Keeps the shape of the code: levels, doors, purity, sizes. Each failure names the file, the line where it can, and the remedy.
 * A new folder under src needs a level here and a line in docs/ARCHITECTURE.md.
 */
import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { ANY_TYPE, parseSource, type Source, sourcesIn } from "./architecture/sources.ts";

const EDGE_LEVEL = 8;
const ROOT_LEVEL = 9;
const LEVELS: Readonly<Record<string, number>> = {
  base: 0,
  ports: 1,
  forms: 1,
  identifiers: 1,
  stock: 2,
  confidence: 2,
  thresholds: 2,
  reservation: 3,
  counting: 3,
  anomalies: 3,
  sources: 3,
  shard: 4,
  codec: 5,
  placement: 5,
  locations: 6,
  aliases: 6,
  member: 6,
  nats: 7,
  router: 7,
  intake: 7,
  ...Object.fromEntries(
    [
      "api",
      "client",
      "config",
      "embedded-nats",
      "feed",
      "ingest",
      "journal",
      "links",
      "loadgen",
      "metrics",
      "registry",
      "snapshot",
      "system",
    ].map((name) => [name, EDGE_LEVEL]),
  ),
  cli: 10,
};
/** Time, chance and the world come in through ports; these folders run the same in the simulator as in production. */
const PURE = [
  "base",
  "ports",
  "forms",
  "identifiers",
  "stock",
  "confidence",
  "reservation",
  "sources",
  "counting",
  "anomalies",
  "thresholds",
  "shard",
  "codec",
  "placement",
  "aliases",
  "locations",
  "member",
  "router",
  "intake",
];
const PURE_MODULES = new Set(["node:zlib"]);
const WORLDLY_NAMES = [
  "Date.now",
  "Math.random",
  "performance.now",
  "process",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "fetch",
  "crypto.randomUUID",
  "crypto.getRandomValues",
];
const FUNCTION_LINES_MAX = 70;
const SOURCE_LINES_MAX = 600;
const TEST_LINES_MAX = 800;

const sources = sourcesIn("src");
const tests = sourcesIn("test");

/** `stock` for src/stock/record.ts, `main.ts` for src/main.ts. */
function folderOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function levelOf(folder: string): number | undefined {
  return folder.endsWith(".ts") ? ROOT_LEVEL : LEVELS[folder];
}

interface Link {
  readonly from: string;
  readonly to: string;
}

function linksOf(source: Source): Link[] {
  const own = source.imports.filter((specifier) => specifier.startsWith("."));
  return own.map((specifier) => ({ from: source.path, to: posix.join(posix.dirname(source.path), specifier) }));
}

function wrongLinks(source: Source): string[] {
  return linksOf(source).flatMap(({ from, to }) => {
    const [own, other] = [folderOf(from), folderOf(to)];
    if (own === other) return [];
    const [ownLevel, otherLevel] = [levelOf(own), levelOf(other)];
    if (otherLevel === undefined) return [`${from} imports ${to}, which is in no folder of src that has a level`];
    const isRoot = own.endsWith(".ts") && other.endsWith(".ts");
    if (!isRoot && otherLevel >= (ownLevel ?? 0))
      return [`${from} imports ${to}: only lower levels; wire it in src/main.ts or pass it in`];
    if (!other.endsWith(".ts") && to !== `src/${other}/index.ts`)
      return [`${from} imports ${to}: use src/${other}/index.ts, its door`];
    return [];
  });
}

function worldly(source: Source): string[] {
  const modules = source.imports.filter((name) => name.startsWith("node:") && !PURE_MODULES.has(name));
  const names = WORLDLY_NAMES.filter((name) => source.names.has(name));
  return [
    ...modules.map((name) => `${source.path} imports ${name}: reach the world through a port`),
    ...names.map(
      (name) => `${source.path}:${source.names.get(name)} uses ${name}: take it as a port (Clock, Random) or an argument`,
    ),
  ];
}

/** The first cycle of imports found, as the paths on it, or undefined. */
function cycleIn(all: readonly Source[]): string[] | undefined {
  const links = new Map(all.map((source) => [source.path, linksOf(source).map(({ to }) => to)]));
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of links.get(path) ?? []) {
      const cycle = walk(next, [...way, path]);
      if (cycle !== undefined) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of links.keys()) {
    const cycle = walk(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function tooLong(source: Source, linesMax: number): string[] {
  return source.lines > linesMax ? [`${source.path} has ${source.lines} lines, at most ${linesMax}: split it by concept`] : [];
}

function longFunctions(source: Source): string[] {
  const long = source.functions.filter(({ lines }) => lines > FUNCTION_LINES_MAX);
  return long.map(
    ({ line, lines }) => `${source.path}:${line} is a function of ${lines} lines, at most ${FUNCTION_LINES_MAX}: name its parts`,
  );
}

function withoutHeader(source: Source): string[] {
  const begins = source.text.replace(/^#!.*\n/, "").trimStart();
  return begins.startsWith("/*") ? [] : [`${source.path} begins without a comment: say what the file owns`];
}

function looseTypes(source: Source): string[] {
  const any = source.names.get(ANY_TYPE);
  const ignored = /^\s*(?:\/\/|\/?\*+)\s*@ts-(?:ignore|nocheck|expect-error)(?![^\n]*\w{3})/m.test(source.text);
  return [
    ...(any === undefined ? [] : [`${source.path}:${any} says any: say unknown and narrow it`]),
    ...(ignored ? [`${source.path} turns the type checker off: mend the type`] : []),
  ];
}

/** `it.skip` and `.only` leave tests out unseen; `context.skip("reason")` says why. */
function excluded(source: Source): string[] {
  const silent = source.exclusions.filter(({ text }) => /\.only\(|(?:it|test|describe)\.skip\(|\.skip\(\s*\)/.test(text));
  return silent.map(({ line, text }) => `${source.path}:${line} ${text}: run every test, or skip inside it with a reason`);
}

describe("the sources", () => {
  it("are in folders that have a level", () => {
    const folders = new Set(sources.map((source) => folderOf(source.path)));
    expect([...folders].filter((folder) => levelOf(folder) === undefined)).toEqual([]);
  });

  it("import only lower levels, and only through a folder's door", () => {
    expect(sources.flatMap(wrongLinks)).toEqual([]);
  });

  it("have no cycle of imports", () => {
    expect(cycleIn(sources)?.join(" -> ")).toBeUndefined();
  });

  it("reach time, chance, files and sockets only at the edges", () => {
    expect(sources.filter((source) => PURE.includes(folderOf(source.path))).flatMap(worldly)).toEqual([]);
  });

  it("begin with a comment that says what they own", () => {
    expect(sources.flatMap(withoutHeader)).toEqual([]);
  });

  it("are short, and so are their functions", () => {
    expect(sources.flatMap((source) => [...tooLong(source, SOURCE_LINES_MAX), ...longFunctions(source)])).toEqual([]);
  });
});

describe("the sources and the tests", () => {
  it("do not switch the type checker off", () => {
    expect([...sources, ...tests].flatMap(looseTypes)).toEqual([]);
  });
});

describe("the tests", () => {
  it("are short files", () => {
    expect(tests.flatMap((source) => tooLong(source, TEST_LINES_MAX))).toEqual([]);
  });

  it("all run", () => {
    expect(tests.flatMap(excluded)).toEqual([]);
  });
});

describe("the rules themselves", () => {
  const HEADER = "/** Owns nothing. */\n";

  it.each([
    ["src/stock/a.ts", 'import { x } from "../shard/index.ts";', /only lower levels/],
    ["src/journal/a.ts", 'export { x } from "../feed/index.ts";', /only lower levels/],
    ["src/feed/a.ts", 'const x = await import("../metrics/index.ts");', /only lower levels/],
    ["src/shard/a.ts", 'import type { X } from "../stock/record.ts";', /its door/],
    ["src/stock/a.ts", 'import { x } from "../elsewhere/index.ts";', /no folder/],
  ])("refuse in %s: %s", (path, text, reason) => {
    expect(wrongLinks(parseSource(path, HEADER + text))).toEqual([expect.stringMatching(reason)]);
  });

  it.each([
    'import { readFileSync } from "node:fs";',
    "const now = Date.now();",
    "const chance = Math.random();",
    "setTimeout(() => 1, 5);",
    "export const home = process.env;",
  ])("refuse in the core: %s", (text) => {
    expect(worldly(parseSource("src/member/a.ts", HEADER + text))).toHaveLength(1);
  });

  it("allow the core its own members of such names", () => {
    const text = 'import { crc32 } from "node:zlib";\nexport const x = { process: crc32 };\nx.process("");';
    expect(worldly(parseSource("src/member/a.ts", HEADER + text))).toEqual([]);
  });

  it("see a cycle, a long function, a missing header, any, and a skipped test", () => {
    const one = parseSource("src/stock/a.ts", 'import "./b.ts";');
    const two = parseSource("src/stock/b.ts", 'import "./a.ts";');
    expect(cycleIn([one, two])).toEqual(["src/stock/a.ts", "src/stock/b.ts", "src/stock/a.ts"]);
    expect(longFunctions(parseSource("src/stock/a.ts", `function f() {${"\n".repeat(FUNCTION_LINES_MAX)}}`))).toHaveLength(1);
    expect(withoutHeader(one)).toHaveLength(1);
    expect(looseTypes(parseSource("src/stock/a.ts", "const x = 1 as any;"))).toHaveLength(1);
    expect(excluded(parseSource("test/a.test.ts", 'it.skip("x", () => 1);'))).toHaveLength(1);
    expect(excluded(parseSource("test/a.test.ts", 'context.skip("no browser here");'))).toEqual([]);
  });
});
