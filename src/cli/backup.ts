/** `stockgrid backup`: the state of the running grid, of one moment, into a folder. */

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { VERSION } from "../node-messages.ts";
import { decodeShardMap, MAP_KEY, type ShardMap } from "../placement/index.ts";
import { BACKUP_FORMAT, FrameWriter, LOCATIONS_FILE, MANIFEST, type Manifest } from "./backup-format.ts";
import { copyGrid } from "./backup-run.ts";
import { type Command, type CommandContext, CommandFailed, EXIT_DONE, readOptions, UsageError } from "./command.ts";
import { countBar } from "./count-bar.ts";
import { connectGrid, GRID_HELP, GRID_OPTIONS, type GridNats, gridSettings } from "./grid-nats.ts";
import { openState, type StateBucket } from "./grid-state.ts";

const HELP = `Usage: stockgrid backup --out <folder> [options]

Copies the state of the whole grid while it runs: stock, reservations, idempotency keys, movement ids and locations, all of one
moment. Requests are answered all the while. The folder must not exist; it appears when the backup is whole, and Ctrl-C leaves
nothing behind. \`stockgrid restore\` starts a cluster from it.

Not in it: the journal, the events that were published, API keys and settings.

Options
  --out <folder>        where to; a place of its own, not the disks of NATS
${GRID_HELP}
Examples
  stockgrid backup --out /backups/grid-$(date +%F)
  stockgrid backup --out /backups/grid-1 --nats-url nats://nats-1:4222,nats://nats-2:4222 --nats-creds users/operator.nk

Exit status: 0 done, 1 failed, 2 wrong usage.
`;

const OPTIONS = { ...GRID_OPTIONS, out: { type: "string" }, json: { type: "boolean", default: false } } as const;

export const backup: Command = async (context) => {
  const { values, positionals } = readOptions(context.argv, OPTIONS);
  if (values.help) {
    context.terminal.out(HELP);
    return EXIT_DONE;
  }
  if (values.out === undefined || positionals.length > 0) throw new UsageError("say where to: --out <folder>");
  const out = resolve(context.cwd, values.out);
  if (existsSync(out)) throw new CommandFailed(`${out} exists; name a folder that does not`);
  const settings = gridSettings(values, context);
  const grid = await connectGrid(settings, false);
  try {
    const manifest = await backUp(grid, settings.cluster, out, context);
    context.terminal.out(values.json ? `${JSON.stringify({ out, ...manifest })}\n` : manifestText(out, manifest));
    return EXIT_DONE;
  } finally {
    await grid.close();
  }
};

async function backUp(grid: GridNats, cluster: string, out: string, context: CommandContext): Promise<Manifest> {
  const { terminal, interrupted } = context;
  const state = await openState(grid.connection, cluster);
  mkdirSync(dirname(out), { recursive: true });
  const folder = mkdtempSync(join(dirname(out), `.${basename(out)}.unfinished-`));
  const bar = await countBar("backup", terminal);
  try {
    const begunAt = new Date().toISOString();
    const readMap = (): Promise<ShardMap> => readShardMap(state);
    const run = { connection: grid.connection, cluster, folder, readMap, progress: bar.update, stop: interrupted };
    const { files, lanes, unsettled } = await copyGrid(run);
    const locations = await writeLocations(state, folder);
    const { shards, claims } = await readMap();
    const epochMax = Math.max(...claims.map((claim) => claim?.epoch ?? 0));
    const about = { format: BACKUP_FORMAT, version: VERSION, cluster, shards, begunAt, endedAt: new Date().toISOString() };
    const manifest: Manifest = { ...about, epochMax, lanes, unsettled, files, locations };
    interrupted.throwIfAborted();
    writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`, { flush: true });
    renameSync(folder, out);
    return manifest;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (interrupted.aborted) throw new CommandFailed("stopped; nothing was left behind");
    throw error;
  } finally {
    bar.end();
  }
}

async function readShardMap(state: StateBucket): Promise<ShardMap> {
  const entry = await state.get(MAP_KEY);
  if (entry === undefined) throw new CommandFailed("the cluster has no shard map: it was never started");
  return decodeShardMap(entry.value);
}

async function writeLocations(state: StateBucket, folder: string): Promise<Manifest["locations"]> {
  const writer = new FrameWriter(folder, LOCATIONS_FILE);
  const entries = await state.all();
  writer.write(
    entries.flatMap(({ key, value }) => {
      const table = TABLES_OF_STATE.find(({ prefix }) => key.startsWith(prefix))?.table;
      return table === undefined ? [] : [{ table, key, value }];
    }),
  );
  return writer.end();
}

/** Of the keys in the bucket, as src/locations and src/aliases make them. */
const TABLES_OF_STATE = [
  { prefix: "location.", table: "locations" },
  { prefix: "alias.", table: "aliases" },
] as const;

function manifestText(out: string, { files, locations, shards, unsettled, begunAt, endedAt }: Manifest): string {
  const sum = (table: string): number => files.reduce((total, { rows }) => total + (rows[table] ?? 0), 0);
  const bytes = files.reduce((total, file) => total + file.bytes, locations.bytes);
  const seconds = ((Date.parse(endedAt) - Date.parse(begunAt)) / 1_000).toFixed(1);
  const rows = `${sum("records")} stock records, ${sum("reservations")} reservations, ${sum("keys")} keys, ${sum("movements")} movement ids, ${locations.rows["locations"] ?? 0} locations, ${locations.rows["aliases"] ?? 0} aliases`;
  const note =
    unsettled === 0 ? "" : `${unsettled} reservations over several shards are not settled: no backup to reshard from\n`;
  return `${out}: ${shards} shards, ${bytes} bytes, ${seconds} s\n${rows}\n${note}`;
}
