/** One SKU with a million live holds against one with ten: latency of the next reservation, in interleaved rounds. */

import { formatMs, loadStock, type ReservationLoad, type RunResult, runLoad } from "../src/loadgen/index.ts";
import { openTarget } from "./lib/capacity.ts";
import { startGrid } from "./lib/grid-process.ts";
import { UNITS_A_SKU } from "./lib/load-shape.ts";
import { reserveMany } from "./lib/nats-reserve.ts";
import { interleave, type Rounds } from "./lib/rounds.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { formatSpread, pairedRatio } from "./lib/statistics.ts";
import { tempFolder } from "./lib/temp-folder.ts";

export interface HotSkuResult {
  readonly holds: number;
  readonly perSecond: number;
  readonly rounds: Rounds<RunResult>;
}

const MILLION = "a million holds";
const TEN = "ten holds";
const ARRAY = 1000;
const CONNECTIONS = 64;
const PER_SECOND = 3000;
const PATIENCE_MS = 10_000;
/** Long enough that no hold ends during the benchmark. */
const TTL_SECONDS = 86_400;
/** Latencies of the same thing measured twice on a shared machine differ by about this much. */
const SAME = 1.15;

export const section: Section<HotSkuResult> = { name: "hot-sku", title: "One SKU with 1,000,000 live holds", run, verdicts };

async function run({ quick, log }: BenchRun): Promise<HotSkuResult> {
  await using folder = await tempFolder("bench-hot-sku");
  await using grid = await startGrid(folder.path);
  const hot: ReservationLoad = { skuPrefix: "HOT-", skus: 1, location: "BENCH", ttlSeconds: TTL_SECONDS };
  const holds = quick ? 20_000 : 1_000_000;
  await loadStock(grid.client, hot, UNITS_A_SKU, "hot");
  await reserveMany(grid, hot, holds, ARRAY);
  log(`   ${holds} holds made`);
  let fresh = 0;
  /** A SKU that has ten holds when the round begins. */
  const freshSku = async (): Promise<ReservationLoad> => {
    const load = { ...hot, skuPrefix: `TEN-${fresh++}-` };
    await loadStock(grid.client, load, UNITS_A_SKU, "ten");
    await reserveMany(grid, load, 10, 10);
    return load;
  };
  const seconds = quick ? 2 : 6;
  const measure = async (load: ReservationLoad): Promise<RunResult> => {
    const target = await openTarget(grid.client.url, load, CONNECTIONS);
    const pace = { kind: "open", schedule: { perSecond: PER_SECOND, rampSeconds: 0 }, patienceMs: PATIENCE_MS } as const;
    const result = await runLoad({ target, pace, seconds });
    await target.close();
    return result;
  };
  await measure(await freshSku());
  const contenders = [
    { name: MILLION, measure: () => measure(hot) },
    { name: TEN, measure: async () => measure(await freshSku()) },
  ];
  const rounds = await interleave(contenders, quick ? 1 : 5, (name, { accepted }) =>
    log(`   ${name}: p50 ${formatMs(accepted.p50Ms)}, p99 ${formatMs(accepted.p99Ms)}, max ${formatMs(accepted.maxMs)}`),
  );
  return { holds, perSecond: PER_SECOND, rounds };
}

function verdicts({ rounds, holds }: HotSkuResult): Verdict[] {
  const latencies = (name: string, field: "p50Ms" | "p99Ms"): number[] =>
    (rounds[name] ?? []).map(({ accepted }) => accepted[field]);
  const p50 = pairedRatio(latencies(MILLION, "p50Ms"), latencies(TEN, "p50Ms"));
  const p99 = pairedRatio(latencies(MILLION, "p99Ms"), latencies(TEN, "p99Ms"));
  return [
    {
      what: `one SKU with ${holds.toLocaleString("en-US")} live holds: latency against one with ten`,
      reach: `the same (median ratio of p50 at most ${SAME})`,
      measured: `p50 ${formatSpread(p50, 2)}, p99 ${formatSpread(p99, 2)} times`,
      reached: p50.median <= SAME,
    },
  ];
}

await runWhenMain(section, import.meta.main);
