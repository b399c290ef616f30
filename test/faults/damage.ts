/** Damage to the LMDB files of a node that does not run, at places that a seed chooses: inside pages in use, and only there. */

import { glob, open, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { SimRandom } from "../simulator/world/index.ts";

const PAGE_BYTES = 4_096;
/** The first two pages are LMDB's headers. */
const HEADER_PAGES = 2;

export type DamageKind = "flip-bits" | "zero-pages" | "cut-off" | "headers";

export interface Damage {
  readonly kind: DamageKind;
  readonly seed: number;
  /** How many bits or pages, at least 1; of no meaning for `cut-off` and `headers`. */
  readonly places?: number;
}

/** The data files below a node's data folder, in order of names. */
export async function lmdbFiles(dataDir: string): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob(join(dataDir, "lmdb", "**", "data.mdb"))) files.push(file);
  return files.sort();
}

/** Resolves to what was done, for the report. */
export async function damageFile(path: string, { kind, seed, places = 1 }: Damage): Promise<string> {
  const random = new SimRandom(seed);
  const data = await readFile(path);
  const used = usedPages(data);
  if (used.length === 0) throw new Error(`${path} has no page in use to damage`);
  if (kind === "cut-off") {
    const bytes = random.pick(used) * PAGE_BYTES + random.below(PAGE_BYTES);
    await truncate(path, bytes);
    return `cut off at byte ${bytes} of ${data.length}`;
  }
  const pages = kind === "headers" ? [0, 1] : Array.from({ length: places }, () => random.pick(used));
  const done = pages.map((page) => (kind === "flip-bits" ? flipBit(data, page, random) : zeroPage(data, page)));
  const file = await open(path, "r+");
  await file.write(data, 0, data.length, 0);
  await file.close();
  return done.join(", ");
}

function usedPages(data: Buffer): number[] {
  const pages = Math.floor(data.length / PAGE_BYTES);
  const all = Array.from({ length: Math.max(0, pages - HEADER_PAGES) }, (_, index) => index + HEADER_PAGES);
  return all.filter((page) => data.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES).some((byte) => byte !== 0));
}

/** A bit of a byte that is not zero, so that it is not in the empty middle of the page. */
function flipBit(data: Buffer, page: number, random: SimRandom): string {
  const from = page * PAGE_BYTES;
  const written = Array.from({ length: PAGE_BYTES }, (_, index) => from + index).filter((at) => data[at] !== 0);
  const at = random.pick(written);
  const bit = random.below(8);
  data[at] = (data[at] as number) ^ (1 << bit);
  return `bit ${bit} of byte ${at} (page ${page}) flipped`;
}

function zeroPage(data: Buffer, page: number): string {
  data.fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  return `page ${page} zeroed`;
}
