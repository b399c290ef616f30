/** `stockgrid restore` and `stockgrid reshard`: a cluster from a backup, with as many shards as before or another number. */

import { resolve } from "node:path";
import type { Settings } from "../config/index.ts";
import { type Manifest, openBackup } from "./backup-format.ts";
import {
  type Command,
  type CommandContext,
  CommandFailed,
  EXIT_DONE,
  readOptions,
  UsageError,
  wholeNumberOf,
} from "./command.ts";
import { type CountBar, countBar } from "./count-bar.ts";
import { connectGrid, GRID_HELP, GRID_OPTIONS, gridSettings } from "./grid-nats.ts";
import { otherShards, type ShardRows, sameShards } from "./restore-rows.ts";
import { changesAfter, mustBeStopped, presentMap, type Restored, restoreGrid } from "./restore-run.ts";

const SHARED_HELP = `Options
  --from <folder>       the backup
  --replace <cluster>   throw away what the cluster has now; its name, typed, says that you mean it
  --replicas <n>        copies of what is made in NATS, as STOCKGRID_REPLICAS: 1, 3 or 5 (1)
`;

const RESTORE_HELP = `Usage: stockgrid restore --from <folder> [--shards <n>] [--replace <cluster>] [options]

Starts a cluster from a backup. All nodes must be stopped and NATS must run (an embedded server is started for the time of the
command). The backup is checked first. Then start the nodes: they load their shards and serve. Versions of stock records go on
from those of the backup; idempotency keys and movement ids are known as they were then.

Data folders of nodes may be empty or not: what they have of another life of the cluster is set aside when they start, as
\`lmdb/member-0.before-...\`, and can be deleted when it is not needed.

${SHARED_HELP}  --shards <n>          restore with another number of shards, see \`stockgrid reshard --help\`
${GRID_HELP}
Examples
  stockgrid restore --from /backups/grid-2026-03-01 --nats-url nats://127.0.0.1:4222
  stockgrid restore --from /backups/grid-2026-03-01 --replace default

Exit status: 0 done, 1 failed and nothing changed for the nodes, 2 wrong usage.
`;

const RESHARD_HELP = `Usage: stockgrid reshard --shards <n> --from <folder> --replace <cluster> [options]

Changes the number of shards, with the nodes stopped. To lose nothing:
  1. stop the clients, and what sends movements
  2. stockgrid backup --out <folder>            with the nodes running; it says when reservations are not settled: then again
  3. stop all nodes
  4. stockgrid reshard --shards <n> --from <folder> --replace <cluster>
  5. start the nodes with STOCKGRID_SHARDS=<n>, then the clients

Step 4 reads the journal and refuses when something changed after the backup (--lose-later-changes does it all the same). A node
that is set to another number of shards than the cluster has stops and says so. Something went wrong: restore the same backup.

${SHARED_HELP}  --shards <n>          from now on, 1 to 4096
  --lose-later-changes  go on although the journal has changes that the backup has not
${GRID_HELP}
Examples
  stockgrid reshard --shards 512 --from /backups/before-reshard --replace default

Exit status: 0 done, 1 failed and nothing changed for the nodes, 2 wrong usage.
`;

const OPTIONS = {
  ...GRID_OPTIONS,
  from: { type: "string" },
  shards: { type: "string" },
  replace: { type: "string" },
  replicas: { type: "string", default: "1" },
  "lose-later-changes": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

const SHARDS_MAX = 4_096;
const REPLICAS_MAX = 5;

export const restore: Command = (context) => run(context, false);
export const reshard: Command = (context) => run(context, true);

interface Wanted {
  readonly folder: string;
  readonly shards: number | undefined;
  readonly replace: string | undefined;
  readonly replicas: number;
  readonly mayLose: boolean;
}

async function run(context: CommandContext, isReshard: boolean): Promise<number> {
  const { values, positionals } = readOptions(context.argv, OPTIONS);
  if (values.help) {
    context.terminal.out(isReshard ? RESHARD_HELP : RESTORE_HELP);
    return EXIT_DONE;
  }
  if (values.from === undefined || positionals.length > 0) throw new UsageError("name the backup: --from <folder>");
  if (isReshard && values.shards === undefined) throw new UsageError("say how many shards: --shards <n>");
  const wanted: Wanted = {
    folder: resolve(context.cwd, values.from),
    shards: values.shards === undefined ? undefined : wholeNumberOf(values.shards, "--shards", 1, SHARDS_MAX),
    replace: values.replace,
    replicas: wholeNumberOf(values.replicas, "--replicas", 1, REPLICAS_MAX),
    mayLose: !isReshard || values["lose-later-changes"],
  };
  const settings = gridSettings(values, context);
  const restored = await restoreInto(settings, wanted, context);
  context.terminal.out(values.json ? `${JSON.stringify(restored)}\n` : restoredText(restored, settings.cluster));
  return EXIT_DONE;
}

async function restoreInto(settings: Settings, wanted: Wanted, context: CommandContext): Promise<Restored> {
  const bar = await countBar("restore", context.terminal);
  try {
    const manifest = openBackup(wanted.folder, (done, total) => bar.update(done, total, "files checked"));
    const shards = wanted.shards ?? manifest.shards;
    if (shards !== manifest.shards && manifest.unsettled > 0) {
      throw new CommandFailed(
        `${manifest.unsettled} reservations over several shards are not settled in this backup: it can be restored with ${manifest.shards} shards only; take another when the grid is quiet`,
      );
    }
    return await restoreOver(settings, { ...wanted, shards }, manifest, bar, context);
  } catch (error) {
    if (context.interrupted.aborted) throw new CommandFailed("stopped; the cluster is what it was");
    throw error;
  } finally {
    bar.end();
  }
}

async function restoreOver(
  settings: Settings,
  wanted: Wanted & { readonly shards: number },
  manifest: Manifest,
  bar: CountBar,
  { interrupted: stop }: CommandContext,
): Promise<Restored> {
  const { cluster } = settings;
  const { folder, shards, replicas } = wanted;
  const { connection, close } = await connectGrid(settings, true);
  let rows: ShardRows | undefined;
  try {
    await mustBeStopped(connection, cluster);
    const before = await presentMap(connection, cluster);
    if (before !== undefined && wanted.replace !== cluster) {
      throw new CommandFailed(
        `cluster ${cluster} is there, with ${before.shards} shards; to throw away what it has, say --replace ${cluster}`,
      );
    }
    const lost = before === undefined || wanted.mayLose ? 0 : await changesAfter(connection, cluster, manifest);
    if (lost > 0) {
      throw new CommandFailed(
        `the journal has ${lost} changes that the backup has not; take the backup after the last of them, or say --lose-later-changes`,
      );
    }
    rows = shards === manifest.shards ? sameShards(folder, manifest) : otherShards(folder, manifest, shards, sorted(bar));
    return await restoreGrid({
      connection,
      cluster,
      replicas,
      folder,
      manifest,
      shards,
      rows,
      before,
      progress: bar.update,
      stop,
    });
  } finally {
    rows?.close();
    await close();
  }
}

const sorted =
  (bar: CountBar) =>
  (done: number, total: number): void =>
    bar.update(done, total, "shards sorted");

function restoredText({ shards, rows }: Restored, cluster: string): string {
  return `${rows} rows are ready for cluster ${cluster}, in ${shards} shards. Start the nodes, with STOCKGRID_SHARDS=${shards}: they load their shards and serve.\n`;
}
