/** Third-party test material that lies beside the repository, not in it. A test that needs it skips, saying so, where it is absent. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";

export const SHARED_DATA = join(import.meta.dirname, "../../../shared/data");

/** The folder; skips the test when there is none. */
export function sharedFolder(context: TestContext, name: string): string {
  const folder = [SHARED_DATA, join(import.meta.dirname, "../../../../shared/data")]
    .map((base) => join(base, name))
    .find(existsSync);
  if (folder === undefined) context.skip(`the test material ${name} is not beside the repository`);
  return folder as string;
}

export const linesOf = (path: string): string[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
