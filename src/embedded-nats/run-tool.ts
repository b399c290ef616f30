/** Runs a program to its end and gives its output; a failure carries what the program said. */
import { execFile } from "node:child_process";

const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
/** How much of a failed program's last words go into the error. */
const LAST_WORDS_CHARACTERS = 400;

export interface ToolOptions {
  readonly timeoutMs: number;
  readonly cwd?: string;
}

/**
 * Resolves to the program's standard output.
 * @throws Error naming the program and the end of what it printed, when it cannot be run, fails, or takes too long.
 */
export function runTool(program: string, args: readonly string[], options: ToolOptions): Promise<string> {
  const limits = { timeout: options.timeoutMs, maxBuffer: OUTPUT_BYTES_MAX, env: { ...process.env, LC_ALL: "C" } };
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { ...limits, cwd: options.cwd }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} failed: ${lastWords(stderr) || error.message}`, { cause: error }));
    });
    child.stdin?.end();
  });
}

function lastWords(text: string): string {
  return text.trim().slice(-LAST_WORDS_CHARACTERS).replaceAll("\n", "; ");
}
