/**
 * Weighs the layers: a flag wins over an environment variable, that over the file, that over the default. Every problem of
 * every layer is reported at once, also of values that would have lost.
 */

import { isIPv4 } from "node:net";
import { resolve } from "node:path";
import { defaultText, FIELDS, SETTING_NAMES } from "./fields.ts";
import {
  type Environment,
  type GivenText,
  type Layer,
  meaningOf,
  type Origin,
  readEnvironment,
  readFlags,
  readSettingsFile,
} from "./layers.ts";
import { natsProblems } from "./nats-problems.ts";
import type { SettingsProblem } from "./problem.ts";
import type { SettingName, Settings } from "./settings.ts";

export interface SettingsInput {
  /** Flags only, without the name of the program and of the command. */
  readonly argv: readonly string[];
  readonly env: Environment;
  /** Relative paths begin here. */
  readonly cwd: string;
}

/** Where a value came from. */
export interface Provenance {
  readonly origin: Origin;
  /** The flag, variable, or key and file; empty for a default. */
  readonly where: string;
}

export interface ResolvedSettings {
  readonly settings: Settings;
  readonly provenance: Readonly<Record<SettingName, Provenance>>;
}

/** The settings a node runs with, or everything that is wrong with them. */
export function loadSettings(input: SettingsInput): Settings | readonly SettingsProblem[] {
  const resolved = resolveSettings(input);
  return "settings" in resolved ? resolved.settings : resolved;
}

/** As {@link loadSettings}, with where each value came from. */
export function resolveSettings(input: SettingsInput): ResolvedSettings | readonly SettingsProblem[] {
  const flags = readFlags(input.argv);
  const file = readSettingsFile(flags.config ?? (input.env["STOCKGRID_CONFIG"] || undefined), input.cwd);
  const layers = [flags.layer, readEnvironment(input.env), file];
  const problems = layers.flatMap((layer) => [...layer.problems, ...invalidValues(layer)]);
  if (problems.length > 0) return problems;
  const resolved = weigh(layers, input.cwd);
  const together = [...openToTheWorld(resolved), ...natsProblems(resolved.settings, (name) => resolved.provenance[name].where)];
  return together.length === 0 ? resolved : together;
}

function invalidValues(layer: Layer): SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  for (const [name, given] of layer.given) {
    const parsed = FIELDS[name].parse(given.text);
    if ("wrong" in parsed) problems.push(invalid(name, given, parsed.wrong));
  }
  return problems;
}

function invalid(name: SettingName, given: GivenText, wrong: string): SettingsProblem {
  const value = FIELDS[name].secret ? {} : { value: given.text };
  return { where: given.where, ...value, wrong, remedy: meaningOf(name) };
}

function weigh(layers: readonly Layer[], cwd: string): ResolvedSettings {
  const values: Partial<Record<SettingName, unknown>> = {};
  const provenance: Partial<Record<SettingName, Provenance>> = {};
  for (const name of SETTING_NAMES) {
    const layer = layers.find((candidate) => candidate.given.has(name));
    const given = layer?.given.get(name) ?? { text: defaultText(name), where: "" };
    const parsed = FIELDS[name].parse(given.text);
    if ("wrong" in parsed) throw new Error(`the default of ${name} is invalid: ${parsed.wrong}`);
    values[name] = parsed.value;
    provenance[name] = { origin: layer?.origin ?? "default", where: given.where };
  }
  // Each value was made by the parser of its own name, which FIELDS ties to the type of that name.
  const settings = values as unknown as Settings;
  return {
    settings: { ...settings, ...absolutePaths(settings, cwd) },
    provenance: provenance as Record<SettingName, Provenance>,
  };
}

function openToTheWorld({ settings, provenance }: ResolvedSettings): SettingsProblem[] {
  if (settings.apiKeys.length > 0 || isLoopback(settings.httpHost)) return [];
  const wrong = "listens beyond this machine, and without API keys anybody who reaches it could change stock";
  const remedy = "Set STOCKGRID_API_KEYS=name:read+write:secret, or listen on 127.0.0.1.";
  return [{ where: provenance.httpHost.where, value: settings.httpHost, wrong, remedy }];
}

/** The folder and the files that are read later, when the working folder may be another. */
function absolutePaths({ dataDir, natsCreds, natsCa, natsCert, natsKey }: Settings, cwd: string): Partial<Settings> {
  const absolute = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(cwd, path));
  return {
    dataDir: resolve(cwd, dataDir),
    natsCreds: absolute(natsCreds),
    natsCa: absolute(natsCa),
    natsCert: absolute(natsCert),
    natsKey: absolute(natsKey),
  };
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
