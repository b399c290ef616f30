/**
 * Adds to package-lock.json the builds for other platforms that npm left out because the registry it asked did not carry them.
 * Without them `npm ci` calls the lockfile out of step. Run it after every `npm install <package>`; it changes nothing else.
 * An added entry has no checksum (there was nothing to take it from): npm skips it on every platform but its own.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const MACHINES = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"];

/** The optional dependencies that have no entry: `[path of the dependent, name, version]`. */
export function missingEntries(packages) {
  return Object.entries(packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !isResolved(packages, path, name))
      .map(([name, version]) => ({ path, name, version })),
  );
}

/** Looks for the package as Node would: in the dependent's own node_modules, then in each one above. */
function isResolved(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    if (`${folder}${folder === "" ? "" : "/"}node_modules/${name}` in packages) return true;
    if (folder === "") return false;
  }
}

/** The entry of a platform build, as far as its name tells. Throws when the name tells no system. */
export function platformEntry(name, version, isDev) {
  const words = name.split("/").at(-1).split("-");
  const system = SYSTEMS.find((each) => words.includes(each));
  const machine = MACHINES.find((each) => words.includes(each));
  if (system === undefined) throw new Error(`${name} does not name a system: install it by hand`);
  const libc = words.some((word) => word.startsWith("musl"))
    ? "musl"
    : words.some((word) => word.startsWith("gnu"))
      ? "glibc"
      : undefined;
  return {
    version,
    ...(machine === undefined ? {} : { cpu: [machine] }),
    ...(isDev ? { dev: true } : {}),
    ...(libc === undefined ? {} : { libc: [libc] }),
    optional: true,
    os: [system],
  };
}

function complete(path) {
  const lock = JSON.parse(readFileSync(path, "utf8"));
  for (const { path: dependent, name, version } of missingEntries(lock.packages)) {
    lock.packages[`node_modules/${name}`] = platformEntry(name, version, lock.packages[dependent].dev === true);
    process.stderr.write(`added ${name} ${version}\n`);
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(path, `${JSON.stringify(lock, undefined, 2)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) complete("package-lock.json");
