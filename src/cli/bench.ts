/** `stockgrid bench`: loads a running grid over HTTP with stock of its own, gives everything back, and reports. */

import { randomBytes } from "node:crypto";
import {
  clearStock,
  formatResult,
  formatSecond,
  type GridClient,
  type HttpAnswer,
  HttpTarget,
  loadStock,
  type Pace,
  type ReservationLoad,
  type RunResult,
  releaseAll,
  reservationRequests,
  runLoad,
} from "../loadgen/index.ts";
import { MadeReservations } from "./bench-ids.ts";
import { BENCH_HELP, type BenchOptions, parseBenchOptions } from "./bench-options.ts";

const EXIT_DONE = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** An open loop gives a request up when no connection became free for so long. */
const PATIENCE_MS = 10_000;
const UNITS_A_SKU = 1_000_000_000;
const RELEASES_AT_ONCE = 32;
const CREATED = 201;

/** Where the command writes; a test gives its own. */
export interface BenchConsole {
  out(text: string): void;
  error(text: string): void;
}

const PROCESS_CONSOLE: BenchConsole = {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
};

/** Runs the command with the words after `bench`; resolves to the exit status. */
export async function runBenchCommand(argv: readonly string[], io: BenchConsole = PROCESS_CONSOLE): Promise<number> {
  const parsed = parseBenchOptions(argv, process.env);
  if (parsed.kind === "help") {
    io.out(BENCH_HELP);
    return EXIT_DONE;
  }
  if (parsed.kind === "wrong") {
    io.error(`stockgrid bench: ${parsed.message}\nstockgrid bench --help explains the options.\n`);
    return EXIT_USAGE;
  }
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once("SIGINT", onSignal);
  try {
    return await bench(parsed.options, io, interrupt.signal);
  } catch (error) {
    io.error(`stockgrid bench: ${reasonOf(error)}\n`);
    return EXIT_FAILED;
  } finally {
    process.off("SIGINT", onSignal);
  }
}

async function bench(options: BenchOptions, io: BenchConsole, signal: AbortSignal): Promise<number> {
  const runId = `bench-${randomBytes(6).toString("hex")}`;
  const load: ReservationLoad = options;
  const client = clientOf(options);
  io.error(`loading stock of ${options.skus} SKUs at ${options.location}\n`);
  await loadStock(client, load, UNITS_A_SKU, runId);
  const made = new MadeReservations();
  try {
    const result = await measure(options, client, made, io, signal);
    io.out(
      options.json ? `${JSON.stringify({ options: publicOptions(options), result }, undefined, 2)}\n` : formatResult(result),
    );
    return result.counts.failed + result.unanswered > 0 ? EXIT_FAILED : EXIT_DONE;
  } finally {
    await giveBack(client, load, made, runId, io);
  }
}

async function measure(
  options: BenchOptions,
  client: GridClient,
  made: MadeReservations,
  io: BenchConsole,
  signal: AbortSignal,
): Promise<RunResult> {
  const requests = reservationRequests(options, options.url, client.headers);
  const target = await HttpTarget.open({
    url: options.url,
    connections: options.connections,
    request: (index) => requests[index % requests.length] as Buffer,
    onAnswer: (answer: HttpAnswer) => {
      if (answer.status === CREATED) made.note(answer.body);
    },
  });
  try {
    const onSecond = (sample: Parameters<typeof formatSecond>[0]): void => io.error(`${formatSecond(sample)}\n`);
    return await runLoad({ target, pace: paceOf(options), seconds: options.durationSeconds, signal, onSecond });
  } finally {
    await target.close();
    for (const [message, count] of target.errors) io.error(`${count} connections lost: ${message}\n`);
  }
}

function paceOf(options: BenchOptions): Pace {
  if (options.rate === undefined) return { kind: "closed", window: options.connections };
  const schedule = { perSecond: options.rate, rampSeconds: options.rampSeconds };
  return { kind: "open", schedule, patienceMs: PATIENCE_MS };
}

async function giveBack(
  client: GridClient,
  load: ReservationLoad,
  made: MadeReservations,
  runId: string,
  io: BenchConsole,
): Promise<void> {
  io.error(`releasing ${made.ids.length} reservations; Ctrl-C leaves them to expire\n`);
  await releaseAll(client, made.ids, RELEASES_AT_ONCE);
  await clearStock(client, load, runId);
  if (made.beyond > 0) io.error(`${made.beyond} more reservations were made than are remembered; they expire on their own\n`);
}

function clientOf({ url, apiKey }: BenchOptions): GridClient {
  return { url, headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` } };
}

/** What a report may show: everything but the key. */
function publicOptions({ apiKey: _apiKey, url, ...rest }: BenchOptions): object {
  return { url: url.href, ...rest };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
