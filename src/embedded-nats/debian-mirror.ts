/** Which Debian mirror this machine is set up to use, read from apt's own lists of sources. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const DEFAULT_MIRROR = "http://deb.debian.org/debian";
/** A source of one of these suites is a Debian archive; others (security, updates, third parties) carry no nats-server. */
const SUITES = new Set(["stable", "testing", "unstable", "sid", "bullseye", "bookworm", "trixie", "forky", "duke"]);

/** The first mirror found under `aptFolder`, else Debian's own. */
export async function debianMirror(aptFolder = "/etc/apt"): Promise<string> {
  for (const file of await sourceFiles(aptFolder)) {
    const text = await readFile(file, "utf8").catch(() => "");
    const mirror = file.endsWith(".sources") ? mirrorOfStanzas(text) : mirrorOfLines(text);
    if (mirror !== undefined) return mirror;
  }
  return DEFAULT_MIRROR;
}

async function sourceFiles(aptFolder: string): Promise<string[]> {
  const parts = join(aptFolder, "sources.list.d");
  const names = await readdir(parts).catch((): string[] => []);
  const wanted = names.filter((name) => name.endsWith(".sources") || name.endsWith(".list")).sort();
  return [join(aptFolder, "sources.list"), ...wanted.map((name) => join(parts, name))];
}

/** One-line style: `deb [options] uri suite component...`. */
export function mirrorOfLines(text: string): string | undefined {
  for (const line of text.split("\n")) {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line);
    if (match?.[1] !== undefined && isDebian(match[1], [match[2] ?? ""])) return match[1];
  }
  return undefined;
}

/** Stanzas of `Key: value` lines (deb822), separated by empty lines. */
export function mirrorOfStanzas(text: string): string | undefined {
  const plain = text.replaceAll(/^#.*\n?/gm, "");
  for (const stanza of plain.split(/\n\s*\n/)) {
    const enabled = !/^no$/i.test(field(stanza, "Enabled")[0] ?? "yes");
    const uri = field(stanza, "URIs").find((each) => isDebian(each, field(stanza, "Suites")));
    if (enabled && field(stanza, "Types").includes("deb") && uri !== undefined) return uri;
  }
  return undefined;
}

function field(stanza: string, name: string): string[] {
  const match = new RegExp(`^${name}:(.*(?:\\n[ \\t].*)*)`, "im").exec(stanza);
  return (match?.[1] ?? "").split(/\s+/).filter((word) => word !== "");
}

function isDebian(uri: string, suites: readonly string[]): boolean {
  return /^(https?|mirror\+https?):\/\//.test(uri) && suites.some((suite) => SUITES.has(suite));
}
