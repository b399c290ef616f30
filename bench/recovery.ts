/**
 * Ten million records: the time from start to ready after kill -9 with a tail of 100,000 events, and the memory of the
 * node with 100,000 of the records active.
 *
 * The records are written into the snapshot store directly, under the mark of a checkpoint that the grid itself took:
 * importing them would take an hour and measure something else.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ReservationLoad } from "../src/loadgen/index.ts";
import { callGrid } from "../src/loadgen/index.ts";
import { fillStore } from "./lib/fill-store.ts";
import { natsPidOf, type RunningGrid, startGrid } from "./lib/grid-process.ts";
import { reserveMany } from "./lib/nats-reserve.ts";
import { type Memory, memoryOf } from "./lib/process-usage.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { formatSpread, type Spread, spreadOf } from "./lib/statistics.ts";
import { tempFolder } from "./lib/temp-folder.ts";

export interface RecoveryResult {
  readonly records: number;
  readonly tailEvents: number;
  /** From the start of the process to the first good `/readyz`, one a round. */
  readonly readyMs: readonly number[];
  /** Of that, taking the lane and replaying the tail, as the grid's own log says. */
  readonly replayMs: readonly number[];
  /** Of the grid's process after the tail was made, with as many records active as the tail has events. */
  readonly memory: readonly Memory[];
}

const TTL_SECONDS = 86_400;
const ARRAY = 1000;
const READY_MS_REACH = 3000;
const RSS_MB_REACH = 1024;
const MS_PER_SECOND = 1000;

export const section: Section<RecoveryResult> = {
  name: "recovery",
  title: "Ten million records: recovery and memory",
  run,
  verdicts,
};

async function run({ quick, log }: BenchRun): Promise<RecoveryResult> {
  await using folder = await tempFolder("bench-recovery");
  const records = quick ? 200_000 : 10_000_000;
  const tailEvents = quick ? 10_000 : 100_000;
  const load: ReservationLoad = { skuPrefix: "R-", skus: tailEvents, location: "BENCH", ttlSeconds: TTL_SECONDS };
  await prepare(folder.path, load, records, log);
  const readyMs: number[] = [];
  const replayMs: number[] = [];
  const memory: Memory[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    memory.push(await crashWithTail(folder.path, load));
    const grid = await startGrid(folder.path);
    readyMs.push(grid.readyMs);
    replayMs.push(lastReplayMs(folder.path));
    log(`   ready after ${Math.round(grid.readyMs)} ms, of which replay ${replayMs.at(-1)} ms`);
    await grid.stop();
  }
  return { records, tailEvents, readyMs, replayMs, memory };
}

/** A grid that knows the location, stopped cleanly, and then the records under the checkpoint it left. */
async function prepare(folder: string, load: ReservationLoad, records: number, log: BenchRun["log"]): Promise<void> {
  const grid = await startGrid(folder);
  await callGrid(grid.client, "PUT", `/v1/locations/${load.location}`, { type: "virtual", name: "Load test" });
  await grid.stop();
  const startedAt = performance.now();
  await fillStore(join(folder, "grid"), load, records);
  log(`   ${records} records written in ${Math.round((performance.now() - startedAt) / MS_PER_SECOND)} s`);
}

/** Starts, reserves one unit of each of as many records as the tail has events, measures memory, kills grid and NATS server. */
async function crashWithTail(folder: string, load: ReservationLoad): Promise<Memory> {
  await using grid = await startGrid(folder);
  await reserveMany(grid, load, load.skus, ARRAY);
  const memory = memoryOf(grid.pid);
  await kill(grid);
  return memory;
}

async function kill(grid: RunningGrid): Promise<void> {
  const nats = natsPidOf(grid);
  await grid.stop("SIGKILL");
  process.kill(nats, "SIGKILL");
}

/** What the grid itself says of its start, in ms. */
function lastReplayMs(folder: string): number {
  const lines = readFileSync(join(folder, "grid.log"), "utf8").split("\n");
  const line = lines.findLast((each) => each.includes('"lane taken; serving"'));
  return line === undefined ? Number.NaN : Math.round((JSON.parse(line) as { readonly seconds: number }).seconds * MS_PER_SECOND);
}

function verdicts({ records, tailEvents, readyMs, replayMs, memory }: RecoveryResult): Verdict[] {
  const seconds: Spread = spreadOf(readyMs.map((ms) => ms / MS_PER_SECOND));
  const rss = spreadOf(memory.map(({ rssMb }) => rssMb));
  const anonymous = spreadOf(memory.map(({ rssAnonMb }) => rssAnonMb));
  const many = `${records.toLocaleString("en-US")} records`;
  return [
    {
      what: `${many}: start to ready after kill -9 with a tail of ${tailEvents.toLocaleString("en-US")} events`,
      reach: "3 s",
      measured: `${formatSpread(seconds, 2)} s, of which replay ${formatSpread(spreadOf(replayMs))} ms`,
      reached: seconds.median * MS_PER_SECOND <= READY_MS_REACH,
    },
    {
      what: `${many}: resident memory of the node with ${tailEvents.toLocaleString("en-US")} of them active`,
      reach: "1 GB",
      measured: `${formatSpread(rss)} MB, of which anonymous ${formatSpread(anonymous)} MB`,
      reached: rss.median <= RSS_MB_REACH,
    },
  ];
}

await runWhenMain(section, import.meta.main);
