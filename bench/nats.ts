/** Closed-loop NATS: reservations one per message and in arrays of 100 against a bare echo responder. */

import { type RunResult, runLoad } from "../src/loadgen/index.ts";
import { startLoadedGrid } from "./lib/grid-process.ts";
import { MANY_SKUS } from "./lib/load-shape.ts";
import { feedSettled } from "./lib/metrics.ts";
import { NatsTarget } from "./lib/nats-load.ts";
import { arraysOf, CREATE_SUBJECT, hasProblem } from "./lib/nats-reserve.ts";
import { startEcho } from "./lib/nats-server.ts";
import { cpuMs } from "./lib/process-usage.ts";
import { interleave, type Rounds } from "./lib/rounds.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { formatSpread, pairedRatio, spreadOf } from "./lib/statistics.ts";
import { tempFolder } from "./lib/temp-folder.ts";

export interface NatsSample {
  /** Items a second: reservations, or echoes. */
  readonly perSecond: number;
  /** Messages that did not end as accepted. */
  readonly others: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of all server processes for one item. */
  readonly cpuUs: number;
}

export interface NatsResult {
  readonly rounds: Rounds<NatsSample>;
}

interface NatsContender {
  readonly name: string;
  readonly url: string;
  readonly subject: string;
  readonly window: number;
  /** Items in one message. */
  readonly items: number;
  readonly pids: readonly number[];
  readonly settled?: () => Promise<void>;
}

const ONE = "grid, one per message";
const HUNDRED = "grid, arrays of 100";
const ECHO = "bare echo";
const WINDOW = 256;
/** Arrays under way: 1,600 reservations. */
const ARRAY_WINDOW = 16;
const ARRAY_LENGTH = 100;
const US_PER_MS = 1000;

export const section: Section<NatsResult> = { name: "nats", title: "NATS reservations, closed loop", run, verdicts };

async function run({ quick, log }: BenchRun): Promise<NatsResult> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempFolder("bench-nats")).path;
  const grid = stack.use(await startLoadedGrid(folder));
  const echo = stack.use(await startEcho(folder));
  const ofGrid = { url: grid.natsUrl, subject: CREATE_SUBJECT, pids: grid.pids, settled: () => feedSettled(grid) };
  const contenders: readonly NatsContender[] = [
    { ...ofGrid, name: ONE, window: WINDOW, items: 1 },
    { name: ECHO, url: echo.url, subject: echo.subject, pids: echo.pids, window: WINDOW, items: 1 },
    { ...ofGrid, name: HUNDRED, window: ARRAY_WINDOW, items: ARRAY_LENGTH },
  ];
  for (const contender of contenders) await measure(contender, quick ? 1 : 3);
  const measured = contenders.map((contender) => ({ name: contender.name, measure: () => measure(contender, quick ? 2 : 7) }));
  const rounds = await interleave(measured, quick ? 1 : 3, (name, { perSecond, p99Ms, cpuUs, others }) =>
    log(`   ${name}: ${Math.round(perSecond)}/s, p99 ${p99Ms.toFixed(2)} ms, ${cpuUs.toFixed(1)} us CPU, ${others} others`),
  );
  return { rounds };
}

async function measure(contender: NatsContender, seconds: number): Promise<NatsSample> {
  const payloads = arraysOf(MANY_SKUS, contender.items);
  const target = await NatsTarget.open({
    ...contender,
    payload: (index) => payloads[index % payloads.length] as Uint8Array,
    ...(contender.items > 1 ? { judge: ({ data }) => (hasProblem(data) ? "failed" : "accepted") } : {}),
  });
  const cpuBefore = cpuMs(contender.pids);
  const result = await runLoad({ target, pace: { kind: "closed", window: contender.window }, seconds });
  await target.close();
  await contender.settled?.();
  const cpu = cpuMs(contender.pids) - cpuBefore;
  return sampleOf(result, contender.items, cpu);
}

function sampleOf(result: RunResult, items: number, cpu: number): NatsSample {
  const { counts } = result;
  return {
    perSecond: result.acceptedPerSecond * items,
    others: result.offered - counts.accepted,
    p50Ms: result.accepted.p50Ms,
    p99Ms: result.accepted.p99Ms,
    cpuUs: (cpu * US_PER_MS) / (counts.accepted * items),
  };
}

function verdicts({ rounds }: NatsResult): Verdict[] {
  const speeds = (name: string): number[] => (rounds[name] ?? []).map((sample) => sample.perSecond);
  const ratio = pairedRatio(speeds(ONE), speeds(ECHO));
  const hundred = spreadOf(speeds(HUNDRED));
  return [
    {
      what: `NATS reservations, one per message, window ${WINDOW}, of the bare echo`,
      reach: "0.50",
      measured: `${formatSpread(ratio, 2)}: ${formatSpread(spreadOf(speeds(ONE)))} against ${formatSpread(spreadOf(speeds(ECHO)))}/s`,
      reached: ratio.median >= 0.5,
    },
    {
      what: "NATS reservations/s in arrays of 100",
      reach: "100,000 or more",
      measured: formatSpread(hundred),
      reached: hundred.median >= 100_000,
    },
  ];
}

await runWhenMain(section, import.meta.main);
