/** Closed-loop HTTP: the grid against bare Fastify, Fastify + Redis and Fastify + PostgreSQL at 64 and 256 connections. */

import type { ReservationLoad } from "../src/loadgen/index.ts";
import { formatMs } from "../src/loadgen/index.ts";
import { type ClosedResult, closedHttp } from "./lib/closed-http.ts";
import { startLoadedGrid } from "./lib/grid-process.ts";
import { MANY_SKUS, ONE_HOT_SKU } from "./lib/load-shape.ts";
import { feedSettled } from "./lib/metrics.ts";
import { fastifyPostgres, fastifyRedis, startBareFastify } from "./lib/peer-servers.ts";
import { interleave, type Rounds } from "./lib/rounds.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { formatSpread, pairedRatio, spreadOf } from "./lib/statistics.ts";
import { tempFolder } from "./lib/temp-folder.ts";

export interface HttpCase {
  readonly connections: number;
  readonly skus: number;
  readonly rounds: Rounds<ClosedResult>;
}

export interface HttpResult {
  readonly cases: readonly HttpCase[];
  /** Peers that were not measured, and why. */
  readonly skipped: readonly string[];
}

interface HttpServer {
  readonly name: string;
  readonly url: URL;
  readonly pids: readonly number[];
  readonly settled?: () => Promise<void>;
}

const SHAPES: readonly { readonly connections: number; readonly load: ReservationLoad }[] = [
  { connections: 64, load: MANY_SKUS },
  { connections: 256, load: MANY_SKUS },
  { connections: 64, load: ONE_HOT_SKU },
];

export const GRID = "grid";
export const BARE = "fastify";
export const REDIS = "fastify+redis";
export const POSTGRES = "fastify+postgres";

export const section: Section<HttpResult> = { name: "http", title: "HTTP reservations, closed loop", run, verdicts };

async function run({ quick, log }: BenchRun): Promise<HttpResult> {
  await using stack = new AsyncDisposableStack();
  const { servers, skipped } = await startServers(stack, log);
  const seconds = quick ? 2 : 7;
  for (const server of servers) await measureServer(server, SHAPES[0] as (typeof SHAPES)[0], quick ? 1 : 4);
  const cases: HttpCase[] = [];
  for (const shape of SHAPES) {
    const contenders = servers.map((server) => ({ name: server.name, measure: () => measureServer(server, shape, seconds) }));
    const rounds = await interleave(contenders, quick ? 1 : 3, (name, { perSecond, latency, cpuUs, others }) =>
      log(
        `   ${shape.connections} connections, ${shape.load.skus} SKUs, ${name}: ${Math.round(perSecond)}/s, p99 ${formatMs(latency.p99Ms)}, ` +
          `${cpuUs.toFixed(1)} us CPU, ${others} other answers`,
      ),
    );
    cases.push({ connections: shape.connections, skus: shape.load.skus, rounds });
  }
  return { cases, skipped };
}

function measureServer(server: HttpServer, shape: (typeof SHAPES)[number], seconds: number): Promise<ClosedResult> {
  const { url, pids, settled } = server;
  return closedHttp({ url, pids, settled, load: shape.load, connections: shape.connections, seconds });
}

async function startServers(
  stack: AsyncDisposableStack,
  log: BenchRun["log"],
): Promise<{ readonly servers: readonly HttpServer[]; readonly skipped: readonly string[] }> {
  const folder = stack.use(await tempFolder("bench-http")).path;
  const grid = stack.use(await startLoadedGrid(folder));
  const servers: HttpServer[] = [
    { name: GRID, url: grid.client.url, pids: grid.pids, settled: () => feedSettled(grid) },
    { name: BARE, ...stack.use(await startBareFastify()) },
  ];
  const skipped: string[] = [];
  for (const [name, start] of [
    [REDIS, fastifyRedis()],
    [POSTGRES, fastifyPostgres()],
  ] as const) {
    if ("missing" in start) {
      skipped.push(`${name}: ${start.missing}`);
      log(`   skipped ${name}: ${start.missing}`);
    } else servers.push({ name, ...stack.use(await start(folder)) });
  }
  return { servers, skipped };
}

function verdicts({ cases, skipped }: HttpResult): Verdict[] {
  const caseOf = (connections: number, skus: number): HttpCase | undefined =>
    cases.find((each) => each.connections === connections && each.skus === skus);
  const at64 = caseOf(64, MANY_SKUS.skus);
  const at256 = caseOf(256, MANY_SKUS.skus);
  return [
    ...(at256 ? [throughputVerdict(at256, 0.85), cpuVerdict(at256)] : []),
    ...(at64 ? [throughputVerdict(at64, 0.65), ...[REDIS, POSTGRES].flatMap((peer) => aheadVerdict(at64, peer, skipped))] : []),
  ];
}

function throughputVerdict({ connections, rounds }: HttpCase, reach: number): Verdict {
  const ratio = pairedRatio(numbers(rounds, GRID, "perSecond"), numbers(rounds, BARE, "perSecond"));
  const perSecond = spreadOf(numbers(rounds, GRID, "perSecond"));
  return {
    what: `HTTP reservations/s, ${connections} connections, of bare Fastify`,
    reach: reach.toFixed(2),
    measured: `${formatSpread(ratio, 2)}: ${formatSpread(perSecond)} reservations/s`,
    reached: ratio.median >= reach,
  };
}

function cpuVerdict({ connections, rounds }: HttpCase): Verdict {
  const ratio = pairedRatio(numbers(rounds, GRID, "cpuUs"), numbers(rounds, BARE, "cpuUs"));
  return {
    what: `CPU time per reservation, grid + nats-server, ${connections} connections, of bare Fastify's`,
    reach: "at most 1.6",
    measured: `${formatSpread(ratio, 2)}: ${formatSpread(spreadOf(numbers(rounds, GRID, "cpuUs")), 1)} us`,
    reached: ratio.median <= 1.6,
  };
}

function aheadVerdict({ connections, rounds }: HttpCase, peer: string, skipped: readonly string[]): Verdict[] {
  const what = `against ${peer}, ${connections} connections: throughput and p99`;
  const reach = "ahead in both";
  if (rounds[peer] === undefined) {
    return [{ what, reach, measured: skipped.find((line) => line.startsWith(peer)) ?? "skipped", reached: undefined }];
  }
  const speed = pairedRatio(numbers(rounds, GRID, "perSecond"), numbers(rounds, peer, "perSecond"));
  const p99 = (name: string): number => spreadOf((rounds[name] ?? []).map((sample) => sample.latency.p99Ms)).median;
  const measured = `${formatSpread(speed, 2)} times as many; p99 ${formatMs(p99(GRID))} against ${formatMs(p99(peer))}`;
  return [{ what, reach, measured, reached: speed.median > 1 && p99(GRID) < p99(peer) }];
}

function numbers(rounds: Rounds<ClosedResult>, name: string, field: "perSecond" | "cpuUs"): number[] {
  return (rounds[name] ?? []).map((sample) => sample[field]);
}

await runWhenMain(section, import.meta.main);
