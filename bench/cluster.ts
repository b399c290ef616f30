/**
 * What it costs to be several: a request that reaches a member which does not own its shard, and the CPU of a reservation with two members against one.
 *
 * Latency is measured under a steady load on all members, by requests sent to one member by name (`stockgrid.v1.at.<lane>`), for SKUs of its own shards and for
 * SKUs of another member's: in the same node, and in another.
 */

import { hash32, shardOfHash } from "../src/base/index.ts";
import {
  formatMs,
  type GridClient,
  loadStock,
  type ReservationLoad,
  reservationBody,
  runLoad,
  skuOf,
} from "../src/loadgen/index.ts";
import { closedHttp } from "./lib/closed-http.ts";
import { type RunningGrid, startGrid } from "./lib/grid-process.ts";
import { MANY_SKUS, UNITS_A_SKU } from "./lib/load-shape.ts";
import { feedSettled } from "./lib/metrics.ts";
import { NatsTarget } from "./lib/nats-load.ts";
import { clusterMapOf, type OwnersOfShards } from "./lib/owners.ts";
import { interleave } from "./lib/rounds.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { formatSpread, pairedRatio, spreadOf } from "./lib/statistics.ts";
import { tempFolder } from "./lib/temp-folder.ts";

interface Forwarded {
  /** p50 of requests for own shards and for another member's, ms, round by round. */
  readonly own: readonly number[];
  readonly other: readonly number[];
}

export interface ClusterResult {
  readonly thread: Forwarded;
  readonly nats: Forwarded;
  /** Microseconds of CPU a reservation, grid and nats-server, round by round. */
  readonly cpuOne: readonly number[];
  readonly cpuTwo: readonly number[];
}

const WINDOW = 8;
const CONNECTIONS = 64;

export const section: Section<ClusterResult> = { name: "cluster", title: "Several members", run, verdicts };

async function run({ quick, log }: BenchRun): Promise<ClusterResult> {
  const rounds = quick ? 1 : 5;
  const seconds = quick ? 1 : 2;
  const thread = await measureThreads(rounds, seconds);
  log(`   same node: own ${formatSpread(spreadOf(thread.own), 2)} ms, other ${formatSpread(spreadOf(thread.other), 2)} ms`);
  const nats = await measureNodes(rounds, seconds);
  log(`   other node: own ${formatSpread(spreadOf(nats.own), 2)} ms, other ${formatSpread(spreadOf(nats.other), 2)} ms`);
  const { one, two } = await measureCpu(quick ? 1 : 5, quick ? 2 : 6, log);
  return { thread, nats, cpuOne: one, cpuTwo: two };
}

/** Two members of one node. */
async function measureThreads(rounds: number, seconds: number): Promise<Forwarded> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempFolder("bench-cluster")).path;
  const grid = stack.use(await startGrid(folder, { STOCKGRID_MEMBERS: "2" }));
  await clusterMapOf(grid.natsUrl, 2);
  await loadStock(grid.client, MANY_SKUS, UNITS_A_SKU, "bench");
  return await forwarded(grid, rounds, seconds);
}

/** Two nodes with a member each; the second uses the NATS server of the first. */
async function measureNodes(rounds: number, seconds: number): Promise<Forwarded> {
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await startGrid(stack.use(await tempFolder("bench-cluster")).path, { STOCKGRID_NODE_ID: "one" }));
  const settings = { STOCKGRID_NODE_ID: "two", STOCKGRID_NATS_URL: first.natsUrl };
  stack.use(await startGrid(stack.use(await tempFolder("bench-cluster")).path, settings));
  await clusterMapOf(first.natsUrl, 2);
  await loadStock(first.client, MANY_SKUS, UNITS_A_SKU, "bench");
  return await forwarded(first, rounds, seconds);
}

