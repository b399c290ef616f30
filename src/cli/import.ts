/** `stockgrid import`: movements, opening balances, locations or aliases from CSV or NDJSON. */

import { resolve } from "node:path";
import { type Command, type CommandContext, EXIT_DONE, EXIT_FAILED, readOptions, UsageError, wholeNumberOf } from "./command.ts";
import { CONNECTION_HELP, CONNECTION_OPTIONS, connect } from "./connection.ts";
import { type FileImport, type ImportSummary, importOne } from "./import-file.ts";
import { columnMap, IMPORT_KINDS, type ImportKind } from "./import-kind.ts";
import { progressBar } from "./import-progress.ts";

const HELP = `Usage: stockgrid import <file | -> [options]

Loads a CSV (with a header line) or NDJSON file into a running grid; gzip is unpacked, - is standard input.

  movements   id, type, sku, location, quantity[, occurredAt, reason, reference, toLocation, reverses]
  balances    sku, location, quantity[, occurredAt]: each becomes a count, "so many were on hand at that time"
  locations   location, type, name[, latitude, longitude, postalCode, country, timeZone]
  aliases     code, and sku[, units] or location

The kind is guessed from the header. Every movement has an id, and the grid applies an id once: a row without one gets
it from the content of the file and its number, so importing the same file twice changes nothing. An import that was
stopped goes on where it was when the same command runs again. Rows that cannot be imported are written to a
rejects file with the reason, and the others are imported.

Options
  --kind <kind>          movements, balances, locations or aliases, instead of the guess
  --map <column=field>   read a foreign column as a field; may be given again
  --batch-id <text>      name of this import, from which rows without an id get theirs, instead of the content
  --rejects <path>       default: <file>.rejects.ndjson
  --in-flight <n>        requests at a time, 1 to 64 (4)
  --batch-rows <n>       rows a request, 1 to 10000 (1000)
  --patience <seconds>   how long to try again when the grid is away or busy (60)
${CONNECTION_HELP}
Examples
  stockgrid import sample/balances.csv
  stockgrid import till.csv.gz --map StockCode=sku --map Store=location --map Qty=quantity --map Kind=type
  zcat feed.ndjson.gz | stockgrid import - --batch-id feed-2026-03-01

Exit status: 0 all rows imported, 1 some were rejected, or it stopped, 2 wrong usage.
`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  kind: { type: "string" },
  map: { type: "string", multiple: true, default: [] as string[] },
  "batch-id": { type: "string" },
  rejects: { type: "string" },
  "in-flight": { type: "string", default: "4" },
  "batch-rows": { type: "string", default: "1000" },
  patience: { type: "string", default: "60" },
} as const;

export const importFile: Command = async (context) => {
  const { values, positionals } = readOptions(context.argv, OPTIONS);
  if (values.help) {
    context.terminal.out(HELP);
    return EXIT_DONE;
  }
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) throw new UsageError("name one file, or - for standard input");
  const path = file === "-" ? "-" : resolve(context.cwd, file);
  const beside = path === "-" ? resolve(context.cwd, "stdin") : path;
  const rejectsPath = values.rejects === undefined ? `${beside}.rejects.ndjson` : resolve(context.cwd, values.rejects);
  const bar = await progressBar(file, context.terminal);
  const options: FileImport = {
    path,
    kind: kindOf(values.kind),
    map: columnMap([...values.map]),
    batchId: values["batch-id"],
    rejectsPath,
    statePath: path === "-" ? undefined : `${path}.import-state.json`,
    connection: connect(values, context),
    inFlight: wholeNumberOf(values["in-flight"], "--in-flight", 1, 64),
    batchRows: wholeNumberOf(values["batch-rows"], "--batch-rows", 1, 10_000),
    patienceMs: 1_000 * wholeNumberOf(values.patience, "--patience", 0, 86_400),
    stop: context.interrupted,
    onProgress: bar.update,
  };
  const summary = await stoppable(options, context).finally(bar.end);
  if (summary === undefined) return EXIT_FAILED;
  report(summary, rejectsPath, values.json, context);
  return summary.counts.rejected > 0 ? EXIT_FAILED : EXIT_DONE;
};

function kindOf(text: string | undefined): ImportKind | undefined {
  const kind = IMPORT_KINDS.find((candidate) => candidate === text);
  if (text !== undefined && kind === undefined)
    throw new UsageError(`--kind is one of ${IMPORT_KINDS.join(", ")}, not ${JSON.stringify(text)}`);
  return kind;
}

/** Undefined when Ctrl-C ended it. */
async function stoppable(options: FileImport, { interrupted, terminal }: CommandContext): Promise<ImportSummary | undefined> {
  try {
    return await importOne(options);
  } catch (error) {
    if (!interrupted.aborted) throw error;
    terminal.error("stopped; the same command again goes on from here\n");
    return undefined;
  }
}

function report(summary: ImportSummary, rejectsPath: string, json: boolean, { terminal }: CommandContext): void {
  const { kind, counts, rows, resumedRows, ignoredColumns, seconds, stateFailure } = summary;
  if (ignoredColumns.length > 0) terminal.error(`ignored columns: ${ignoredColumns.join(", ")}\n`);
  if (stateFailure !== undefined) terminal.error(`progress could not be kept: ${stateFailure}\n`);
  if (json) {
    terminal.out(`${JSON.stringify({ ...summary, rejects: counts.rejected > 0 ? rejectsPath : undefined })}\n`);
    return;
  }
  const rate = Math.round((rows - resumedRows) / Math.max(0.001, seconds));
  const resumed = resumedRows > 0 ? `, ${resumedRows} of them by an earlier run` : "";
  const pending = counts.pending > 0 ? `, ${counts.pending} wait for what they reverse` : "";
  terminal.out(
    `${rows} ${kind}: ${counts.applied} applied, ${counts.duplicate} known before, ${counts.rejected} rejected${pending}${resumed}`,
  );
  terminal.out(` in ${seconds.toFixed(1)} s (${rate} rows/s)\n`);
  if (counts.rejected > 0) terminal.out(`rejected rows and why: ${rejectsPath}\n`);
}
