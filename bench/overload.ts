/** Twice the capacity for a minute: what is still accepted, how the rest is told, and whether memory stays flat. */

import { formatMs, type HttpAnswer, type RunResult, runLoad } from "../src/loadgen/index.ts";
import { capacityOf, openTarget } from "./lib/capacity.ts";
import { natsPidOf, type RunningGrid, startLoadedGrid } from "./lib/grid-process.ts";
import { MANY_SKUS } from "./lib/load-shape.ts";
import { memoryOf } from "./lib/process-usage.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { tempFolder } from "./lib/temp-folder.ts";

export interface MemorySample {
  readonly second: number;
  readonly gridRssMb: number;
  readonly gridRssAnonMb: number;
  readonly natsRssMb: number;
}

export interface OverloadResult {
  readonly capacityPerSecond: number;
  readonly offeredPerSecond: number;
  readonly connections: number;
  readonly result: RunResult;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly memory: readonly MemorySample[];
  /** Median of anonymous memory in the last quarter over that in the second quarter. */
  readonly memoryGrowth: number;
}

const CONNECTIONS = 2048;
/** A client does not wait longer than this for a connection. */
const PATIENCE_MS = 1000;
const ACCEPTED_SHARE = 0.9;
/** Anonymous memory may grow by so much and still count as flat: reservations made meanwhile are kept for a day. */
const GROWTH_MAX = 1.25;

export const section: Section<OverloadResult> = { name: "overload", title: "Twice the capacity for 60 s", run, verdicts };

async function run({ quick, log }: BenchRun): Promise<OverloadResult> {
  await using folder = await tempFolder("bench-overload");
  await using grid = await startLoadedGrid(folder.path);
  const capacityPerSecond = await capacityOf(grid.client.url, MANY_SKUS, quick ? 1 : 5);
  const offeredPerSecond = 2 * capacityPerSecond;
  log(`   capacity ${Math.round(capacityPerSecond)}/s, offering ${Math.round(offeredPerSecond)}/s`);
  const statuses: Record<string, number> = {};
  const memory: MemorySample[] = [];
  const target = await openTarget(grid.client.url, MANY_SKUS, CONNECTIONS, ({ status }: HttpAnswer) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  });
  const result = await runLoad({
    target,
    pace: { kind: "open", schedule: { perSecond: offeredPerSecond, rampSeconds: 0 }, patienceMs: PATIENCE_MS },
    seconds: quick ? 5 : 60,
    onSecond: ({ second }) => memory.push(memorySample(grid, second)),
  });
  await target.close();
  return {
    capacityPerSecond,
    offeredPerSecond,
    connections: CONNECTIONS,
    result,
    statuses,
    memory,
    memoryGrowth: growthOf(memory),
  };
}

function memorySample(grid: RunningGrid, second: number): MemorySample {
  const { rssMb, rssAnonMb } = memoryOf(grid.pid);
  return { second, gridRssMb: rssMb, gridRssAnonMb: rssAnonMb, natsRssMb: memoryOf(natsPidOf(grid)).rssMb };
}

function growthOf(memory: readonly MemorySample[]): number {
  const quarter = Math.max(1, memory.length >> 2);
  const median = (samples: readonly MemorySample[]): number =>
    samples.map((sample) => sample.gridRssAnonMb).toSorted((a, b) => a - b)[samples.length >> 1] ?? Number.NaN;
  return median(memory.slice(-quarter)) / median(memory.slice(quarter, 2 * quarter));
}

function verdicts({ capacityPerSecond, result, memoryGrowth }: OverloadResult): Verdict[] {
  const share = result.acceptedPerSecond / capacityPerSecond;
  const { counts, unsent, refused } = result;
  const answered = counts.rejected === 0 && counts.failed === 0;
  return [
    {
      what: "twice the capacity: accepted throughput, of capacity",
      reach: ACCEPTED_SHARE.toFixed(2),
      measured: share.toFixed(2),
      reached: share >= ACCEPTED_SHARE,
    },
    {
      what: "twice the capacity: the rest is refused with Retry-After at once",
      reach: "429 or 503, nothing else",
      measured: `${counts.refused} refused at p50 ${formatMs(refused.p50Ms)}, p99 ${formatMs(refused.p99Ms)}; ${counts.failed + counts.rejected} other answers; ${unsent} found no connection free for ${formatMs(PATIENCE_MS)}`,
      reached: answered && counts.refused > 0 && unsent === 0,
    },
    {
      what: "twice the capacity: memory, last quarter of the minute against the second",
      reach: `flat (at most ${GROWTH_MAX})`,
      measured: memoryGrowth.toFixed(2),
      reached: memoryGrowth <= GROWTH_MAX,
    },
  ];
}

await runWhenMain(section, import.meta.main);