async function forwarded(grid: RunningGrid, rounds: number, seconds: number): Promise<Forwarded> {
  const owners = await clusterMapOf(grid.natsUrl, 2);
  const [lane, other] = owners.lanes as [string, string];
  const contenders = [
    { name: "own", measure: () => p50At(grid, lane, bodiesOf(owners, lane), seconds) },
    { name: "other", measure: () => p50At(grid, lane, bodiesOf(owners, other), seconds) },
  ];
  const measured = await interleave(contenders, rounds, () => undefined);
  return { own: measured["own"] ?? [], other: measured["other"] ?? [] };
}

/** Bodies of single reservations whose SKU the lane owns. */
function bodiesOf({ shards, owners }: OwnersOfShards, lane: string): Uint8Array[] {
  const encoder = new TextEncoder();
  const bodies: Uint8Array[] = [];
  for (let index = 0; index < MANY_SKUS.skus; index++) {
    if (owners[shardOfHash(hash32(skuOf(MANY_SKUS, index)), shards)] === lane) {
      bodies.push(encoder.encode(reservationBody(MANY_SKUS, index)));
    }
  }
  return bodies;
}

async function p50At(grid: RunningGrid, lane: string, bodies: readonly Uint8Array[], seconds: number): Promise<number> {
  const target = await NatsTarget.open({
    url: grid.natsUrl,
    subject: `stockgrid.v1.at.${lane}.reservations.create`,
    window: WINDOW,
    payload: (index) => bodies[index % bodies.length] as Uint8Array,
  });
  const result = await runLoad({ target, pace: { kind: "closed", window: WINDOW }, seconds });
  await target.close();
  return result.accepted.p50Ms;
}

async function measureCpu(
  rounds: number,
  seconds: number,
  log: BenchRun["log"],
): Promise<{ readonly one: readonly number[]; readonly two: readonly number[] }> {
  await using stack = new AsyncDisposableStack();
  const start = async (members: string): Promise<RunningGrid> => {
    const grid = stack.use(await startGrid(stack.use(await tempFolder("bench-cluster")).path, { STOCKGRID_MEMBERS: members }));
    await clusterMapOf(grid.natsUrl, Number(members));
    await loadStock(grid.client, MANY_SKUS, UNITS_A_SKU, "bench");
    return grid;
  };
  const grids = { one: await start("1"), two: await start("2") };
  const contenders = Object.entries(grids).map(([name, grid]) => ({ name, measure: () => cpuOf(grid, MANY_SKUS, seconds) }));
  const measured = await interleave(contenders, rounds, (name, us) => log(`   ${name}: ${us.toFixed(1)} us CPU a reservation`));
  return { one: measured["one"] ?? [], two: measured["two"] ?? [] };
}

async function cpuOf(grid: RunningGrid, load: ReservationLoad, seconds: number): Promise<number> {
  const { client, pids } = grid;
  const url = (client satisfies GridClient).url;
  return (await closedHttp({ url, pids, settled: () => feedSettled(grid), load, connections: CONNECTIONS, seconds })).cpuUs;
}

function verdicts({ thread, nats, cpuOne, cpuTwo }: ClusterResult): Verdict[] {
  const cpu = pairedRatio(cpuTwo, cpuOne);
  return [
    addedVerdict("same node", thread, 0.2),
    addedVerdict("other node", nats, 0.6),
    {
      what: "CPU per reservation with 2 members against 1",
      reach: "at most 1.25",
      measured: `${formatSpread(cpu, 2)}: ${formatSpread(spreadOf(cpuTwo), 1)} us against ${formatSpread(spreadOf(cpuOne), 1)} us`,
      reached: cpu.median <= 1.25,
    },
  ];
}

function addedVerdict(where: string, { own, other }: Forwarded, reachMs: number): Verdict {
  const added = spreadOf(other.map((ms, round) => ms - (own[round] ?? 0)));
  return {
    what: `forwarded request, ${where}, added p50`,
    reach: `${reachMs} ms`,
    measured: `${formatSpread(added, 2)} ms: ${formatMs(spreadOf(other).median)} against ${formatMs(spreadOf(own).median)}`,
    reached: added.median <= reachMs,
  };
}

await runWhenMain(section, import.meta.main);
