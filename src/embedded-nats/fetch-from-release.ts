/** Fetches the official release archive of nats-server for this platform, checked against the release's SHA256SUMS. */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runTool } from "./run-tool.ts";

const RELEASE = "v2.15.1";
const RELEASES = "https://github.com/nats-io/nats-server/releases/download";
const DOWNLOAD_TIMEOUT_MS = 180_000;
const UNPACK_TIMEOUT_MS = 60_000;
const PLATFORMS: Readonly<Record<string, string>> = { linux: "linux", darwin: "darwin", freebsd: "freebsd" };
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: "amd64",
  arm64: "arm64",
  arm: "arm7",
  s390x: "s390x",
  ppc64: "ppc64le",
};

/** Returns the path of the unpacked binary. @throws Error when there is none for this platform, or a checksum differs. */
export async function fetchFromRelease(workFolder: string, releases = RELEASES): Promise<string> {
  const name = archiveName(process.platform, process.arch);
  const base = `${releases}/${RELEASE}`;
  const [sums, archive] = await Promise.all([download(`${base}/SHA256SUMS`), download(`${base}/${name}.tar.gz`)]);
  requireChecksum(sums.toString("utf8"), `${name}.tar.gz`, archive);
  const file = join(workFolder, `${name}.tar.gz`);
  await writeFile(file, archive);
  await runTool("tar", ["-xzf", file], { timeoutMs: UNPACK_TIMEOUT_MS, cwd: workFolder });
  return join(workFolder, name, "nats-server");
}

/** The release's name of the archive, without its ending. @throws Error for a platform the release does not serve. */
export function archiveName(platform: string, architecture: string): string {
  const [system, machine] = [PLATFORMS[platform], ARCHITECTURES[architecture]];
  if (system === undefined || machine === undefined) throw new Error(`there is no release for ${platform} ${architecture}`);
  return `nats-server-${RELEASE}-${system}-${machine}`;
}

async function download(url: string): Promise<Buffer> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** @throws Error when the list does not name the file, or names another sum than the bytes have. */
export function requireChecksum(sums: string, name: string, bytes: Uint8Array): void {
  const line = sums.split("\n").find((each) => each.trim().split(/\s+\*?/)[1] === name);
  if (line === undefined) throw new Error(`SHA256SUMS does not name ${name}`);
  const wanted = line.trim().split(/\s+/)[0];
  const found = createHash("sha256").update(bytes).digest("hex");
  if (wanted !== found) throw new Error(`${name} has checksum ${found}, SHA256SUMS says ${wanted}`);
}
