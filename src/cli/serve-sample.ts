/**
 * The shipped sample, imported once into a new data folder. A note in the folder says how far it came, so that a first
 * start that was stopped half-way is completed by the next, and a folder with other data is left alone.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../config/index.ts";
import { CommandFailed } from "./command.ts";
import { Connection } from "./connection.ts";
import { importOne } from "./import-file.ts";
import { progressBar } from "./import-progress.ts";
import type { Terminal } from "./terminal.ts";

const SAMPLE_DIR = join(import.meta.dirname, "..", "..", "sample");
/** In this order: movements need their locations, and come on top of the balances. */
const SAMPLE_FILES = ["locations.csv", "balances.csv", "movements.csv.gz"] as const;
const NOTE = "sample.json";

/** A product and place of the sample to try a first reservation with. */
export const SAMPLE_PRODUCT = { sku: "85123A", location: "uk-dc", name: "WHITE HANGING HEART T-LIGHT HOLDER" } as const;

/** Whether to import the sample once the node is up. Asked before it starts, since a start fills the folder. */
export function sampleIsDue({ sample, dataDir }: Settings): boolean {
  const state = noteOf(dataDir);
  if (!sample || state === "imported") return false;
  if (state === undefined && !isEmpty(dataDir)) return false;
  writeNote(dataDir, "importing");
  return true;
}

/** Resolves to the number of rows. Movement ids make a repeat after a stop harmless. */
export async function importSample(settings: Settings, httpUrl: string, terminal: Terminal, stop: AbortSignal): Promise<number> {
  const connection = new Connection(httpUrl, writingKey(settings));
  let rows = 0;
  for (const file of SAMPLE_FILES) {
    const bar = await progressBar(`sample ${file}`, terminal);
    const summary = await importOne({
      path: join(SAMPLE_DIR, file),
      kind: undefined,
      map: new Map(),
      batchId: `stockgrid-sample-${file}`,
      rejectsPath: join(settings.dataDir, `sample-${file}.rejects.ndjson`),
      statePath: undefined,
      connection,
      inFlight: 4,
      batchRows: 1_000,
      patienceMs: 60_000,
      stop,
      onProgress: bar.update,
    }).finally(bar.end);
    if (summary.counts.rejected > 0) throw new CommandFailed(`${summary.counts.rejected} rows of sample/${file} were rejected`);
    rows += summary.rows;
  }
  writeNote(settings.dataDir, "imported");
  return rows;
}

function writingKey({ apiKeys }: Settings): string | undefined {
  if (apiKeys.length === 0) return undefined;
  const key = apiKeys.find(({ scopes }) => scopes.includes("write") && scopes.includes("admin"));
  if (key === undefined) throw new CommandFailed("the sample needs an API key with the scopes write and admin");
  return key.secret;
}

type Note = "importing" | "imported";

function noteOf(dataDir: string): Note | undefined {
  try {
    const note = JSON.parse(readFileSync(join(dataDir, NOTE), "utf8")) as { sample?: unknown };
    return note.sample === "imported" ? "imported" : "importing";
  } catch {
    // No note, or one cut short by a crash of the first start: then the folder holds at least the note and is not new.
    return undefined;
  }
}

function writeNote(dataDir: string, sample: Note): void {
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(join(dataDir, NOTE), `${JSON.stringify({ sample })}\n`);
}

function isEmpty(dataDir: string): boolean {
  try {
    return readdirSync(dataDir).length === 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return true;
    throw error;
  }
}
