/** Runs a program of the system to its end. */

import { execFile, execFileSync } from "node:child_process";

const TOOL_MS_MAX = 10_000;

/** Resolves to its output; rejects with what it said on standard error. */
export function runTool(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { timeout: TOOL_MS_MAX }, (error, output, errors) => {
      if (error === null) resolve(output);
      else reject(new Error(`${command} ${args.join(" ")}: ${errors.trim() || error.message}`));
    });
  });
}

/** For the end of the process, when nothing can be waited for; what fails is left. */
export function runToolNow(command: string, args: readonly string[]): void {
  try {
    execFileSync(command, [...args], { timeout: TOOL_MS_MAX, stdio: "ignore" });
  } catch {
    // There is nobody left to tell.
  }
}
