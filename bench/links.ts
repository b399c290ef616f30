/**
 * What it costs to bring a hold to the owner of its shard: in the own member, in another thread of the node, on another node over NATS.
 * The owner answers at once, so that this is the way there and back and nothing else.
 */

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { LocationId, Sku } from "../src/base/index.ts";
import { NatsLinks, ThreadHub, ThreadLinks } from "../src/links/index.ts";
import type { Reserve } from "../src/member/index.ts";
import { connectNats } from "../src/nats/index.ts";
import type { Router } from "../src/router/index.ts";
import { benchRouter, quietLog } from "./lib/link-router.ts";
import type { LinkWorkerData } from "./lib/link-worker.ts";
import { startBareNats } from "./lib/nats-server.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { formatSpread, type Spread, spreadOf } from "./lib/statistics.ts";
import { tempFolder } from "./lib/temp-folder.ts";

interface WayResult {
  /** One call at a time, microseconds there and back. */
  readonly aloneUs: Spread;
  /** Calls a second with {@link IN_FLIGHT} under way. */
  readonly perSecond: Spread;
}

export interface LinksResult {
  readonly own: WayResult;
  readonly thread: WayResult;
  readonly nats: WayResult;
  readonly inFlight: number;
}

const IN_FLIGHT = 128;
const HERE = "bench_n_0";
const OWNER = "bench_n_1";
const US_PER_MS = 1000;

export const section: Section<LinksResult> = { name: "links", title: "A call of another member", run, verdicts };

async function run({ quick, log }: BenchRun): Promise<LinksResult> {
  const calls = quick ? 20_000 : 200_000;
  const rounds = quick ? 2 : 5;
  const measure = async (name: string, router: Router): Promise<WayResult> => {
    await pipelined(router, calls / 4);
    const [alone, speeds]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      alone.push(await oneByOne(router, calls / 20));
      speeds.push(await pipelined(router, calls));
    }
    const result = { aloneUs: spreadOf(alone), perSecond: spreadOf(speeds) };
    log(`   ${name}: ${formatSpread(result.aloneUs)} us alone, ${formatSpread(result.perSecond)}/s with ${IN_FLIGHT} in flight`);
    return result;
  };
  const own = await measure("own member", ownRouter());
  const thread = await overThread((router) => measure("another thread", router));
  const nats = await overNats((router) => measure("over NATS", router));
  return { own, thread, nats, inFlight: IN_FLIGHT };
}

function ownRouter(): Router {
  const refused = { kind: "insufficient-stock", shortages: [] } as const;
  return benchRouter(HERE, new ThreadLinks(HERE), () => HERE, {
    serves: () => true,
    reserve: (_, done) => void setImmediate(() => done(refused)),
  });
}

const AWAY = { serves: () => false, reserve: () => undefined };

async function overThread<T>(use: (router: Router) => Promise<T>): Promise<T> {
  const worker = await startOwner({ lane: OWNER, natsUrl: undefined });
  const links = new ThreadLinks(HERE);
  const hub = new ThreadHub();
  hub.add(HERE, (peer, port) => links.connect(peer, port));
  hub.add(OWNER, (peer, port) => worker.postMessage({ peer, port }, [port]));
  const result = await use(benchRouter(HERE, links, () => OWNER, AWAY));
  links.close();
  await worker.terminate();
  return result;
}

async function overNats<T>(use: (router: Router) => Promise<T>): Promise<T> {
  await using folder = await tempFolder("links");
  const { server, url } = await startBareNats(folder.path);
  const worker = await startOwner({ lane: OWNER, natsUrl: url });
  const connection = await connectNats({ url, name: HERE, log: quietLog });
  const links = new NatsLinks(connection, HERE);
  const router = benchRouter(HERE, links, () => OWNER, AWAY);
  await links.ready();
  const result = await use(router);
  await connection.close();
  await worker.terminate();
  await server.stop();
  return result;
}

async function startOwner(workerData: LinkWorkerData): Promise<Worker> {
  const worker = new Worker(new URL("./lib/link-worker.ts", import.meta.url), { workerData });
  await once(worker, "message");
  return worker;
}

function hold(number: number): Reserve {
  const line = { sku: `BENCH-${number % 1000}` as Sku, location: "BENCH" as LocationId, quantity: 1 };
  return { lines: [line], mode: "all", ttlMs: 60_000, idempotency: { key: `key-${number}`, fingerprint: "fingerprint" } };
}

/** Microseconds a call. */
async function oneByOne(router: Router, calls: number): Promise<number> {
  const startedAt = performance.now();
  for (let i = 0; i < calls; i++) await reserved(router, i);
  return ((performance.now() - startedAt) * US_PER_MS) / calls;
}

function reserved(router: Router, number: number): Promise<void> {
  return new Promise((resolve, reject) => {
    router.reserve(hold(number), (result) => {
      if (result.kind === "fault") reject(new Error(`a hold was answered with ${result.code}: ${result.detail}`));
      else resolve();
    });
  });
}

/** Calls a second. */
async function pipelined(router: Router, calls: number): Promise<number> {
  const startedAt = performance.now();
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < calls) await reserved(router, next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
  return (calls * 1000) / (performance.now() - startedAt);
}

function verdicts({ own, thread, nats }: LinksResult): Verdict[] {
  const line = (what: string, { aloneUs, perSecond }: WayResult): Verdict => ({
    what: `a hold brought to ${what} and answered at once, ${IN_FLIGHT} in flight`,
    reach: "-",
    measured: `${formatSpread(perSecond)}/s; alone ${formatSpread(aloneUs)} µs`,
    reached: undefined,
  });
  return [line("the own member", own), line("another thread of the node", thread), line("another member over NATS", nats)];
}

await runWhenMain(section, import.meta.main);
