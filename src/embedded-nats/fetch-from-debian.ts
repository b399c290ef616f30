/**
 * Fetches nats-server out of the newest Debian suites through the machine's mirror.
 * apt itself checks Debian's signature over the lists and the lists' hash over the package; its whole state lives in the work
 * folder, so neither the system's sources nor its packages are touched, and no privileges are needed.
 */
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianMirror } from "./debian-mirror.ts";
import { runTool } from "./run-tool.ts";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
/** Newest first. Debian 12's own 2.9 is too old and so not asked for. */
const SUITES = ["sid", "trixie"];
const UPDATE_TIMEOUT_MS = 240_000;
const DOWNLOAD_TIMEOUT_MS = 120_000;

/** Whether this machine has apt and Debian's keys. */
export async function hasDebianTools(): Promise<boolean> {
  const needed = ["/usr/bin/apt-get", "/usr/bin/dpkg", KEYRING];
  const found = await Promise.allSettled(needed.map((path) => access(path)));
  return found.every((result) => result.status === "fulfilled");
}

/** Returns the path of the unpacked binary. @throws Error with each suite's reason when none gave one. */
export async function fetchFromDebian(workFolder: string): Promise<string> {
  const mirror = await debianMirror();
  const reasons: string[] = [];
  for (const suite of SUITES) {
    try {
      return await fetchFromSuite(join(workFolder, suite), mirror, suite);
    } catch (error) {
      reasons.push(`${suite}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`${mirror} gave none (${reasons.join("; ")})`);
}

async function fetchFromSuite(folder: string, mirror: string, suite: string): Promise<string> {
  const settings = await privateApt(folder, mirror, suite);
  await runTool("apt-get", [...settings, "update"], { timeoutMs: UPDATE_TIMEOUT_MS, cwd: folder });
  await runTool("apt-get", [...settings, "download", "nats-server"], { timeoutMs: DOWNLOAD_TIMEOUT_MS, cwd: folder });
  // The shell is there only to expand the name, which holds the version and the architecture.
  await runTool("sh", ["-c", "dpkg -x ./nats-server_*.deb unpacked"], { timeoutMs: DOWNLOAD_TIMEOUT_MS, cwd: folder });
  return join(folder, "unpacked", "usr", "sbin", "nats-server");
}

/** Lays out an apt of our own and returns the settings that make apt-get use it. */
async function privateApt(folder: string, mirror: string, suite: string): Promise<string[]> {
  const sources = join(folder, "debian.sources");
  await mkdir(join(folder, "state", "lists", "partial"), { recursive: true });
  await mkdir(join(folder, "cache", "archives", "partial"), { recursive: true });
  const stanza = ["Types: deb", `URIs: ${mirror}`, `Suites: ${suite}`, "Components: main", `Signed-By: ${KEYRING}`];
  await writeFile(sources, `${stanza.join("\n")}\n`);
  return [
    `Dir::Etc::sourcelist=${sources}`,
    "Dir::Etc::sourceparts=-",
    `Dir::State=${join(folder, "state")}`,
    "Dir::State::status=/dev/null",
    `Dir::Cache=${join(folder, "cache")}`,
    // apt would otherwise fetch as a user who may not enter the work folder.
    "APT::Sandbox::User=root",
    // Signatures count here even where a machine's own settings wave them through.
    "APT::Get::AllowUnauthenticated=false",
    "Acquire::AllowInsecureRepositories=false",
    "Acquire::AllowDowngradeToInsecureRepositories=false",
    "Acquire::Languages=none",
    "Acquire::Retries=2",
  ].flatMap((setting) => ["-o", setting]);
}
