/**
 * `node scripts/run.mjs <program> [arguments]`: installs what is missing, then runs the program on the pinned Node.
 * The program is a file of this repository (ending in .ts, .mjs or .js) or the name of an installed tool, such as `vitest`.
 * Runs on any Node from 18.
 */
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstalled, pinnedNode } from "./bootstrap/install.mjs";
import { runToEnd } from "./bootstrap/run-to-end.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const NOT_RUN = 1;

async function main([program, ...args]) {
  if (program === undefined) throw new Error("usage: node scripts/run.mjs <file or tool> [arguments]");
  await ensureInstalled(ROOT);
  const node = pinnedNode(ROOT);
  // Whatever the program starts finds the pinned Node first, too.
  const path = [dirname(node), join(ROOT, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  return runToEnd(node, [fileOf(program), ...args], { cwd: ROOT, env: { ...process.env, PATH: path } });
}

function fileOf(program) {
  const file = /\.(ts|mjs|js)$/.test(program) ? join(ROOT, program) : join(ROOT, "node_modules", ".bin", program);
  if (!existsSync(file)) throw new Error(`there is no ${file}`);
  return realpathSync(file);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`stockgrid: ${error.message}\n`);
    process.exit(NOT_RUN);
  },
);
