/** The options of `stockgrid bench`: what they mean, their bounds, and the text that teaches them. */

import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly url: URL;
  readonly apiKey: string | undefined;
  readonly connections: number;
  /** Requests a second of an open loop; undefined for a closed one. */
  readonly rate: number | undefined;
  readonly rampSeconds: number;
  readonly durationSeconds: number;
  readonly skus: number;
  readonly skuPrefix: string;
  readonly location: string;
  readonly ttlSeconds: number;
  readonly json: boolean;
}

export type ParsedBench =
  | { readonly kind: "run"; readonly options: BenchOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

export const BENCH_HELP = `Usage: stockgrid bench --url <http://host:port> [options]

Loads a running grid with reservations of one unit and reports throughput and latency.
It brings its own stock: SKUs under a prefix at a location of its own are received before the
load and are released and counted to zero after it. Nothing else on the grid is touched, but the
grid, its journal and its event feed do the work: think before pointing it at production.

  Closed loop (no --rate): every connection sends its next request when the last one is answered.
  Shows the most the grid can do.
  Open loop (--rate): requests are due at a fixed rate whatever the grid does, and latency counts
  from the time a request was due. Shows what customers feel at that rate.

Options
  --url <url>           the grid to load, http or https (required)
  --api-key <key>       a key with the scope admin, since it makes a location; default: $STOCKGRID_API_KEY
  --connections <n>     keep-alive connections, 1 to 16384 (64)
  --rate <n>            requests a second, makes it an open loop
  --ramp <seconds>      grow from nothing to --rate over this time (0)
  --duration <seconds>  length of the load, ramp included (30)
  --skus <n>            SKUs the load goes over in turn, 1 to 100000; 1 is one hot SKU (1000)
  --sku-prefix <text>   SKUs are <prefix>0, <prefix>1, ... (BENCH-)
  --location <id>       location made for the load (BENCH)
  --ttl <seconds>       after which a hold that could not be released expires (300)
  --json                print the result as JSON on standard output; progress goes to standard error
  --help                this text

Ctrl-C ends the load, cleans up and reports. Again: leaves at once, and the holds expire.
Exit status: 0 done, 1 the grid could not be loaded, or requests failed, 2 wrong options.

Examples
  stockgrid bench --url http://127.0.0.1:8080
  stockgrid bench --url https://grid.example --rate 2000 --ramp 30 --duration 300 --json > run.json
  stockgrid bench --url http://127.0.0.1:8080 --skus 1 --connections 256 --duration 10
`;

const CONNECTIONS_MAX = 16_384;
const SKUS_MAX = 100_000;
const RATE_MAX = 1_000_000;
const SECONDS_MAX = 604_800;

const FLAGS = {
  url: { type: "string" },
  "api-key": { type: "string" },
  connections: { type: "string", default: "64" },
  rate: { type: "string" },
  ramp: { type: "string", default: "0" },
  duration: { type: "string", default: "30" },
  skus: { type: "string", default: "1000" },
  "sku-prefix": { type: "string", default: "BENCH-" },
  location: { type: "string", default: "BENCH" },
  ttl: { type: "string", default: "300" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

class WrongOption extends Error {}

/** Reads the words after `stockgrid bench`. */
export function parseBenchOptions(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): ParsedBench {
  try {
    const { values } = parseArgs({ args: [...argv], options: FLAGS, allowPositionals: false });
    return values.help ? { kind: "help" } : { kind: "run", options: optionsOf(values, env["STOCKGRID_API_KEY"]) };
  } catch (error) {
    if (error instanceof WrongOption || error instanceof TypeError) return { kind: "wrong", message: error.message };
    throw error;
  }
}

type FlagValues = ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>["values"];

function optionsOf(values: FlagValues, keyFromEnvironment: string | undefined): BenchOptions {
  const durationSeconds = numberOf("--duration", values.duration, 1, SECONDS_MAX);
  const rate = values.rate === undefined ? undefined : numberOf("--rate", values.rate, 1, RATE_MAX);
  const rampSeconds = numberOf("--ramp", values.ramp, 0, durationSeconds);
  if (rampSeconds > 0 && rate === undefined) throw new WrongOption("--ramp needs --rate: a closed loop has no rate to grow to");
  return {
    url: urlOf(values.url),
    apiKey: values["api-key"] ?? keyFromEnvironment,
    connections: wholeOf("--connections", values.connections, 1, CONNECTIONS_MAX),
    rate,
    rampSeconds,
    durationSeconds,
    skus: wholeOf("--skus", values.skus, 1, SKUS_MAX),
    skuPrefix: values["sku-prefix"],
    location: values.location,
    ttlSeconds: wholeOf("--ttl", values.ttl, 1, SECONDS_MAX),
    json: values.json,
  };
}

function urlOf(text: string | undefined): URL {
  if (text === undefined) throw new WrongOption("--url is missing, for example --url http://127.0.0.1:8080");
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new WrongOption(`--url must be an http or https address, not "${text}"`);
  return url;
}

function numberOf(flag: string, text: string, least: number, most: number): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= least && value <= most))
    throw new WrongOption(`${flag} must be a number from ${least} to ${most}, not "${text}"`);
  return value;
}

function wholeOf(flag: string, text: string, least: number, most: number): number {
  const value = numberOf(flag, text, least, most);
  if (!Number.isInteger(value)) throw new WrongOption(`${flag} must be a whole number, not "${text}"`);
  return value;
}
