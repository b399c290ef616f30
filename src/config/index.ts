/** Settings of a node: where they come from, what they may be, and what is said when they are wrong. */
export type { Origin } from "./layers.ts";
export {
  isLoopback,
  loadSettings,
  type Provenance,
  type ResolvedSettings,
  resolveSettings,
  type SettingsInput,
} from "./load.ts";
export { withoutPassword } from "./parse.ts";
export { type SettingsProblem, settingsProblemText } from "./problem.ts";
export { type SettingHelp, type SettingRow, settingHelp, settingRows, settingsTable } from "./report.ts";
export {
  API_SCOPES,
  type ApiKey,
  type ApiScope,
  LOG_LEVELS,
  type LogLevel,
  type SettingName,
  type Settings,
} from "./settings.ts";
export { nearest } from "./suggest.ts";
