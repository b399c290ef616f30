/** A real browser, where there is one: what a page is once its scripts have run. */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const DUMP_MS_MAX = 60_000;
/** Of the page's own clock, which stands still while something is loaded. */
const PAGE_MS_MAX = 10_000;
/** Nothing but the page is to be loaded, and a container has neither a sandbox nor a screen. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Path of a browser that is installed here; undefined when none is. */
export function findBrowser(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path));
}

/** The document at `url` as HTML after its scripts ran. Rejects when the browser fails or takes longer than a minute. */
export async function renderedPage(browser: string, url: string): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), "stockgrid-browser-"));
  try {
    return await outputOf(browser, [
      ...FLAGS,
      `--user-data-dir=${profile}`,
      `--virtual-time-budget=${PAGE_MS_MAX}`,
      "--dump-dom",
      url,
    ]);
  } finally {
    // Its helper processes may still be writing there.
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

function outputOf(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], timeout: DUMP_MS_MAX, killSignal: "SIGKILL" });
  let said = "";
  let complained = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complained += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(said);
      else reject(new Error(`${program} ended with ${code ?? signal}: ${complained.slice(-2_000)}`));
    });
  });
}
