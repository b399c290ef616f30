/** `stockgrid version`. */

import { readFileSync } from "node:fs";
import { type Command, EXIT_DONE } from "./command.ts";

export const version: Command = async ({ terminal }) => {
  terminal.out(`stockgrid ${packageVersion()} on Node ${process.versions.node}\n`);
  return EXIT_DONE;
};

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String((manifest as { version?: unknown }).version ?? "unknown");
}
