/** `stockgrid serve`: runs a node until it is told to stop. Results and the banner go to standard output, log lines to standard error. */

import { pino } from "pino";
import { loadSettings, type Settings, settingHelp, settingsProblemText } from "../config/index.ts";
import { type RunningNode, startNode } from "../main.ts";
import { type Command, type CommandContext, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, reasonOf } from "./command.ts";
import { importSample, SAMPLE_PRODUCT, sampleIsDue } from "./serve-sample.ts";
import { columns, paint, type Terminal } from "./terminal.ts";

const STANDARD_ERROR = 2;

export const serve: Command = async (context) => {
  const { argv, env, cwd, terminal } = context;
  if (argv.includes("--help") || argv.includes("-h")) {
    terminal.out(help());
    return EXIT_DONE;
  }
  const settings = loadSettings({ argv, env, cwd });
  if (!("httpPort" in settings)) {
    for (const problem of settings) terminal.error(`${settingsProblemText(problem)}\n`);
    return EXIT_USAGE;
  }
  return run(settings, context);
};

async function run(settings: Settings, context: CommandContext): Promise<number> {
  const { terminal, interrupted } = context;
  const log = pino({ level: settings.logLevel }, pino.destination({ dest: STANDARD_ERROR, sync: true }));
  const withSample = sampleIsDue(settings);
  let node: RunningNode;
  try {
    node = await startNode(settings, log);
  } catch (error) {
    log.error({ err: error }, "the node did not start");
    terminal.error(`stockgrid serve: the node did not start: ${reasonOf(error)}\n`);
    return EXIT_FAILED;
  }
  terminal.out(banner(settings, node, terminal));
  const sample = withSample ? await trySample(settings, node, context) : EXIT_DONE;
  const failure = await ended(node, interrupted);
  if (failure === undefined) return sample;
  terminal.error(`stockgrid serve: the node stopped: ${reasonOf(failure)}\n`);
  return EXIT_FAILED;
}

/** A sample that cannot be imported is reported and tried again at the next start; the node serves all the same. */
async function trySample(settings: Settings, node: RunningNode, { terminal, interrupted }: CommandContext): Promise<number> {
  try {
    const rows = await importSample(settings, node.httpUrl, terminal, interrupted);
    terminal.out(firstSteps(rows, node, settings, terminal));
  } catch (error) {
    if (interrupted.aborted) return EXIT_DONE;
    terminal.error(`stockgrid serve: the sample was not imported: ${reasonOf(error)}\n`);
  }
  return EXIT_DONE;
}

/** Waits for Ctrl-C or a failure, and stops cleanly. Resolves to the failure. */
async function ended(node: RunningNode, interrupted: AbortSignal): Promise<Error | undefined> {
  const asked = new Promise<"asked">((resolve) => {
    if (interrupted.aborted) resolve("asked");
    else interrupted.addEventListener("abort", () => resolve("asked"), { once: true });
  });
  const first = await Promise.race([asked, node.stopped]);
  if (first !== "asked") return first;
  await node.stop();
  return node.stopped;
}

function banner(settings: Settings, { httpUrl, natsUrl }: RunningNode, terminal: Terminal): string {
  const keys = settings.apiKeys.length;
  const rows = [
    ["  HTTP", httpUrl],
    ["  API docs", `${httpUrl}/docs`],
    ["  metrics", `${httpUrl}/metrics`],
    ["  NATS", natsUrl],
    ["  data", settings.dataDir],
    ["  access", keys === 0 ? "open, on this machine only" : `${keys} API ${keys === 1 ? "key" : "keys"}`],
  ];
  return `${paint(terminal, "green", "StockGrid is ready")} (node ${settings.nodeId}, cluster ${settings.cluster})\n${columns(rows)}`;
}

function firstSteps(rows: number, { httpUrl }: RunningNode, settings: Settings, terminal: Terminal): string {
  const { sku, location, name } = SAMPLE_PRODUCT;
  const key = settings.apiKeys.length === 0 ? "" : ` -H "authorization: Bearer $STOCKGRID_API_KEY"`;
  const body = JSON.stringify({ sku, location, quantity: 2 });
  return `
Imported the sample: ${rows} rows of a real web shop (sample/README.md). Reserve two of ${sku}, ${paint(terminal, "bold", name)}:

  curl ${httpUrl}/v1/reservations${key} -H 'content-type: application/json' -d '${body}'

Ctrl-C stops the node.
`;
}

function help(): string {
  const rows = settingHelp().map((row) => [`  ${row.flag}`, row.default, row.meaning.replaceAll("`", "")]);
  return `Usage: stockgrid serve [settings]

Runs a node: HTTP, NATS, the event feed, the journal and its store. Ctrl-C stops it cleanly, a second one at once.

Settings, with their defaults. Each is also a variable (--http-port: STOCKGRID_HTTP_PORT) and a key of the file that
--config, STOCKGRID_CONFIG or ./stockgrid.json names (httpPort). A flag wins over a variable, that over the file.
${columns(rows)}
Examples
  stockgrid serve --sample
  stockgrid serve --http-port 0 --data-dir /tmp/grid
  STOCKGRID_API_KEYS=shop:read+write:$(openssl rand -hex 16) stockgrid serve --http-host 0.0.0.0

Exit status: 0 stopped when asked, 1 failed, 2 wrong settings.
`;
}
