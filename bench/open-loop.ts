/** Open-loop HTTP: latency from the time a request was due, at 50 %, 80 % and 100 % of capacity, one hot SKU and many. */

import { formatMs, type ReservationLoad, type RunResult, runLoad } from "../src/loadgen/index.ts";
import { CAPACITY_CONNECTIONS, capacityOf, openTarget } from "./lib/capacity.ts";
import { startLoadedGrid } from "./lib/grid-process.ts";
import { MANY_SKUS, ONE_HOT_SKU } from "./lib/load-shape.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { tempFolder } from "./lib/temp-folder.ts";

export interface OpenLoopRun {
  readonly skus: number;
  /** Part of the capacity. */
  readonly share: number;
  readonly perSecond: number;
  readonly result: RunResult;
}

export interface OpenLoopResult {
  /** Accepted a second in a closed loop at 256 connections, many SKUs. */
  readonly capacityPerSecond: number;
  readonly connections: number;
  readonly runs: readonly OpenLoopRun[];
}

const SHARES = [0.5, 0.8, 1] as const;
const PATIENCE_MS = 10_000;
/** More than the closed loop needs, so that a late answer does not keep the next request from its time. */
const CONNECTIONS = 2 * CAPACITY_CONNECTIONS;

export const section: Section<OpenLoopResult> = { name: "open-loop", title: "HTTP reservations, open loop", run, verdicts };

async function run({ quick, log }: BenchRun): Promise<OpenLoopResult> {
  await using folder = await tempFolder("bench-open-loop");
  await using grid = await startLoadedGrid(folder.path);
  const { url } = grid.client;
  const capacityPerSecond = await capacityOf(url, MANY_SKUS, quick ? 1 : 5);
  log(`   capacity ${Math.round(capacityPerSecond)}/s`);
  const runs: OpenLoopRun[] = [];
  for (const load of [MANY_SKUS, ONE_HOT_SKU]) {
    for (const share of SHARES) {
      const perSecond = capacityPerSecond * share;
      const result = await openLoop(url, load, perSecond, quick ? 3 : 15);
      runs.push({ skus: load.skus, share, perSecond, result });
      log(`   ${load.skus} SKUs at ${share * 100} %: ${latencyText(result)}`);
    }
  }
  return { capacityPerSecond, connections: CONNECTIONS, runs };
}

async function openLoop(url: URL, load: ReservationLoad, perSecond: number, seconds: number): Promise<RunResult> {
  const target = await openTarget(url, load, CONNECTIONS);
  const schedule = { perSecond, rampSeconds: 1 };
  const result = await runLoad({ target, pace: { kind: "open", schedule, patienceMs: PATIENCE_MS }, seconds });
  await target.close();
  return result;
}

function latencyText({ accepted }: RunResult): string {
  const { p50Ms, p99Ms, p999Ms, maxMs } = accepted;
  return `p50 ${formatMs(p50Ms)}, p99 ${formatMs(p99Ms)}, p99.9 ${formatMs(p999Ms)}, max ${formatMs(maxMs)}`;
}

function verdicts({ runs }: OpenLoopResult): Verdict[] {
  return runs.map(({ skus, share, perSecond, result }) => ({
    what: `open loop, ${skus === 1 ? "one hot SKU" : `${skus} SKUs`}, ${share * 100} % of capacity (${Math.round(perSecond)}/s)`,
    reach: "-",
    measured: latencyText(result),
    reached: undefined,
  }));
}

await runWhenMain(section, import.meta.main);
