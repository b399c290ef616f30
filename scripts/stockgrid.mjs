#!/usr/bin/env node
/** The `stockgrid` command: hands over to src/cli on the pinned Node, in the caller's folder. Runs on any Node from 18. */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstalled, pinnedNode } from "./bootstrap/install.mjs";
import { runToEnd } from "./bootstrap/run-to-end.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const NOT_RUN = 1;

async function main(args) {
  await ensureInstalled(ROOT);
  return runToEnd(pinnedNode(ROOT), [join(ROOT, "src", "cli", "index.ts"), ...args]);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`stockgrid: ${error.message}\n`);
    process.exit(NOT_RUN);
  },
);
