/**
 * Twice the capacity for a minute, over HTTP and over NATS: what is still accepted, how the rest is told, and whether
 * memory stays flat.
 *
 * More requests may be under way than the grid lets wait, so that it has to refuse; a pool of few connections would hold
 * the load back by itself and prove nothing.
 */

import { formatMs, type Outcome, type RunResult, runLoad, type Target } from "../src/loadgen/index.ts";
import { capacityOf, openTarget } from "./lib/capacity.ts";
import { natsPidOf, type RunningGrid, startLoadedGrid } from "./lib/grid-process.ts";
import { MANY_SKUS } from "./lib/load-shape.ts";
import { NatsTarget } from "./lib/nats-load.ts";
import { arraysOf, CREATE_SUBJECT } from "./lib/nats-reserve.ts";
import { memoryOf } from "./lib/process-usage.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { tempFolder } from "./lib/temp-folder.ts";

export interface MemorySample {
  readonly second: number;
  readonly gridRssMb: number;
  readonly gridRssAnonMb: number;
  readonly natsRssMb: number;
}

export interface OverloadRun {
  readonly api: "HTTP" | "NATS";
  readonly capacityPerSecond: number;
  readonly offeredPerSecond: number;
  /** Requests that may be under way at once. */
  readonly underWayMax: number;
  readonly result: RunResult;
  readonly memory: readonly MemorySample[];
  /** Median of anonymous memory in the last quarter over that in the second quarter. */
  readonly memoryGrowth: number;
}

export interface OverloadResult {
  readonly runs: readonly OverloadRun[];
}

/** The grid lets 10,000 commands wait; both ends of 12,000 connections fit the usual limit of 20,000 files a process. */
const HTTP_CONNECTIONS = 12_000;
const NATS_WINDOW = 50_000;
const NATS_CAPACITY_WINDOW = 256;
/** A client does not wait longer than this to be able to send. */
const PATIENCE_MS = 1000;
const ACCEPTED_SHARE = 0.9;
/** A refusal within this time is "at once". */
const AT_ONCE_MS = 1000;
/** Anonymous memory may grow by so much and still count as flat: the reservations made are kept, partly in memory. */
const GROWTH_MAX = 1.25;

export const section: Section<OverloadResult> = { name: "overload", title: "Twice the capacity for 60 s", run, verdicts };

async function run({ quick, log }: BenchRun): Promise<OverloadResult> {
  const runs: OverloadRun[] = [];
  for (const overload of [overloadHttp, overloadNats]) {
    await using folder = await tempFolder("bench-overload");
    await using grid = await startLoadedGrid(folder.path);
    const done = await overload(grid, quick);
    const { api, capacityPerSecond, result } = done;
    log(
      `   ${api}: capacity ${Math.round(capacityPerSecond)}/s, accepted ${Math.round(result.acceptedPerSecond)}/s, ${JSON.stringify(result.counts)}`,
    );
    runs.push(done);
  }
  return { runs };
}

async function overloadHttp(grid: RunningGrid, quick: boolean): Promise<OverloadRun> {
  const { url } = grid.client;
  const capacityPerSecond = await capacityOf(url, MANY_SKUS, quick ? 1 : 5);
  const target = await openTarget(url, MANY_SKUS, HTTP_CONNECTIONS);
  return overload(grid, "HTTP", target, capacityPerSecond, HTTP_CONNECTIONS, quick);
}

async function overloadNats(grid: RunningGrid, quick: boolean): Promise<OverloadRun> {
  const target = await natsTarget(grid, NATS_WINDOW);
  const pace = { kind: "closed", window: NATS_CAPACITY_WINDOW } as const;
  await runLoad({ target, pace, seconds: quick ? 1 : 5 });
  const { acceptedPerSecond } = await runLoad({ target, pace, seconds: quick ? 2 : 10 });
  return overload(grid, "NATS", target, acceptedPerSecond, NATS_WINDOW, quick);
}

function natsTarget(grid: RunningGrid, window: number): Promise<NatsTarget> {
  const payloads = arraysOf(MANY_SKUS, 1);
  const payload = (index: number): Uint8Array => payloads[index % payloads.length] as Uint8Array;
  return NatsTarget.open({ url: grid.natsUrl, subject: CREATE_SUBJECT, window, payload });
}

async function overload(
  grid: RunningGrid,
  api: OverloadRun["api"],
  target: Target,
  capacityPerSecond: number,
  underWayMax: number,
  quick: boolean,
): Promise<OverloadRun> {
  const offeredPerSecond = 2 * capacityPerSecond;
  const memory: MemorySample[] = [];
  const result = await runLoad({
    target,
    pace: { kind: "open", schedule: { perSecond: offeredPerSecond, rampSeconds: 0 }, patienceMs: PATIENCE_MS },
    seconds: quick ? 5 : 60,
    onSecond: ({ second }) => memory.push(memorySample(grid, second)),
  });
  await target.close();
  return { api, capacityPerSecond, offeredPerSecond, underWayMax, result, memory, memoryGrowth: growthOf(memory) };
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

function verdicts({ runs }: OverloadResult): Verdict[] {
  return runs.flatMap(({ api, capacityPerSecond, result, memoryGrowth }) => [
    acceptedVerdict(api, result.acceptedPerSecond, capacityPerSecond),
    refusalVerdict(api, result),
    {
      what: `twice the capacity over ${api}: memory, last quarter of the minute against the second`,
      reach: `flat (at most ${GROWTH_MAX})`,
      measured: memoryGrowth.toFixed(2),
      reached: memoryGrowth <= GROWTH_MAX,
    },
  ]);
}

function acceptedVerdict(api: string, perSecond: number, capacityPerSecond: number): Verdict {
  const share = perSecond / capacityPerSecond;
  return {
    what: `twice the capacity over ${api}: accepted throughput, of capacity`,
    reach: ACCEPTED_SHARE.toFixed(2),
    measured: `${share.toFixed(2)}: ${Math.round(perSecond)} of ${Math.round(capacityPerSecond)}/s`,
    reached: share >= ACCEPTED_SHARE,
  };
}

function refusalVerdict(api: string, { counts, unsent, unanswered, refused }: RunResult): Verdict {
  const others = countOf(counts, ["rejected", "failed"]) + unanswered;
  return {
    what: `twice the capacity over ${api}: the rest is refused with Retry-After at once`,
    reach: "429 or 503, nothing else",
    measured:
      `${counts.refused} refused at p50 ${formatMs(refused.p50Ms)}, p99 ${formatMs(refused.p99Ms)}; ` +
      `${others} other or no answers; ${unsent} could not be sent within ${formatMs(PATIENCE_MS)}`,
    reached: others === 0 && counts.refused > 0 && unsent === 0 && refused.p99Ms <= AT_ONCE_MS,
  };
}

function countOf(counts: RunResult["counts"], outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, outcome) => sum + counts[outcome], 0);
}

await runWhenMain(section, import.meta.main);
