/**
 * The layers that settings come from, each read into the same shape: flags, environment, file. What a layer cannot
 * understand is a problem; an empty value counts as not set.
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { FIELDS, flagOf, SETTING_NAMES, variableOf } from "./fields.ts";
import type { SettingsProblem } from "./problem.ts";
import type { SettingName } from "./settings.ts";
import { nearest } from "./suggest.ts";

export type Origin = "flag" | "environment" | "file" | "default";

export interface GivenText {
  readonly text: string;
  readonly where: string;
}

export interface Layer {
  readonly origin: Origin;
  readonly given: ReadonlyMap<SettingName, GivenText>;
  readonly problems: readonly SettingsProblem[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = "STOCKGRID_";
/** Variables of the same family that are no settings of a node: the file itself, and what client commands read. */
const OTHER_VARIABLES: readonly string[] = [
  "STOCKGRID_CONFIG",
  "STOCKGRID_URL",
  "STOCKGRID_API_KEY",
  "STOCKGRID_CACHE_DIR",
  "STOCKGRID_CLUSTER_DIR",
];
/** Variables that the project's own tests and tools read begin so. */
const TOOL_PREFIXES: readonly string[] = ["STOCKGRID_TEST_", "STOCKGRID_SIM_", "STOCKGRID_BENCH_"];
const DEFAULT_FILE = "stockgrid.json";

const VARIABLES: ReadonlyMap<string, SettingName> = new Map(SETTING_NAMES.map((name) => [variableOf(name), name]));
const FLAGS: ReadonlyMap<string, SettingName> = new Map(SETTING_NAMES.map((name) => [flagOf(name), name]));

export interface Flags {
  readonly layer: Layer;
  /** Path given by `--config`. */
  readonly config: string | undefined;
}

export function readFlags(argv: readonly string[]): Flags {
  const given = new Map<SettingName, GivenText>();
  const problems: SettingsProblem[] = [];
  let config: string | undefined;
  let afterUnknown = false;
  for (const token of flagTokens(argv)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      if (!afterUnknown)
        problems.push({ where: token.value, wrong: "is not a flag", remedy: "Settings are given as --name value." });
      afterUnknown = false;
      continue;
    }
    const name = FLAGS.get(token.name);
    const where = `--${token.name}`;
    const text = token.value ?? (name === "sample" ? "true" : undefined);
    afterUnknown = name === undefined && token.name !== "config";
    if (afterUnknown)
      problems.push(
        unknown(
          where,
          "flag",
          [...FLAGS.keys(), "config"].map((flag) => `--${flag}`),
        ),
      );
    else if (text === undefined) problems.push({ where, wrong: "needs a value", remedy: `Write ${where} value.` });
    else if (name === undefined) config = text;
    else if (text !== "") given.set(name, { text, where });
  }
  return { layer: { origin: "flag", given, problems }, config };
}

function flagTokens(argv: readonly string[]): NonNullable<ReturnType<typeof parseArgs>["tokens"]> {
  const options: Record<string, { type: "string" | "boolean" }> = { config: { type: "string" } };
  for (const [flag, name] of FLAGS) options[flag] = { type: name === "sample" ? "boolean" : "string" };
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

export function readEnvironment(env: Environment): Layer {
  const given = new Map<SettingName, GivenText>();
  const problems: SettingsProblem[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined || text === "") continue;
    const name = VARIABLES.get(variable);
    if (name !== undefined) given.set(name, { text, where: variable });
    else if (!isOtherVariable(variable)) problems.push(unknown(variable, "variable", [...VARIABLES.keys(), ...OTHER_VARIABLES]));
  }
  return { origin: "environment", given, problems };
}

function isOtherVariable(variable: string): boolean {
  return OTHER_VARIABLES.includes(variable) || TOOL_PREFIXES.some((prefix) => variable.startsWith(prefix));
}

/** `named`: the path a person gave. A file that was named must be there; `stockgrid.json` in the working folder may be. */
export function readSettingsFile(named: string | undefined, cwd: string): Layer {
  const path = resolve(cwd, named ?? DEFAULT_FILE);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (named === undefined && isMissing(error)) return { origin: "file", given: new Map(), problems: [] };
    return fileProblem(path, `cannot be read: ${String(error)}`);
  }
  return layerOfFile(path, text);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function layerOfFile(path: string, text: string): Layer {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return fileProblem(path, `is not JSON: ${String(error)}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return fileProblem(path, "is not a JSON object");
  const given = new Map<SettingName, GivenText>();
  const problems: SettingsProblem[] = [];
  for (const [key, value] of Object.entries(parsed)) {
    const where = `${key} in ${path}`;
    const name = SETTING_NAMES.find((candidate) => candidate === key);
    const text = textOfJson(value);
    if (name === undefined) problems.push({ ...unknown(key, "setting", SETTING_NAMES), where });
    else if (text === undefined)
      problems.push({ where, wrong: "must be a text, a number, true or false, or a list of texts", remedy: meaningOf(name) });
    else if (text !== "") given.set(name, { text, where });
  }
  return { origin: "file", given, problems };
}

function fileProblem(path: string, wrong: string): Layer {
  const remedy = 'Write a JSON object such as {"httpPort": 8080}, or leave the file out.';
  return { origin: "file", given: new Map(), problems: [{ where: path, wrong, remedy }] };
}

function textOfJson(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value) && value.every((part) => typeof part === "string")) return value.join(",");
  return undefined;
}

function unknown(word: string, sort: string, known: readonly string[]): SettingsProblem {
  const near = nearest(word, known);
  const hint = near === undefined ? "`stockgrid config` lists all settings." : `Did you mean ${near}?`;
  return { where: word, wrong: `is not a ${sort} that StockGrid knows`, remedy: hint };
}

export function meaningOf(name: SettingName): string {
  return `Meaning: ${FIELDS[name].meaning.replaceAll("`", "")}.`;
}
