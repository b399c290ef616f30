/** The effective settings as rows for `stockgrid config`, and the table of docs/configuration.md. */

import { defaultText, FIELDS, flagOf, SETTING_NAMES, shownValue, variableOf } from "./fields.ts";
import type { ResolvedSettings } from "./load.ts";
import type { SettingName } from "./settings.ts";

export interface SettingRow {
  readonly name: SettingName;
  readonly variable: string;
  readonly flag: string;
  /** Secrets hidden. */
  readonly value: string;
  readonly origin: string;
  /** The flag, variable, or key and file; empty for a default. */
  readonly where: string;
}

export function settingRows({ settings, provenance }: ResolvedSettings): SettingRow[] {
  return SETTING_NAMES.map((name) => ({
    name,
    variable: variableOf(name),
    flag: `--${flagOf(name)}`,
    value: shownValue(name, settings[name]),
    ...provenance[name],
  }));
}

export interface SettingHelp {
  readonly variable: string;
  readonly flag: string;
  readonly default: string;
  readonly meaning: string;
}

/** Every setting in the order of the table. */
export function settingHelp(): SettingHelp[] {
  return SETTING_NAMES.map((name) => ({
    variable: variableOf(name),
    flag: `--${flagOf(name)}`,
    default: FIELDS[name].defaultInWords ?? (defaultText(name) || "empty"),
    meaning: FIELDS[name].meaning,
  }));
}

/** The table of docs/configuration.md, in Markdown. */
export function settingsTable(): string {
  const rows = settingHelp().map((row) => `| \`${row.variable}\` | \`${row.flag}\` | ${row.default} | ${row.meaning} |`);
  return ["| variable | flag | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}
