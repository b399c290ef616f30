/**
 * Makes node_modules what package-lock.json says, once. Plain JavaScript for any Node from 18: it runs before anything is installed.
 *
 * I1. npm writes node_modules/.package-lock.json as its last act, so a tree whose list agrees with package-lock.json is whole,
 *     whoever installed it; an interrupted install leaves no such list and is done again.
 * I2. Two runs at once install once: the second waits for the first.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const LOCK_WAIT_MS_MAX = 15 * 60 * 1000;
const LOOK_EVERY_MS = 200;

/** The path of the pinned Node, below the project's root. */
export function pinnedNode(root) {
  return join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
}

/** Installs what is missing. Throws with a message for a person when npm fails. */
export async function ensureInstalled(root) {
  if (isInstalled(root)) return;
  await withLock(join(root, ".cache", "install.lock"), () => {
    if (!isInstalled(root)) install(root);
  });
}

function isInstalled(root) {
  const installed = readJson(join(root, "node_modules", ".package-lock.json"));
  const wanted = readJson(join(root, "package-lock.json"));
  if (installed === undefined || wanted === undefined || !existsSync(pinnedNode(root))) return false;
  return Object.entries(wanted.packages).every(([path, entry]) => path === "" || agrees(installed.packages[path], entry));
}

/** Optional packages are those of other platforms, rightly absent here. */
function agrees(found, wanted) {
  if (found === undefined) return wanted.optional === true || wanted.devOptional === true;
  return found.version === wanted.version && found.integrity === wanted.integrity;
}

function install(root) {
  say("installing the dependencies (npm ci)");
  run(root, "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  // Where npm is set not to run install scripts, the pinned Node still needs its own to come.
  if (!existsSync(pinnedNode(root))) run(join(root, "node_modules", "node"), process.execPath, ["installArchSpecificPackage"]);
  if (!existsSync(pinnedNode(root))) throw new Error("the pinned Node did not arrive in node_modules/node/bin");
}

function run(cwd, program, args) {
  // npm speaks on standard error, so that standard output belongs to what is run afterwards.
  const result = spawnSync(program, args, { cwd, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  if (result.error !== undefined) throw new Error(`${program} cannot be run: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${program} ${args.join(" ")} failed; mend what it says above and run this again`);
}

async function withLock(path, work) {
  mkdirSync(join(path, ".."), { recursive: true });
  const deadline = Date.now() + LOCK_WAIT_MS_MAX;
  while (!take(path)) {
    if (Date.now() > deadline) throw new Error(`another install holds ${path}; remove it when none is running`);
    await pause(LOOK_EVERY_MS);
  }
  try {
    work();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!isAlive(Number(readText(path)))) rmSync(path, { force: true });
    return false;
  }
}

/** An empty file counts as held: its owner is between making and filling it. */
function isAlive(pid) {
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function readJson(path) {
  const text = readText(path);
  return text === "" ? undefined : JSON.parse(text);
}

function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return "";
    throw error;
  }
}

function say(text) {
  process.stderr.write(`stockgrid: ${text}\n`);
}
